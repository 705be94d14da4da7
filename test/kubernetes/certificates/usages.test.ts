/** The 23 usages of the API and the extensions they become. */
import { describe, expect, it } from 'vitest';
import {
  certificateUsages,
  isRequestUsage,
  REQUEST_USAGES,
  usagesOf,
} from '../../../src/kubernetes/index.ts';
import { errorOf } from '../../x509/support.ts';

describe('usages', () => {
  it('are the 23 of the API', () => {
    expect([...REQUEST_USAGES].sort()).toEqual(
      [
        'any',
        'cert sign',
        'client auth',
        'code signing',
        'content commitment',
        'crl sign',
        'data encipherment',
        'decipher only',
        'digital signature',
        'email protection',
        'encipher only',
        'ipsec end system',
        'ipsec tunnel',
        'ipsec user',
        'key agreement',
        'key encipherment',
        'microsoft sgc',
        'netscape sgc',
        'ocsp signing',
        's/mime',
        'server auth',
        'signing',
        'timestamping',
      ].sort(),
    );
    expect(REQUEST_USAGES.every(isRequestUsage)).toBe(true);
    expect(isRequestUsage('constructor')).toBe(false);
    expect(isRequestUsage('Client Auth')).toBe(false);
  });

  it('become extensions in Go’s order, whatever theirs is', () => {
    const expected = {
      keyUsage: [
        'digitalSignature',
        'nonRepudiation',
        'keyEncipherment',
        'dataEncipherment',
        'keyAgreement',
        'keyCertSign',
        'cRLSign',
        'encipherOnly',
        'decipherOnly',
      ],
      extendedKeyUsage: [
        'any',
        'serverAuth',
        'clientAuth',
        'codeSigning',
        'emailProtection',
        'ipsecEndSystem',
        'ipsecTunnel',
        'ipsecUser',
        'timeStamping',
        'OCSPSigning',
        'microsoftServerGatedCrypto',
        'netscapeServerGatedCrypto',
      ],
    };
    expect(certificateUsages(REQUEST_USAGES)).toEqual(expected);
    expect(certificateUsages([...REQUEST_USAGES].reverse())).toEqual(expected);
  });

  it.each([
    [[], [], []],
    [['signing', 'digital signature'], ['digitalSignature'], []],
    [['s/mime', 'email protection'], [], ['emailProtection']],
    [['client auth', 'server auth', 'client auth'], [], ['serverAuth', 'clientAuth']],
  ])('%j become %j and %j', (usages, keyUsage, extendedKeyUsage) => {
    expect(certificateUsages(usages)).toEqual({ keyUsage, extendedKeyUsage });
  });

  it('that are not known are all named', () => {
    const call = (): unknown => certificateUsages(['any', 'tea', '__proto__', 'client auth']);
    expect(call).toThrow('unrecognized usage values: ["tea" "__proto__"]');
    expect(errorOf(call).code).toBe('INVALID_VALUE');
  });

  it.each([
    [undefined, []],
    [null, []],
    ['any', []],
    [
      ['any', 3, null],
      ['any', '3', 'null'],
    ],
  ])('of a foreign server are read with care: %j', (usages, expected) => {
    expect(usagesOf({ usages } as unknown as { usages: string[] })).toEqual(expected);
  });
});
