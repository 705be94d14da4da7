import { describe, expect, it } from 'vitest';
import { resolveScalar, staysString } from '../../../src/kubernetes/kubeconfig/scalar.ts';

describe('resolveScalar', () => {
  it.each([
    ['', 'null', null],
    ['~', 'null', null],
    ['Null', 'null', null],
    ['y', 'boolean', true],
    ['Off', 'boolean', false],
    ['nO', 'string', 'nO'],
    ['0', 'integer', 0],
    ['-0', 'integer', -0],
    ['+12', 'integer', 12],
    ['1_000', 'integer', 1000],
    ['017', 'integer', 15],
    ['0o17', 'integer', 15],
    ['0x1F', 'integer', 31],
    ['-0b11', 'integer', -3],
    ['0b-1', 'integer', -1],
    ['18446744073709551615', 'integer', 18446744073709551615n],
    ['-9223372036854775808', 'integer', -9223372036854775808n],
    ['18446744073709551616', 'float', 18446744073709552000],
    ['08', 'float', 8],
    ['.5', 'float', 0.5],
    ['1.', 'float', 1],
    ['6e2', 'float', 600],
    ['1e400', 'string', '1e400'],
    ['-.INF', 'float', Number.NEGATIVE_INFINITY],
    ['.', 'string', '.'],
    ['-', 'string', '-'],
    ['0x', 'string', '0x'],
    ['1:30', 'string', '1:30'],
    ['2001-02-28', 'timestamp', '2001-02-28'],
    ['2000-02-29', 'timestamp', '2000-02-29'],
    ['1900-02-29', 'string', '1900-02-29'],
    ['2001-1-1T1:2:3.5Z', 'timestamp', '2001-1-1T1:2:3.5Z'],
    ['2001-1-1t1:2:3+01:00', 'timestamp', '2001-1-1t1:2:3+01:00'],
    ['2001-1-1 1:2:3', 'timestamp', '2001-1-1 1:2:3'],
    ['2001-1-1T25:2:3Z', 'string', '2001-1-1T25:2:3Z'],
    ['2001-01', 'string', '2001-01'],
    ['<<', 'string', '<<'],
  ])('%j is %s', (text, kind, value) => {
    expect(resolveScalar(text)).toEqual({ kind, value: Object.is(value, -0) ? 0 : value });
  });
});

describe('staysString', () => {
  it('quotes base-60 numbers, which other readers of YAML 1.1 take for numbers', () => {
    expect(staysString('190:20:30')).toBe(false);
    expect(staysString('1:99')).toBe(true);
    expect(staysString('a:20')).toBe(true);
  });
});
