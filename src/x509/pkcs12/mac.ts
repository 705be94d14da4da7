/** What an archive's integrity rests on: MacData (RFC 7292, section 4), in its own way or by PBMAC1 (RFC 9579). */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { KubepkiError } from '../../errors.ts';
import { readAlgorithmIdentifier } from '../algorithm-identifier.ts';
import { DerReader } from '../der/reader.ts';
import { Tag } from '../der/tag.ts';
import { readOid } from '../der/values.ts';
import { readKeyDerivation } from '../keys/pbes2.ts';
import { bmpPassphrase, DIGESTS, derive, PURPOSE } from './derive.ts';
import { readIterations } from './schemes.ts';

export interface Mac {
  readonly name: string;
  /** How much work it is to try a passphrase, in iterations. */
  readonly cost: number;
  verifies(content: Uint8Array, passphrase: Uint8Array): boolean;
}

const OID_PBMAC1 = '1.2.840.113549.1.5.14';
const HMACS = new Map([
  ['1.2.840.113549.2.7', 'sha1'],
  ['1.2.840.113549.2.8', 'sha224'],
  ['1.2.840.113549.2.9', 'sha256'],
  ['1.2.840.113549.2.10', 'sha384'],
  ['1.2.840.113549.2.11', 'sha512'],
]);
/** The longest output of these, twice: RFC 9579, section 5 wants at least 20 bytes. */
const MAX_KEY_BYTES = 128;
const WHAT = 'the MAC of the archive';

/** @param data the elements inside of MacData */
export function readMac(data: DerReader): Mac {
  const info = data.sequence('the digest of the archive');
  const algorithm = readAlgorithmIdentifier(info, 'the algorithm of the digest');
  const expected = info.expect(Tag.octetString, 'the digest').content;
  info.end('the digest of the archive');
  const salt = data.expect(Tag.octetString, 'the salt of the MAC').content;
  if (algorithm.oid === OID_PBMAC1) {
    // Salt and iterations beside it mean nothing (RFC 9579, section 6).
    data.optional(Tag.integer, 'the iteration count');
    data.end('the MAC of the archive');
    return readPbmac1(algorithm.parameters, expected);
  }
  const digest = DIGESTS.get(algorithm.oid);
  if (digest === undefined) throw unsupported(`the digest ${algorithm.oid}`);
  const iterations = data.done ? 1 : readIterations(data, salt, WHAT);
  data.end('the MAC of the archive');
  return {
    name: `HMAC-${digest.name.toUpperCase()}, ${iterations} iterations`,
    cost: iterations,
    verifies: (content, passphrase) => {
      const derivation = { digest, salt, iterations };
      const verifiesWith = (secret: Uint8Array): boolean => {
        const key = derive(derivation, PURPOSE.mac, secret, digest.bytes);
        return isHmac(digest.name, key, content, expected);
      };
      // No passphrase is written in two ways: as an empty one, and as none.
      return (
        verifiesWith(bmpPassphrase(passphrase)) ||
        (passphrase.length === 0 && verifiesWith(passphrase))
      );
    },
  };
}

function readPbmac1(
  parameters: ReturnType<typeof readAlgorithmIdentifier>['parameters'],
  expected: Uint8Array,
): Mac {
  if (parameters?.tag !== Tag.sequence) throw unsupported('PBMAC1 without parameters');
  const fields = DerReader.inside(parameters);
  const derivation = readKeyDerivation(fields.sequence('the key derivation'), WHAT);
  const scheme = fields.sequence('the scheme of the MAC');
  const dotted = readOid(scheme.expect(Tag.oid, 'the scheme of the MAC'));
  scheme.optional(Tag.null);
  scheme.end('the scheme of the MAC');
  fields.end('the parameters of PBMAC1');
  const hmac = HMACS.get(dotted);
  const { length, cost, derive: deriveKey } = derivation;
  if (hmac === undefined) throw unsupported(`PBMAC1 with the scheme ${dotted}`);
  if (length === undefined || length < 20 || length > MAX_KEY_BYTES) {
    throw unsupported(`PBMAC1 with a key of ${length ?? 'unknown'} bytes`);
  }
  return {
    name: `PBMAC1 with HMAC-${hmac.toUpperCase()} (${derivation.name})`,
    cost,
    verifies: (content, passphrase) =>
      isHmac(hmac, deriveKey(passphrase, length), content, expected),
  };
}

function isHmac(
  digest: string,
  key: Uint8Array,
  content: Uint8Array,
  expected: Uint8Array,
): boolean {
  const computed = createHmac(digest, key).update(content).digest();
  return computed.length === expected.length && timingSafeEqual(computed, expected);
}

const unsupported = (what: string): KubepkiError =>
  new KubepkiError('UNSUPPORTED', `${WHAT} is made with ${what}`, {
    hint: 'write the archive anew with: openssl pkcs12 -export',
  });
