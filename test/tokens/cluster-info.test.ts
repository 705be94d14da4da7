import { describe, expect, it } from 'vitest';
import {
  detachedSignature,
  encodeBootstrapTokenSecret,
  isSignatureKey,
  signatureKey,
  signingToken,
} from '../../src/tokens/index.ts';

const NOW = new Date('2026-06-01T12:00:00Z');

const secretOf = (more: {
  readonly usages?: readonly string[];
  readonly expiration?: Date;
}): ReturnType<typeof encodeBootstrapTokenSecret> =>
  encodeBootstrapTokenSecret({
    id: 'abcdef',
    secret: '0123456789abcdef',
    usages: more.usages ?? ['signing'],
    groups: [],
    ...(more.expiration === undefined ? {} : { expiration: more.expiration }),
  });

describe('the signature of cluster-info', () => {
  it('is the one that kubeadm computes (cluster-bootstrap, token/jws/jws_test.go)', () => {
    const payload = 'Hello from the other side. I must have called a thousand times.';
    const token = { id: 'joshua', secret: 'my voice is my passcode' };
    expect(detachedSignature(payload, token)).toBe(
      'eyJhbGciOiJIUzI1NiIsImtpZCI6Impvc2h1YSJ9..VShe2taLd-YTrmWuRkcL_8QTNDHYxQIEBsAYYiIj1_8',
    );
  });

  it('is of the bytes of the text', () => {
    const token = { id: 'abcdef', secret: '0123456789abcdef' };
    expect(detachedSignature('ä', token)).not.toBe(detachedSignature('a', token));
  });

  it('lies under a key of its own for each token', () => {
    expect(signatureKey('abcdef')).toBe('jws-kubeconfig-abcdef');
    expect(isSignatureKey('jws-kubeconfig-abcdef')).toBe(true);
    expect(isSignatureKey('kubeconfig')).toBe(false);
  });
});

describe('a token may sign', () => {
  it('when it is marked so and has not expired', () => {
    const token = { id: 'abcdef', secret: '0123456789abcdef' };
    expect(signingToken(secretOf({}), NOW)).toEqual({ token, lifetime: { expired: false } });
    const expiration = new Date('2026-06-01T12:00:05Z');
    expect(signingToken(secretOf({ expiration }), NOW)).toEqual({
      token,
      lifetime: { expired: false, left: 5000 },
    });
  });

  it.each([
    ['it is for authentication only', secretOf({ usages: ['authentication'] })],
    ['it has expired', secretOf({ expiration: NOW })],
    [
      'its name is that of another id',
      { ...secretOf({}), metadata: { name: 'bootstrap-token-ghijkl' } },
    ],
    ['its name is none of a token', { ...secretOf({}), metadata: { name: 'abcdef' } }],
    ['it has no secret', { ...secretOf({}), data: { ...secretOf({}).data, 'token-secret': '' } }],
  ])('not when %s', (_, secret) => {
    expect(signingToken(secret, NOW)).toBe(undefined);
  });
});
