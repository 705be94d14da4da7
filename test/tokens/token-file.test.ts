/** The static token file, by the rules of Go's encoding/csv. */
import { describe, expect, it } from 'vitest';
import { KubepkiError } from '../../src/errors.ts';
import { readTokenFile } from '../../src/tokens/index.ts';

const read = (text: string) => readTokenFile(text, 'token.csv');

function refusalOf(text: string): string {
  try {
    read(text);
  } catch (error) {
    if (error instanceof KubepkiError && error.code === 'MALFORMED_DOCUMENT') return error.message;
    throw error;
  }
  throw new Error('expected a refusal');
}

describe('readTokenFile', () => {
  it("reads the seed's own", () => {
    const { users, warnings } = read(
      '4b395732894828d5a34737d83c334330,kubelet-bootstrap,10001,"system:kubelet-bootstrap"\n',
    );
    expect(warnings).toEqual([]);
    expect(users.get('4b395732894828d5a34737d83c334330')).toEqual({
      name: 'kubelet-bootstrap',
      uid: '10001',
      groups: ['system:kubelet-bootstrap'],
    });
  });

  it.each<[string, string, unknown]>([
    ['three columns', 't,u,1', { name: 'u', uid: '1', groups: [] }],
    ['groups in quotes', 't,u,1,"a,b"', { name: 'u', uid: '1', groups: ['a', 'b'] }],
    ['more columns than four', 't,u,1,a,b', { name: 'u', uid: '1', groups: ['a'] }],
    ['spaces, which are kept', 't, u ,1," a, b"', { name: ' u ', uid: '1', groups: [' a', ' b'] }],
    ['an empty group column', 't,u,1,', { name: 'u', uid: '1', groups: [''] }],
    ['an empty UID', 't,u,', { name: 'u', groups: [] }],
    ['an empty name', 't,,1', { name: '', uid: '1', groups: [] }],
    ['lines of Windows', 't,u,1\r\n\r\n', { name: 'u', uid: '1', groups: [] }],
    ['a carriage return at the end', 't,u,1\r', { name: 'u', uid: '1', groups: [] }],
    ['a name over two lines', 't,"a\r\nb",1', { name: 'a\nb', uid: '1', groups: [] }],
    ['doubled quotes', 't,"a""b",1', { name: 'a"b', uid: '1', groups: [] }],
    ['blank lines', '\n\n\nt,u,1\n\n', { name: 'u', uid: '1', groups: [] }],
    ['a hash, which is no comment', 't,#u,1', { name: '#u', uid: '1', groups: [] }],
    ['a prototype for a name', 't,__proto__,1', { name: '__proto__', uid: '1', groups: [] }],
  ])('takes %s', (_, text, user) => {
    const { users, warnings } = read(text);
    expect([...users.keys()]).toEqual(['t']);
    expect(users.get('t')).toEqual(user);
    expect(warnings).toEqual([]);
  });

  it('passes over empty tokens, and lets the last of equal ones count', () => {
    const { users, warnings } = read('\n,a,1\nsame,b,2\n\nsame,c,3\n');
    expect([...users]).toEqual([['same', { name: 'c', uid: '3', groups: [] }]]);
    expect(warnings).toEqual([
      expect.stringContaining('token.csv:2: the token is empty'),
      expect.stringContaining('token.csv:5: the same token'),
    ]);
    expect(warnings.join('')).not.toContain('same,');
  });

  it('has tokens with names of the language', () => {
    const { users } = read('__proto__,a,1\nconstructor,b,2\n');
    expect(users.get('__proto__')?.name).toBe('a');
    expect(users.get('toString')).toBeUndefined();
  });

  it.each([
    ['hush,u', 'token.csv:1: expected at least 3 columns, got 2'],
    ['t,u,1\nhush', 'token.csv:2: expected at least 3 columns, got 1'],
    ['t,u,1\n \n', 'token.csv:2: expected at least 3 columns, got 1'],
    ['# comment', 'token.csv:1: expected at least 3 columns, got 1'],
    ['t,u,1\nhush,a"b,1', 'token.csv:2: a quote'],
    ['hush,"u,1', 'token.csv:1: a quote'],
    ['hush,"u" ,1', 'token.csv:1: a quote'],
    ['hush, "u",1', 'token.csv:1: a quote'],
    ['hush,"a\nb"c,1', 'token.csv:1: a quote'],
    [`t,u,1\n"${'x'.repeat(300_000)}`, 'token.csv:2: a quote'],
    ['x'.repeat(17 * 1024 * 1024), 'token.csv: larger than 16 MiB'],
  ])('refuses %#, and says where without telling the token', (text, message) => {
    const refusal = refusalOf(text);
    expect(refusal).toContain(message);
    expect(refusal).not.toContain('hush');
  });

  it('reads a long file fast', () => {
    const line = (i: number): string => `token-${i},"user ${i}",${i},"a,b"\n`;
    const { users } = read(Array.from({ length: 50_000 }, (_, i) => line(i)).join(''));
    expect(users.size).toBe(50_000);
    expect(read(`t,"${'""'.repeat(1_000_000)}",1`).users.get('t')?.name).toHaveLength(1_000_000);
  });
});
