import { createPrivateKey, X509Certificate } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodePem, encodePem, MAX_PEM_BYTES, requirePem } from '../../src/x509/pem.ts';
import { expectRefused, hex, keyOf, leafOf } from './support.ts';

const block = (label: string, body: string): string =>
  `-----BEGIN ${label}-----\n${body}-----END ${label}-----\n`;
/** What was read, in short: `label:hex`. */
const read = (text: string): string[] =>
  decodePem(text).map(({ label, bytes }) => `${label}:${hex(bytes)}`);

describe('decodePem', () => {
  it('reads a block', () => expect(read(block('A', 'YWJj\n'))).toEqual(['A:616263']));
  it('reads bytes as well as text', () =>
    expect(decodePem(Buffer.from(block('A', 'YWJj\n')))).toHaveLength(1));
  it('reads bytes that are a view into something larger', () => {
    const whole = Buffer.from(`xx${block('A', 'YWJj\n')}-----BEGIN B`);
    expect(
      decodePem(new Uint8Array(whole.buffer, whole.byteOffset + 2, whole.length - 13)),
    ).toHaveLength(1);
  });
  it('finds nothing in other text', () => {
    for (const text of ['', 'hello', '-----BEGIN A-----\n', '\n-----END A-----\n']) {
      expect(read(text)).toEqual([]);
    }
  });
  it('reads several blocks and skips text before, between and after them', () => {
    const text = `subject=x\n${block('A', 'YQ==\n')}issuer: y\n\n${block('B', 'Yg==\n')}tail`;
    expect(read(text)).toEqual(['A:61', 'B:62']);
  });
  it('reads CRLF line ends', () =>
    expect(read(block('A', 'YWJj\n').replaceAll('\n', '\r\n'))).toEqual(['A:616263']));
  it('reads a last line without a line end', () =>
    expect(read(block('A', 'YWJj\n').trimEnd())).toEqual(['A:616263']));
  it('skips blanks at the end of lines and inside base64', () =>
    expect(read('-----BEGIN A----- \t\nY W\tJj  \n\n-----END A-----  \n')).toEqual(['A:616263']));
  it('reads an empty block', () => expect(read(block('A', ''))).toEqual(['A:']));
  it('reads an empty label', () => expect(read(block('', 'YQ==\n'))).toEqual([':61']));
  it('reads the block after a BEGIN line that is repeated', () =>
    expect(read(`-----BEGIN B-----\nYQ==\n${block('A', 'Yg==\n')}`)).toEqual(['A:62']));
  it('reads base64 whose last bits are not zero, as Go does', () =>
    expect(read(block('A', 'YR==\n'))).toEqual(['A:61']));

  it('reads header lines and the empty line after them', () => {
    const text = block('A', 'Proc-Type: 4,ENCRYPTED\nDEK-Info:AES,00 \n\nYWJj\n');
    const [first] = decodePem(text);
    expect([...(first?.headers ?? [])]).toEqual([
      ['Proc-Type', '4,ENCRYPTED'],
      ['DEK-Info', 'AES,00'],
    ]);
    expect(hex(first?.bytes ?? new Uint8Array())).toBe('616263');
  });
  it('reads headers without an empty line after them', () =>
    expect(read(block('A', 'a: b\nYWJj\n'))).toEqual(['A:616263']));
  it('skips a block of headers only', () =>
    expect(read(block('A', 'a: b\n') + block('B', 'Yg==\n'))).toEqual(['B:62']));

  const broken: [string, string][] = [
    ['another label at the end', '-----BEGIN A-----\nYQ==\n-----END B-----\n'],
    ['a label at the end that is longer', '-----BEGIN A-----\nYQ==\n-----END AB-----\n'],
    ['text after the END line', '-----BEGIN A-----\nYQ==\n-----END A----- x\n'],
    ['text before the BEGIN line', 'x-----BEGIN A-----\nYQ==\n-----END A-----\n'],
    ['too few dashes at the beginning', '-----BEGIN A----\nYQ==\n-----END A-----\n'],
    ['too few dashes at the end', '-----BEGIN A-----\nYQ==\n-----END A----\n'],
    ['characters that are not base64', block('A', 'YQ!=\n')],
    ['base64 of the URL alphabet', block('A', 'YQ-_\n')],
    ['missing padding', block('A', 'YQ\n')],
    ['padding in the middle', block('A', 'YQ==YQ==\n')],
    ['nothing but padding', block('A', '====\n')],
    ['a NUL', block('A', 'YW\0Jj\n')],
  ];
  for (const [what, text] of broken) {
    it(`skips a block with ${what} and reads the next`, () => {
      expect(read(text)).toEqual([]);
      expect(read(text + block('OK', 'Yg==\n'))).toEqual(['OK:62']);
    });
  }
  it('gives up where an END line is taken for a header, as Go does', () =>
    expect(read(block('A:B', '') + block('OK', 'Yg==\n'))).toEqual([]));

  it('refuses text above the limit', () => {
    const text = ' '.repeat(MAX_PEM_BYTES + 1);
    expectRefused(
      () => decodePem(text),
      'MALFORMED_PEM',
      `more than the limit of ${MAX_PEM_BYTES}`,
    );
  });

  const hostile: [string, string][] = [
    ['BEGIN lines', '-----BEGIN A-----\n'],
    ['END lines', '\n-----END A-----'],
    ['END lines without label', '\n-----END '],
    ['header lines', 'a:b\n'],
    ['blocks with the wrong end', '-----BEGIN A-----\na:\n-----END B-----\n'],
    ['END lines with a colon', '-----BEGIN A:-----\n-----END A:-----\n'],
    ['dashes', '-'],
    ['base64', 'AAAA'],
  ];
  for (const [what, piece] of hostile) {
    it(`takes linear time for nothing but ${what}`, () => {
      const body = piece.repeat(Math.floor((4 * 1024 * 1024) / piece.length));
      const started = process.cpuUsage();
      decodePem(`-----BEGIN A-----\n${body}\n-----END A-----\n`);
      const { user, system } = process.cpuUsage(started);
      // Linear is some tens of milliseconds; quadratic is minutes.
      expect((user + system) / 1000).toBeLessThan(5000);
    });
  }

  it('survives any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(Array.isArray(decodePem(bytes))).toBe(true);
      }),
    );
  });
});

describe('encodePem', () => {
  it('writes 64 columns', () => {
    const lines = encodePem('CERTIFICATE', new Uint8Array(100)).split('\n');
    expect(lines.map((line) => line.length)).toEqual([27, 64, 64, 8, 25, 0]);
  });
  it('writes what Node writes', () => {
    const der = leafOf('ECDSA-P256');
    expect(encodePem('CERTIFICATE', der)).toBe(new X509Certificate(der).toString());
    const { object } = keyOf('ECDSA-P256');
    const pkcs8 = object.export({ type: 'pkcs8', format: 'der' });
    const pem = encodePem('PRIVATE KEY', pkcs8);
    expect(pem).toBe(object.export({ type: 'pkcs8', format: 'pem' }));
    expect(createPrivateKey(pem).equals(object)).toBe(true);
  });
  it('is read back', () => {
    const label = fc.stringMatching(/^[A-Z0-9 ]{0,20}$/).filter((text) => !/^ | $/.test(text));
    const one = fc.tuple(label, fc.uint8Array({ maxLength: 400 }));
    const between = fc.constantFrom('', '\n', 'text\n', '# -----\n');
    fc.assert(
      fc.property(fc.array(one, { maxLength: 5 }), between, (blocks, text) => {
        const pem = blocks.map(([name, bytes]) => text + encodePem(name, bytes)).join('');
        const expected = blocks.map(([name, bytes]) => `${name}:${hex(bytes)}`);
        expect(read(pem)).toEqual(expected);
        expect(read(pem.replaceAll('\n', '\r\n'))).toEqual(expected);
      }),
    );
  });
});

describe('requirePem', () => {
  const text = block('A', 'YQ==\n') + block('B', 'Yg==\n') + block('B', 'Yw==\n');
  it('returns the first block with the label', () =>
    expect(hex(requirePem(text, 'B', 'x.pem').bytes)).toBe('62'));
  it('takes any of several labels', () =>
    expect(requirePem(text, ['B', 'A'], 'x.pem').label).toBe('A'));
  it('says what was found instead', () => {
    expectRefused(
      () => requirePem(text, ['C', 'D'], 'ca.crt'),
      'MALFORMED_PEM',
      'ca.crt: expected a PEM block "C" or "D", found "A", "B"',
    );
  });
  it('says that there is none', () =>
    expectRefused(() => requirePem('', 'C', 'ca.crt'), 'MALFORMED_PEM', 'found no PEM block'));
  it('shows hostile labels on one line and in part only', () => {
    const many = Array.from({ length: 9 }, (_, i) => block(`\u001b[31m${'x'.repeat(90)}${i}`, ''));
    const call = (): unknown => requirePem(many.join(''), 'C', 'ca.crt');
    expectRefused(call, 'MALFORMED_PEM', /^[\x20-\x7e…]{0,400}$/);
  });
});
