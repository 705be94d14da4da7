/** The fuzzer for a moment, so that it runs with every `npm test`; `npm run fuzz` takes its time. */
import { describe, expect, it } from 'vitest';
import { KubepkiError } from '../../src/errors.ts';
import { seeded, seededWith } from '../seeded.ts';
import { survives } from '../x509/support.ts';
import { listNodes, parseTree, writeTree } from './der-tree.ts';
import { Fuzzer } from './fuzzer.ts';
import { mutateBytes, mutateDer } from './mutate.ts';
import { mutateText } from './mutate-text.ts';
import { Random } from './random.ts';
import { READERS } from './readers.ts';

const { seed } = seeded('fuzz');

/** As many inputs as take about a fifth of a second. */
const EXECUTIONS: Readonly<Record<string, number>> = {
  'proxy-header': 3000,
  der: 400,
  pem: 1500,
  certificate: 700,
  csr: 900,
  name: 400,
  key: 500,
  'encrypted-key': 300,
  crl: 900,
  pkcs12: 150,
  token: 1500,
  handshake: 1000,
  protobuf: 1500,
  fields: 1500,
  kubeconfig: 30,
  encryption: 100,
  cluster: 40,
};

describe('the reader', () => {
  it.each(Object.keys(READERS))('of %s refuses or reads what is damaged, at once', (name) => {
    const executions = EXECUTIONS[name] ?? 0;
    const fuzzer = new Fuzzer(name, seed);
    for (let i = 0; i < executions; i++) fuzzer.step();
    expect(fuzzer.accepted).toBeGreaterThan(0);
    expect(fuzzer.executions).toBe(executions);
  });
});

describe('a length that claims up to 4 GB', () => {
  it.each(['certificate', 'csr', 'crl', 'der'])(
    'is refused by the reader of %s without memory',
    (name) => {
      const reader = READERS[name]?.();
      const before = process.memoryUsage();
      let refused = 0;
      for (const seed of reader?.seeds ?? []) {
        const tree = parseTree(seed) ?? [];
        for (const { node } of listNodes(tree)) {
          for (const value of [0xffffffff, 0x7fffffff, 0x1000000]) {
            node.length = { kind: 'lie', value };
            if (!survives(() => reader?.read(writeTree(tree)))) refused++;
          }
          delete node.length;
        }
      }
      const after = process.memoryUsage();
      const grown = after.heapUsed + after.external - before.heapUsed - before.external;
      expect(grown).toBeLessThan(256 * 1024 * 1024);
      expect(refused).toBeGreaterThan(100);
    },
  );
});

describe('the fuzzer', () => {
  const reader = (read: (input: Uint8Array) => void, limit = 250) => ({
    seeds: [Buffer.from('seed')],
    mutate: mutateBytes,
    read,
    limit,
  });
  const run = (read: (input: Uint8Array) => void, limit?: number): void => {
    const fuzzer = new Fuzzer('test', 1, reader(read, limit));
    for (let i = 0; i < 50; i++) fuzzer.step();
  };

  it('draws the same inputs from the same seed', () => {
    const inputs = (from: number): string[] => {
      const seen: string[] = [];
      const fuzzer = new Fuzzer('certificate', from);
      for (let i = 0; i < 200; i++) {
        fuzzer.step((input) => seen.push(Buffer.from(input).toString('hex')));
      }
      return seen;
    };
    expect(inputs(7)).toEqual(inputs(7));
    expect(inputs(7)).not.toEqual(inputs(8));
  });

  it('reports an error that is no KubepkiError', () => {
    const read = (input: Uint8Array): void => {
      if (input.length > 5) throw new TypeError('oops');
    };
    expect(() => run(read)).toThrow('threw TypeError: oops');
  });

  it('reports an input that takes too long', () => {
    const read = (): void => {
      const end = performance.now() + 5;
      while (performance.now() < end);
    };
    expect(() => run(read, 1)).toThrow(/^took \d+ ms/);
  });

  it('reports memory that grows with a lie', () => {
    const kept: Buffer[] = [];
    // Far more than what other tests of this process may leave to be collected meanwhile. Nothing is written to it.
    const read = (): void => void kept.push(Buffer.alloc(1024 * 1024 * 1024));
    expect(() => run(read)).toThrow(/bytes of memory for 4 of input/);
  });

  it('reports a message of several lines', () => {
    const read = (): void => {
      throw new KubepkiError('MALFORMED_DER', 'a\u001b[31mb');
    };
    expect(() => run(read)).toThrow('a message that is not one clear line');
  });
});

describe('a mutant', () => {
  const random = new Random(seededWith(seed));

  it('is made of any bytes', () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from([0x30]), Buffer.from('3003020101', 'hex')]) {
      for (let i = 0; i < 200; i++) {
        mutateBytes(bytes, random);
        mutateDer(bytes, random);
        mutateText(bytes, { tokens: ['a'], most: 1000 }, random);
      }
    }
  });
});

describe('the tree of DER', () => {
  it('is written as it was read', () => {
    const reader = READERS['der']?.();
    for (const der of reader?.seeds ?? []) {
      expect(writeTree(parseTree(der) ?? [])).toEqual(Buffer.from(der));
    }
    expect(reader?.seeds.length).toBeGreaterThan(10);
  });

  it('is written with lengths that lie, are too long, or indefinite', () => {
    const node = { tag: 4, content: Buffer.from([1, 2]), prefix: new Uint8Array() };
    const hex = (length: Parameters<typeof writeTree>[0][number]['length']): string =>
      writeTree([length === undefined ? node : { ...node, length }]).toString('hex');
    expect(hex(undefined)).toBe('04020102');
    expect(hex({ kind: 'long', extra: 1 })).toBe('0481020102');
    expect(hex({ kind: 'long', extra: 3 })).toBe('04830000020102');
    expect(hex({ kind: 'indefinite' })).toBe('048001020000');
    expect(hex({ kind: 'lie', value: 0xffffffff })).toBe('0484ffffffff0102');
  });
});
