import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTransformer, type Provider, type Transformer } from '../../../src/storage/index.ts';

type CipherType = Exclude<Provider['type'], 'identity'>;

const counting = (bytes: number): Uint8Array => Uint8Array.from({ length: bytes }, (_, at) => at);
const filled = (bytes: number, value: number): Uint8Array => new Uint8Array(bytes).fill(value);

const provider = (type: CipherType, secret: Uint8Array, name = 'key1'): Provider => ({
  type,
  keys: [{ name, secret }],
});
const IDENTITY: Provider = { type: 'identity' };
const TYPES = ['aesgcm', 'aescbc', 'secretbox'] as const;
const KEY = '/registry/secrets/default/a';
const text = (value: Uint8Array): string => Buffer.from(value).toString();

/**
 * What kube-apiserver 1.36.3 has stored in etcd of objects called `v`, with keys called `key1` whose bytes are
 * 0, 1, 2…
 */
const UPSTREAM: readonly (readonly [CipherType, number, string, string])[] = [
  [
    'aescbc',
    32,
    'secrets/default/v',
    'azhzOmVuYzphZXNjYmM6djE6a2V5MTovJKIKwKUlEqBVdVVoioovvqVe+JFWpsRDWe3GlEvd9TOuICXmciEIUHd+HKfHDwb435XmddtZQdJ97GgNfLTk3eNddCjfZIrTtC/AHhWKd4SxEnsNKj+i1S9vFbenmPbUPC+ynnEkZ4pIDw/2aSh95fAiYPsoIFk1RlEmM3IE8Sg7W4U3lNK5AKBZ75KAZnT5AwN56+vvhsLf9fR7M4lKUwYCnfxpwuw30XYHv6v77JLeqjzKIPK/74cWG1+67XJWSwG8WXodPqCDbSmTW1T6wW0VG369wsjgd132l3sDRVZ5S/iBSvyrncrrFcgm9QHGrHKZmZlIBqXg8dLddd3jz1hGq2wbNQ4sAIVgwZxGRI1FRz0vQeWR4/FJIVPMc9QuQ02FJaG+pBHZFlvp3KyobJ7UKu8FAr3Sd9xSvz2unGBxwi8BKf+E0PjFYExiQI3PHJ3zhEdRRXXW1Ht+m+dnXXUGyQE1xtI5OuqN+tdR+Q==',
  ],
  [
    'aesgcm',
    32,
    'configmaps/default/v',
    'azhzOmVuYzphZXNnY206djE6a2V5MTrO52rNz0QDpRB8HDuJGT7a8gXAEq6mGEBOIRLyZ5Fwn5wC06ZeHUY73zcsqWCy5mmjpxBfSNAernsXmou7soWMedswfHP4pFE6SFCHCkrSHjr6oEBfmoXeEMMsPl9xnTMkG8DfPs5i7ihlNvxLMvIn0lpkwHTpSHRg7J0EVkiqWMQW65Z1QcqJReEKS1u8EaoCJOaPriLO+8iGeV3b57Fq+lRov2A8CbLo7u4mrAeaZ0EiFaISGIVwsGQEhSGMM/TbGof+Lv36WzI=',
  ],
  [
    'aesgcm',
    16,
    'leases/default/v',
    'azhzOmVuYzphZXNnY206djE6a2V5MTpVfPdit5cvZLgK+4O8/0/lX+Zq/kpeHICcbmvVRvm7BJ+zaURS9AAELvAEsTROCKhdO8TRFxrfugVRjunAIr71u/hoxl5+vwdnP6QTPrAEw2xB/0JDEzNTLEXwHuMtmcZIsbk2gHtGgXK7vpUAy4VqOGHdS3GRXrUJXHEsDFDoYRnBOC/QhDF9Rp/o65DGxnq0kq5cd4W/E8ymcjkuIEXG5dC+y0gFP5CFzzj4cv8N8coGbXKctbC3tUNY4eGvkPBCGTWfYTqSpU/ElWHnpOAv7z0UyBXC6yThClHS1s+gOZd9hg==',
  ],
  [
    'aescbc',
    24,
    'clusterroles/v',
    'azhzOmVuYzphZXNjYmM6djE6a2V5MTo+VzFOtHbFLnVNp7ETbmbFPcWRkaIC+ojfCgkphs7afzxmnAaiexWxA4wD+gOG3tUo9v6rYDts5IBrp0TW41CcSNstAIj67XZhogQrhrHiEJAr4ixC35zGrJgn2V2/GJpX0nXXcgNTPP6cd2ZUv2hW50lSrvEdZY4L6k710OXZj+AwmSFRd5PX7bxJ8zkXaODNI0YRMk8sjAnQ4cFhp+gz+R2zr2Jr655k5dW00KZV3bfkhysQBW9YE9mbdLWufb6l5ZYGrPu6Wdh3GK7J0bELDkpvRDDKzxhvjX5A+zwWZg==',
  ],
  [
    'secretbox',
    32,
    'serviceaccounts/default/v',
    'azhzOmVuYzpzZWNyZXRib3g6djE6a2V5MTpY4EuZk6EqCKU5wjp4i9L3GJy9KYFPK6jloiWyuPziT7RWpdarnBun7zpFaFROueff0+GG9XmUkelwuXtNFg8gUaXjGCBApi7TkvejerprU9H61pyVDYHcrZYljAA4Zv7KlMN7dFt8vm5U95hquDL1w58eo+g1+Y6/aalyvBgIEklhTUoPmFCpaq0eD2u2LG3AqYvOUq0kWDaIXVvLlIlVZIed8Aw/fquP2Qw/I442ePcvNQfpGNg11VuSZVbR2k9tAMjePaybP/713GqTX3a1CVo3q1u7kbxMSA==',
  ],
];

describe('a transformer', () => {
  it.each(UPSTREAM)('reads what kube-apiserver wrote with %s, %d bytes', async (...one) => {
    const [type, bytes, key, stored] = one;
    const transformer = await createTransformer([provider(type, counting(bytes))]);
    const { value, stale } = transformer.fromStorage(
      Buffer.from(stored, 'base64'),
      `/registry/${key}`,
    );
    expect(JSON.parse(text(value)).metadata.name).toBe('v');
    expect(stale).toBe(false);
  });

  it.each(TYPES)('reads what it wrote with %s, whatever it is', async (type) => {
    const transformer = await createTransformer([provider(type, counting(32), 'a: b\n')]);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.string(), (value, key) => {
        const stored = transformer.toStorage(value, key);
        expect(stored.buffer.byteLength).toBe(stored.byteLength);
        const start = `k8s:enc:${type}:v1:a: b\n:`;
        expect(text(stored.subarray(0, start.length))).toBe(start);
        const { value: read, stale } = transformer.fromStorage(stored, key);
        expect([...read]).toEqual([...value]);
        expect(stale).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  it.each(TYPES)('writes the same otherwise each time with %s', async (type) => {
    const transformer = await createTransformer([provider(type, counting(32))]);
    const all = Array.from({ length: 100 }, () =>
      Buffer.from(transformer.toStorage(Buffer.from('value'), KEY)).toString('hex'),
    );
    expect(new Set(all).size).toBe(100);
  });

  it('writes as long as the format says', async () => {
    const lengths = await Promise.all(
      TYPES.map(async (type) => {
        const transformer = await createTransformer([provider(type, counting(32))]);
        return transformer.toStorage(filled(32, 1), KEY).length - `k8s:enc:${type}:v1:key1:`.length;
      }),
    );
    // Nonce and tag; vector and a whole block of padding; nonce and tag.
    expect(lengths).toEqual([12 + 32 + 16, 16 + 48, 24 + 16 + 32]);
  });

  it.each(['aesgcm', 'secretbox'] as const)('refuses with %s what has changed', async (type) => {
    const transformer = await createTransformer([provider(type, counting(32))]);
    const stored = transformer.toStorage(Buffer.from('a value'), KEY);
    const start = `k8s:enc:${type}:v1:key1:`.length;
    for (let at = start; at < stored.length; at += 1) {
      const changed = Uint8Array.from(stored);
      changed[at] = (changed[at] ?? 0) ^ 0x10;
      expect(() => transformer.fromStorage(changed, KEY)).toThrow('message authentication failed');
    }
  });

  it.each(TYPES)('refuses with %s what was cut off, wherever', async (type) => {
    const transformer = await createTransformer([provider(type, counting(32))]);
    const stored = transformer.toStorage(filled(100, 3), KEY);
    // Of CBC whole blocks may go: by chance the last one left ends as padding does.
    const whole = type === 'aescbc' ? 16 : 1;
    const start = `k8s:enc:${type}:v1:key1:`.length;
    for (let end = 0; end < stored.length; end += 1) {
      if (type === 'aescbc' && (end - start) % whole === 0 && end - start > 16) continue;
      const cut = stored.subarray(0, end);
      const isPlain = end < 'k8s:enc:'.length;
      expect([end, isPlain, reading(transformer, cut)]).toEqual([
        end,
        isPlain,
        expect.stringMatching(/^TransformError: /),
      ]);
    }
  });

  it('knows with aesgcm that a value was moved from another key, and with others not', async () => {
    const moved = await Promise.all(
      TYPES.map(async (type) => {
        const transformer = await createTransformer([provider(type, counting(32))]);
        const stored = transformer.toStorage(Buffer.from('value'), KEY);
        return reading(transformer, stored, '/registry/secrets/default/b');
      }),
    );
    expect(moved).toEqual([
      'TransformError: cipher: message authentication failed',
      'value',
      'value',
    ]);
  });

  it('does not read with another key', async () => {
    for (const type of TYPES) {
      const [one, other] = await Promise.all(
        [1, 2].map((value) => createTransformer([provider(type, filled(32, value))])),
      );
      const stored = one?.toStorage(Buffer.from('value'), KEY) ?? new Uint8Array(0);
      // One in 256 of CBC's would pass for padded.
      const read = other === undefined ? '' : reading(other, stored);
      expect(read === 'value').toBe(false);
      if (type !== 'aescbc') expect(read).toContain('message authentication failed');
    }
  });

  it.each<[string, readonly Provider[], string, string]>([
    [
      'plain text without identity',
      [provider('aesgcm', counting(32))],
      'plain',
      'no matching prefix found',
    ],
    [
      'an unknown provider',
      [provider('aesgcm', counting(32)), IDENTITY],
      'k8s:enc:kms:v2:x:',
      'no matching prefix found',
    ],
    [
      'an unknown key',
      [provider('aesgcm', counting(32))],
      'k8s:enc:aesgcm:v1:key2:',
      'no matching key was found for the provided AES transformer',
    ],
    [
      'an unknown key of secretbox',
      [provider('secretbox', counting(32))],
      'k8s:enc:secretbox:v1:key11:',
      'no matching key was found for the provided Secretbox transformer',
    ],
    [
      'nothing behind the key',
      [provider('aescbc', counting(32))],
      'k8s:enc:aescbc:v1:key1:',
      'the stored data was shorter than the required size',
    ],
    [
      'a vector alone',
      [provider('aescbc', counting(32))],
      `k8s:enc:aescbc:v1:key1:${'x'.repeat(16)}`,
      'invalid padding on input',
    ],
    [
      'half a block',
      [provider('aescbc', counting(32))],
      `k8s:enc:aescbc:v1:key1:${'x'.repeat(40)}`,
      'not a multiple of the block size',
    ],
    [
      'something encrypted, with nothing configured',
      [IDENTITY],
      'k8s:enc:aesgcm:v1:key1:',
      'no matching prefix found',
    ],
  ])('refuses %s', async (_, providers, stored, message) => {
    const transformer = await createTransformer(providers);
    expect(reading(transformer, Buffer.from(stored))).toContain(message);
  });

  it('writes with the first key of the first provider, and reads with all', async () => {
    const keys = [1, 2].map((value) => ({ name: `key${value}`, secret: filled(32, value) }));
    const [one, two] = keys;
    if (one === undefined || two === undefined) throw new Error('two keys');
    const writers: readonly (readonly Provider[])[] = [
      [{ type: 'aesgcm', keys: [one] }],
      [{ type: 'aesgcm', keys: [two] }],
      [{ type: 'secretbox', keys: [one] }],
      [{ type: 'aescbc', keys: [two] }],
      [IDENTITY],
    ];
    const reader = await createTransformer([
      { type: 'aesgcm', keys: [one, two] },
      { type: 'aescbc', keys: [one, two] },
      IDENTITY,
      { type: 'secretbox', keys: [one] },
    ]);
    const read = await Promise.all(
      writers.map(async (providers) => {
        const stored = (await createTransformer(providers)).toStorage(Buffer.from('value'), KEY);
        const { value, stale } = reader.fromStorage(stored, KEY);
        return [text(value), stale];
      }),
    );
    expect(read).toEqual([
      ['value', false],
      ['value', true],
      ['value', true],
      ['value', true],
      ['value', true],
    ]);
    const start = text(reader.toStorage(Buffer.from('value'), KEY).subarray(0, 23));
    expect(start).toBe('k8s:enc:aesgcm:v1:key1:');
  });

  it('tries every key of a name, as upstream does', async () => {
    const writer = await createTransformer([provider('aesgcm', filled(32, 2))]);
    const reader = await createTransformer([
      provider('aesgcm', filled(32, 1)),
      provider('aesgcm', filled(32, 2)),
    ]);
    const stored = writer.toStorage(Buffer.from('value'), KEY);
    expect(reader.fromStorage(stored, KEY)).toEqual({ value: Buffer.from('value'), stale: true });
  });

  it('with identity first turns encryption off', async () => {
    const writer = await createTransformer([provider('aesgcm', counting(32))]);
    const off = await createTransformer([IDENTITY, provider('aesgcm', counting(32))]);
    const stored = writer.toStorage(Buffer.from('value'), KEY);
    expect(off.fromStorage(stored, KEY)).toEqual({ value: Buffer.from('value'), stale: true });
    expect(text(off.toStorage(Buffer.from('value'), KEY))).toBe('value');
    expect(off.fromStorage(Buffer.from('value'), KEY).stale).toBe(false);
  });

  it.each<[string, readonly Provider[], string]>([
    ['no provider', [], 'providers: expected at least one'],
    [
      'a short key',
      [provider('aesgcm', counting(31))],
      'secret: expected 16, 24 or 32 bytes, got 31',
    ],
    [
      'a long key',
      [provider('aescbc', counting(33))],
      'secret: expected 16, 24 or 32 bytes, got 33',
    ],
    [
      'an AES key for secretbox',
      [provider('secretbox', counting(16))],
      'secret: expected 32 bytes, got 16',
    ],
  ])('is not made of %s', async (_, providers, message) => {
    await expect(createTransformer(providers)).rejects.toThrow(message);
  });
});

/** What is read, or why nothing. */
function reading(transformer: Transformer, stored: Uint8Array, key = KEY): string {
  try {
    return text(transformer.fromStorage(stored, key).value);
  } catch (error) {
    return String(error);
  }
}
