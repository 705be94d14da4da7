/** What binds a token to one node, as its Secret has it. */
import { describe, expect, it } from 'vitest';
import type { Secret } from '../../src/kubernetes/index.ts';
import {
  acceptsAddress,
  type BootstrapToken,
  CLAIM_LIFETIME_MS,
  claimLeft,
  claimProblem,
  decodeBootstrapTokenSecret,
  encodeBootstrapTokenSecret,
  nodeBindingOf,
  type TokenBinding,
  withClaim,
  withGrant,
} from '../../src/tokens/index.ts';

const NOW = new Date('2026-06-01T12:00:00.250Z');
const KEY = 'sha256:aa';
const CLAIMANT = { node: 'worker-1', key: KEY };

const TOKEN: BootstrapToken = {
  id: 'abcdef',
  secret: '0123456789abcdef',
  usages: ['authentication'],
  groups: [],
};
const secretOf = (binding?: TokenBinding): Secret =>
  encodeBootstrapTokenSecret(binding === undefined ? TOKEN : { ...TOKEN, binding });
const withData = (texts: Record<string, string>): Secret => ({
  ...secretOf(),
  data: Object.fromEntries(
    Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
  ),
});
const ONE_SHOT: TokenBinding = { addresses: [], oneShot: true };

describe('the binding in a Secret', () => {
  it('is none in a token of kubeadm', () => {
    expect(nodeBindingOf(secretOf())).toEqual({ addresses: [], oneShot: false });
    expect(decodeBootstrapTokenSecret(secretOf())).toEqual({ ok: true, token: expect.anything() });
    expect(decodeBootstrapTokenSecret(secretOf())).not.toHaveProperty('token.binding');
  });

  it.each<[string, TokenBinding]>([
    ['one-shot', ONE_SHOT],
    ['for a node', { node: 'worker-1', addresses: [], oneShot: true }],
    ['for addresses', { addresses: ['10.0.0.7', 'fd00::/8'], oneShot: true }],
    ['for both', { node: 'w', addresses: ['10.0.0.7'], oneShot: true }],
  ])('is read as it was written: %s', (_, binding) => {
    expect(nodeBindingOf(secretOf(binding))).toEqual(binding);
    const decoded = decodeBootstrapTokenSecret(secretOf(binding));
    expect(decoded).toMatchObject({ ok: true, token: { binding } });
  });

  it('has the keys that the documentation names', () => {
    const binding = { node: 'w', addresses: ['10.0.0.7', '10.0.1.0/24'], oneShot: true };
    const { data = {} } = withGrant(secretOf(binding), { node: 'w', key: KEY }, NOW);
    const texts = Object.entries(data).map(([key, text]) => [
      key,
      Buffer.from(text, 'base64').toString(),
    ]);
    expect(Object.fromEntries(texts)).toMatchObject({
      'node-name': 'w',
      'node-addresses': '10.0.0.7,10.0.1.0/24',
      'one-shot': 'true',
      'claimed-node': 'w',
      'claimed-at': '2026-06-01T12:00:00Z',
      'granted-key': KEY,
    });
  });

  it('makes a token one-shot whatever of it is there', () => {
    for (const key of [
      'node-name',
      'node-addresses',
      'claimed-node',
      'claimed-at',
      'granted-key',
    ]) {
      expect(nodeBindingOf(withData({ [key]: 'x' })).oneShot).toBe(true);
    }
    for (const text of ['false', 'True', '1', '']) {
      expect(nodeBindingOf(withData({ 'one-shot': text })).oneShot).toBe(false);
    }
  });

  it('with a claim whose time cannot be read has run out', () => {
    for (const text of ['', 'yesterday', '2026-13-01T00:00:00Z']) {
      const binding = nodeBindingOf(withData({ 'claimed-node': 'w', 'claimed-at': text }));
      expect(claimLeft(binding, NOW)).toBeLessThan(0);
    }
  });
});

describe('an address', () => {
  const binding = (...addresses: string[]): TokenBinding => ({ addresses, oneShot: true });

  it.each<[string, TokenBinding, string | undefined, boolean]>([
    ['of anybody, where none is named', binding(), '192.0.2.1', true],
    ['that is not known, where none is named', binding(), undefined, true],
    ['that is named', binding('10.0.0.7'), '10.0.0.7', true],
    ['that is another', binding('10.0.0.7'), '10.0.0.8', false],
    ['that is not known', binding('10.0.0.0/8'), undefined, false],
    ['within a subnet', binding('10.0.0.0/8'), '10.255.0.1', true],
    ['outside of a subnet', binding('10.0.0.0/8'), '11.0.0.1', false],
    ['in another form', binding('fd00:0:0::7'), 'fd00::7', true],
    ['of IPv4 in IPv6', binding('10.0.0.7'), '::ffff:10.0.0.7', true],
    ['of the other family', binding('0.0.0.0/0'), 'fd00::7', false],
    ['among several', binding('10.0.0.7', 'fd00::/8'), 'fd00::7', true],
    ['where nothing can be read', binding('worker-1', '10.0.0.0/33', ''), '10.0.0.7', false],
    ['that is none', binding('10.0.0.0/8'), '10.0.0.7 ', false],
  ])('%s', (_, bound, address, accepted) => {
    expect(acceptsAddress(bound, address)).toBe(accepted);
  });
});

describe('a claim', () => {
  it('lasts for a quarter of an hour', () => {
    expect(claimLeft(nodeBindingOf(secretOf(ONE_SHOT)), NOW)).toBeUndefined();
    const binding = nodeBindingOf(withClaim(secretOf(ONE_SHOT), CLAIMANT, NOW));
    const claimedAt = binding.claim?.at.getTime() ?? 0;
    expect(claimLeft(binding, new Date(claimedAt))).toBe(CLAIM_LIFETIME_MS);
    expect(claimLeft(binding, new Date(claimedAt + CLAIM_LIFETIME_MS))).toBe(0);
  });

  it('is for one node, and every key until one is granted', () => {
    const claimed = withClaim(secretOf(ONE_SHOT), CLAIMANT, NOW);
    expect(claimProblem(nodeBindingOf(claimed), CLAIMANT)).toBeUndefined();
    expect(claimProblem(nodeBindingOf(claimed), { ...CLAIMANT, key: 'b' })).toBeUndefined();
    expect(claimProblem(nodeBindingOf(claimed), { ...CLAIMANT, node: 'b' })).toMatchObject({
      for: 'worker-1',
    });
    const granted = withGrant(claimed, CLAIMANT, NOW);
    expect(claimProblem(nodeBindingOf(granted), CLAIMANT)).toBeUndefined();
    expect(claimProblem(nodeBindingOf(granted), { ...CLAIMANT, key: 'b' })).toMatchObject({
      for: 'worker-1',
    });
  });

  it('is for no other node than the token was made for', () => {
    const binding = nodeBindingOf(secretOf({ ...ONE_SHOT, node: 'worker-2' }));
    expect(claimProblem(binding, CLAIMANT)).toMatchObject({ for: 'worker-2' });
    expect(claimProblem(binding, { ...CLAIMANT, node: 'worker-2' })).toBeUndefined();
  });

  it('is written once: what says the same already stays the same object', () => {
    const secret = secretOf(ONE_SHOT);
    const claimed = withClaim(secret, CLAIMANT, NOW);
    const granted = withGrant(claimed, CLAIMANT, NOW);
    const later = new Date(NOW.getTime() + 60_000);
    expect(withClaim(claimed, CLAIMANT, later)).toBe(claimed);
    expect(withGrant(granted, CLAIMANT, later)).toBe(granted);
    expect(nodeBindingOf(withGrant(claimed, CLAIMANT, later)).claim?.at).toEqual(
      new Date('2026-06-01T12:00:00Z'),
    );
  });

  it('at birth is never one: what a request claims does not count as meant by an administrator', () => {
    expect(nodeBindingOf(withGrant(secretOf(ONE_SHOT), CLAIMANT, NOW)).node).toBeUndefined();
  });
});
