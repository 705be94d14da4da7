import { describe, expect, it } from 'vitest';
import { yamlToJson } from '../../../src/apiserver/front/yaml.ts';
import { apiServer } from './server.ts';

const KIBI = 1024;
const MOST = 64 * KIBI;

const json = async (text: string): Promise<unknown> =>
  JSON.parse(Buffer.from(await yamlToJson(Buffer.from(text))).toString());

const refusal = (text: string) => expect(json(text)).rejects;

describe('a body in YAML', () => {
  it('is what its JSON would be', async () => {
    expect(await json('a: 1\nb: [x, {c: null}]\nd:\n- "1"\n- |\n  t\n? e\n: f\n')).toEqual({
      a: 1,
      b: ['x', { c: null }],
      d: ['1', 't\n'],
      e: 'f',
    });
    expect(await json('---\na: ü\n...\n')).toEqual({ a: 'ü' });
    expect(await json('')).toBeNull();
    expect(Object.keys(Object(await json('__proto__: {a: 1}\n')))).toEqual(['__proto__']);
  });

  it('is refused with the line where it is none', async () => {
    await refusal('a: 1\nb: [').toMatchObject({
      reason: 'BadRequest',
      message: expect.stringMatching(/^error converting YAML to JSON: yaml: line [23]: /),
    });
    for (const text of ['a: b: c', 'a: 1\n---\nb: 2\n', '? [a]\n: b\n', '\tx: 1', 'a: "\\q"']) {
      await refusal(text).toMatchObject({ reason: 'BadRequest' });
    }
  });

  it('is refused for a key that stands twice, and for aliases', async () => {
    for (const text of [
      'a: 1\na: 2\n',
      'x: {1: a, "1": b}',
      'x: {null: a, "": b}',
      'x: [{y: 1, y: 1}]',
    ]) {
      await refusal(text).toMatchObject({ message: expect.stringContaining('is already set') });
    }
    await refusal('a: &x 1\nb: *x\n').toMatchObject({
      message: expect.stringContaining('aliases'),
    });
    await refusal('a: &x b\n*x : 1\n').toMatchObject({ reason: 'BadRequest' });
  });

  it('may have 64 KiB; beyond, the client hears of JSON', async () => {
    const flat = Array.from({ length: 9000 }, (_, index) => `${index}:\n`).join('');
    expect(Object.keys(Object(await json(flat)))).toHaveLength(9000);
    await refusal('a'.repeat(MOST + 1)).toMatchObject({
      reason: 'RequestEntityTooLarge',
      message: expect.stringContaining('JSON may be larger'),
    });
  });

  it.each(['[', '{', '- ', '? ', '{a: ', '[{a: ', '!x ', '&a ', '"', '\n#', '- a\n -', "'"])(
    'is read or refused soon where it is %j again and again',
    async (piece) => {
      const text = piece.repeat(Math.floor(MOST / piece.length));
      const started = process.cpuUsage();
      const outcome = await json(text).catch((error: unknown) => error);
      const { user } = process.cpuUsage(started);
      expect(user / 1e6).toBeLessThan(2);
      if (/[[{?]|^- $/.test(piece)) expect(outcome).toMatchObject({ reason: 'BadRequest' });
    },
  );

  it('is refused for depth before it is built', async () => {
    const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    expect(await json(nested(90))).toBeInstanceOf(Array);
    for (const text of [nested(400), '- '.repeat(400)]) {
      await refusal(text).toMatchObject({ message: expect.stringContaining('nested too deeply') });
    }
  });

  it('of 2 MB is 413 over the API', async () => {
    const { ask } = await apiServer();
    const body = Array.from({ length: 200_000 }, (_, index) => `k${index}: v\n`).join('');
    const headers = { 'content-type': 'application/yaml' };
    const url = '/api/v1/namespaces/default/configmaps';
    expect((await ask('POST', url, { body, headers })).json).toMatchObject({
      code: 413,
      reason: 'RequestEntityTooLarge',
    });
  });
});
