/** `--controllers`. */
import { describe, expect, it } from 'vitest';
import { CONTROLLER_NAMES, enabledControllers } from '../../src/controllers/index.ts';
import { errorOf } from '../x509/support.ts';

describe('the list of controllers', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['all', ['*'], CONTROLLER_NAMES],
    ['none', [], []],
    ['one', ['csrsigning'], ['csrsigning']],
    ['one by its full name', ['token-cleaner-controller'], ['tokencleaner']],
    [
      'all but one',
      ['*', '-servingapproving'],
      CONTROLLER_NAMES.filter((name) => name !== 'servingapproving'),
    ],
    [
      'all but one, the other way round',
      ['-csrcleaner', '*'],
      CONTROLLER_NAMES.filter((name) => name !== 'csrcleaner'),
    ],
    [
      'the first word about each counts',
      ['csrcleaner', '-csrcleaner', '-csrsigning', 'csrsigning'],
      ['csrcleaner'],
    ],
    ['none but by leaving out', ['-csrcleaner'], []],
    [
      'full and short names are the same',
      ['-certificatesigningrequest-signing-controller', 'csrsigning', '*'],
      CONTROLLER_NAMES.filter((name) => name !== 'csrsigning'),
    ],
  ])('%s', (_what, list, expected) => {
    expect([...enabledControllers(list)].sort()).toEqual([...expected].sort());
  });

  it.each(['', '-', '-*', '**', 'nodeipam', 'CSRSIGNING', '__proto__', ' csrsigning'])(
    'has no controller %j',
    (name) => {
      const error = errorOf(() => enabledControllers(['*', name]));
      expect(error.code).toBe('INVALID_VALUE');
      expect(error.hint).toContain('csrsigning');
    },
  );
});
