/** The revocations in memory: what they hit, and that neither order nor number brings them out of step. */
import { describe, expect, it } from 'vitest';
import { Revocations } from '../../../src/apiserver/revocation/revocations.ts';
import { CREDENTIAL_ID, type UserInfo } from '../../../src/kubernetes/index.ts';

const user = (name: string, ids?: readonly string[]): UserInfo => ({
  name,
  groups: [],
  ...(ids === undefined ? {} : { extra: { [CREDENTIAL_ID]: ids } }),
});
const ID = `X509SHA256=${'a'.repeat(64)}`;

describe('what is revoked', () => {
  it('hits a user by name, character by character', () => {
    const revocations = new Revocations();
    revocations.stored('r', { user: 'Jos\u00e9' }, 1);
    expect(revocations.ofUser(user('Jos\u00e9'))).toEqual({ revocation: 'r', kind: 'user' });
    for (const other of ['jos\u00e9', 'Jose\u0301', 'Jos\u00e9 ', 'Jose', '__proto__', '']) {
      expect(revocations.ofUser(user(other)), other).toBeUndefined();
    }
  });

  it('hits a credential in whatever is known of a user', () => {
    const revocations = new Revocations();
    revocations.stored('r', { fingerprint: 'a'.repeat(64) }, 1);
    expect(revocations.ofUser(user('bob', ['JTI=1', ID]))?.revocation).toBe('r');
    expect(revocations.ofUser(user('bob', [ID.toUpperCase()]))).toBeUndefined();
    expect(revocations.ofUser(user('bob'))).toBeUndefined();
  });

  it('hits the bootstrap token and who came with it', () => {
    const revocations = new Revocations();
    revocations.stored('r', { tokenId: 'abcdef' }, 1);
    expect(revocations.ofToken('abcdef.0123456789abcdef')?.kind).toBe('tokenId');
    expect(revocations.ofToken('abcdeg.0123456789abcdef')).toBeUndefined();
    expect(revocations.ofToken('abcdef')).toBeUndefined();
    expect(revocations.ofUser(user('system:bootstrap:abcdef'))?.kind).toBe('tokenId');
    expect(revocations.ofUser(user('system:bootstrap:abcdefg'))).toBeUndefined();
  });

  it('takes names that JavaScript has a meaning for as names', () => {
    const revocations = new Revocations();
    revocations.stored('__proto__', { user: '__proto__' }, 1);
    revocations.stored('r', { user: 'constructor' }, 2);
    expect(revocations.ofUser(user('__proto__'))?.revocation).toBe('__proto__');
    expect(revocations.ofUser(user('toString'))).toBeUndefined();
    revocations.deleted('__proto__', 3);
    expect(revocations.ofUser(user('__proto__'))).toBeUndefined();
    expect(revocations.size).toBe(1);
  });

  it('stays revoked while one of several revocations is left', () => {
    const revocations = new Revocations();
    revocations.stored('one', { user: 'bob' }, 1);
    revocations.stored('two', { user: 'bob' }, 2);
    revocations.deleted('one', 3);
    expect(revocations.ofUser(user('bob'))?.revocation).toBe('two');
    revocations.deleted('two', 4);
    expect(revocations.ofUser(user('bob'))).toBeUndefined();
  });
});

describe('writes of this server and the watch that brings them again', () => {
  it('do not undo each other', () => {
    const revocations = new Revocations();
    const isRevoked = (): boolean => revocations.ofUser(user('bob')) !== undefined;
    // Our own writes: made, deleted, made anew. Then the watch tells all of it.
    revocations.stored('r', { user: 'bob' }, 5);
    revocations.deleted('r', 6);
    revocations.stored('r', { user: 'bob' }, 5);
    expect(isRevoked()).toBe(false);
    revocations.stored('r', { user: 'bob' }, 7);
    revocations.deleted('r', 6);
    expect(isRevoked()).toBe(true);
    revocations.stored('r', { user: 'bob' }, 7);
    revocations.settled(7);
    expect(isRevoked()).toBe(true);
    expect(revocations.size).toBe(1);
  });

  it('follow an object of the same name that revokes somebody else', () => {
    const revocations = new Revocations();
    revocations.stored('r', { user: 'bob' }, 1);
    revocations.stored('r', { user: 'alice' }, 3);
    expect(revocations.ofUser(user('bob'))).toBeUndefined();
    expect(revocations.ofUser(user('alice'))?.revocation).toBe('r');
  });
});

describe('who has an answer without an end', () => {
  it('is told when one of theirs is revoked, and only then', () => {
    const revocations = new Revocations();
    const ended: string[] = [];
    const hold = (name: string): (() => void) =>
      revocations.hold({ users: [user('admin'), user(name)] }, () => ended.push(name));
    hold('bob');
    const release = hold('alice');
    hold('carol');
    revocations.stored('1', { user: 'dave' }, 1);
    expect(ended).toEqual([]);
    revocations.stored('2', { user: 'bob' }, 2);
    release();
    revocations.stored('3', { user: 'alice' }, 3);
    expect(ended).toEqual(['bob']);
    revocations.stored('4', { user: 'admin' }, 4);
    expect(ended.toSorted()).toEqual(['bob', 'bob', 'carol']);
  });
});

describe('a hundred thousand revocations', () => {
  it('are looked up in no time', () => {
    const revocations = new Revocations();
    for (let at = 0; at < 100_000; at += 1) {
      const spec =
        at % 2 === 0 ? { user: `user-${at}` } : { fingerprint: at.toString(16).padStart(64, '0') };
      revocations.stored(`r-${at}`, spec, at + 1);
    }
    expect(revocations.size).toBe(100_000);
    const started = performance.now();
    let hits = 0;
    for (let at = 0; at < 100_000; at += 1) {
      if (revocations.ofUser(user(`user-${at}`, [ID])) !== undefined) hits += 1;
    }
    expect(hits).toBe(50_000);
    // A hundred times what it takes.
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});
