import { createECDH, ECDH } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CURVES, isOnCurve } from '../../../src/x509/keys/curve.ts';

describe.each(CURVES.map((curve) => [curve.type, curve] as const))(
  'isOnCurve on %s',
  (_, curve) => {
    const { size, prime, name } = curve;
    const pointOf = (x: bigint, y: bigint): Buffer =>
      Buffer.from(`04${[x, y].map((n) => n.toString(16).padStart(2 * size, '0')).join('')}`, 'hex');
    const generated = createECDH(name).generateKeys();
    const x = BigInt(`0x${generated.toString('hex', 1, 1 + size)}`);
    const y = BigInt(`0x${generated.toString('hex', 1 + size)}`);

    it('is true of points that OpenSSL makes', () => {
      for (let i = 0; i < 20; i++) {
        expect(isOnCurve(curve, createECDH(name).generateKeys())).toBe(true);
      }
    });

    it('is false of other numbers, as OpenSSL says', () => {
      const takes = (point: Buffer): boolean => {
        try {
          ECDH.convertKey(point, name);
          return true;
        } catch {
          return false;
        }
      };
      fc.assert(
        fc.property(fc.nat(2 * size - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
          const point = Buffer.from(generated);
          point[1 + at] = (point[1 + at] ?? 0) ^ change;
          expect(isOnCurve(curve, point)).toBe(takes(point));
        }),
      );
    });

    it('is true of the negative point, and false of numbers from the prime up', () => {
      expect(isOnCurve(curve, pointOf(x, prime - y))).toBe(true);
      expect(isOnCurve(curve, pointOf(0n, 0n))).toBe(false);
      if (x + prime < 1n << BigInt(8 * size)) {
        expect(isOnCurve(curve, pointOf(x + prime, y))).toBe(false);
      }
    });
  },
);
