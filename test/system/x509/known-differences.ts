/**
 * Where kubepki and Go or OpenSSL disagree about whether damaged bytes are a certificate, request or
 * key: every class, with its reason. docs/decisions/0006-readers.md is the same list in prose.
 */

export type Kind = 'certificate' | 'csr' | 'key';

export interface KnownDifference {
  readonly reason: string;
  readonly kinds: readonly Kind[];
  /** Matches the message of whoever refuses. */
  readonly refusal: RegExp;
}

const DOCUMENTS = ['certificate', 'csr'] as const;

/** We read, Go refuses: `refusal` is Go's. */
export const GO_REFUSES: readonly KnownDifference[] = [
  {
    reason: 'extensions that kubepki does not use are kept as they stand, and not looked into',
    kinds: ['certificate'],
    refusal:
      /invalid (CRL distribution point|authority info access|certificate polic|policy (mappings|constraints)|inhibit any policy|constraint value)|[nN]ame ?[cC]onstraints? extension|constraint/,
  },
  {
    reason: 'a key that kubepki does not do is shown by its OID; nothing is verified with it',
    kinds: DOCUMENTS,
    refusal:
      /unsupported elliptic curve|invalid ECDSA parameters|invalid P224|DSA (public key|parameter)|X25519/,
  },
  {
    reason: 'UniversalString is a DirectoryString; OpenSSL reads it too',
    kinds: ['certificate'],
    refusal: /unsupported string type: 28/,
  },
];

/** We refuse, Go reads: `refusal` is ours. */
export const GO_READS: readonly KnownDifference[] = [
  {
    reason:
      'Go does not look at what follows the last field of a structure; DER leaves no room for it',
    kinds: ['certificate', 'csr', 'key'],
    refusal: /unexpected bytes? after /,
  },
  {
    reason: 'RFC 5280, 4.1.2.4: an RDN has at least one attribute',
    kinds: DOCUMENTS,
    refusal: /an RDN without attributes/,
  },
  {
    reason: 'RFC 5280, 4.1.2.5: times have seconds, and Z for a zone',
    kinds: ['certificate'],
    refusal: /a time not of the form|a date that does not exist/,
  },
  {
    reason: 'X.690, 11.2.2: named bits have no zero bits at the end',
    kinds: DOCUMENTS,
    refusal: /named bits with zero bits at the end/,
  },
  {
    reason: 'keys and signatures are whole bytes; Go shifts the bits',
    kinds: DOCUMENTS,
    refusal: /a BIT STRING that is not of whole bytes/,
  },
  {
    reason: 'unique identifiers are BIT STRINGs; OpenSSL asks for that too',
    kinds: ['certificate'],
    refusal: /a BIT STRING with (an impossible count of unused bits|unused bits that are not zero)/,
  },
  {
    reason: 'a path length beyond 2^31 - 1 is no length of a path',
    kinds: DOCUMENTS,
    refusal: /an INTEGER above 2147483647/,
  },
  {
    reason:
      'X.690, 10.2: a universal type is primitive or constructed, and not either as one likes',
    kinds: DOCUMENTS,
    refusal: /of a type that is never (constructed|primitive)/,
  },
  {
    reason:
      'tag 0 is the end of an indefinite length, which DER does not have, and no kind of name',
    kinds: DOCUMENTS,
    refusal: /an end-of-contents tag/,
  },
  {
    reason: 'parameters of an algorithm are values of their type; OpenSSL asks for that too',
    kinds: DOCUMENTS,
    refusal:
      /a NULL with content|a BOOLEAN that is neither|an INTEGER (without content|that is not in)|an OBJECT IDENTIFIER/,
  },
  {
    reason: 'of an authority key identifier Go reads the first field only',
    kinds: ['certificate'],
    refusal:
      /the authority's (issuer|serial)|an indefinite length|a length (of \d+ bytes|that is not in its shortest form)/,
  },
  {
    reason: 'hosts of URIs: no percent-encoding, no zone, one colon',
    kinds: DOCUMENTS,
    refusal: /a URI that cannot be parsed/,
  },
  {
    reason:
      'of a request Go decodes the alternative names only; what else it asks for is decoded here',
    kinds: ['csr'],
    refusal:
      /key usage|basic constraints|path length|whether this is a CA|key identifier|marked critical|a BOOLEAN|INTEGER|BIT STRING/,
  },
  {
    reason: 'Go passes over an attribute of a request that it cannot read; here it must be DER',
    kinds: ['csr'],
    refusal:
      /attribute|the requested extensions|OBJECT IDENTIFIER|a tag number above 30|an indefinite length|a length (of \d+ bytes|that is not in its shortest form)|extension/,
  },
  {
    reason: 'Go leaves a value of another type in a name empty; an empty name is nobody',
    kinds: ['csr'],
    refusal: /expected a character string|UniversalString|T61String|BMPString/,
  },
  {
    reason: 'requests have the version 0 and no other; Go does not look',
    kinds: ['csr'],
    refusal: /a negative INTEGER|version \d+ of requests does not exist/,
  },
  {
    reason: 'keys are strict DER; Go takes what it can and passes over the rest',
    kinds: ['key'],
    refusal: /is malformed at byte \d+/,
  },
  {
    reason: 'a public key beside a private one belongs to it; Go computes its own and says nothing',
    kinds: ['key'],
    refusal: /the public key inside the (EC )?private key does not belong to it/,
  },
  {
    reason: 'RFC 8017, A.1: the parameters of RSA are NULL; Go does not look',
    kinds: ['key'],
    refusal: /algorithm parameters/,
  },
  {
    reason: 'PKCS#8 has the versions 0 and 1; Go does not look',
    kinds: ['key'],
    refusal: /PKCS#8 version that does not exist/,
  },
  {
    reason: 'more than two primes: RFC 8017 has them, Go reads and nobody makes them',
    kinds: ['key'],
    refusal: /more than two primes/,
  },
  {
    reason: 'RSA below 1024 bits: Go reads the key, and then refuses to sign with it',
    kinds: ['key'],
    refusal: /the RSA key has \d+ bits, less than 1024/,
  },
  {
    reason: 'the curve inside must be the one that PKCS#8 names; Go prefers one of them',
    kinds: ['key'],
    refusal:
      /names one curve outside and another inside|spells its curve out|is on the curve|does not name its curve/,
  },
];

/** We read, OpenSSL refuses: `refusal` is OpenSSL's. Nothing: whatever we read, it reads. */
export const OPENSSL_REFUSES: readonly KnownDifference[] = [];

/** We refuse, OpenSSL reads: `refusal` is ours. */
export const OPENSSL_READS: readonly KnownDifference[] = [
  {
    reason: 'OpenSSL reads BER: long and indefinite lengths, constructed strings, high tag numbers',
    kinds: ['certificate', 'key'],
    refusal:
      /a length (that is not in its shortest form|of \d+ bytes)|an indefinite length|an end-of-contents tag|a tag number above 30|of a type that is never (constructed|primitive)/,
  },
  {
    reason: 'OpenSSL reads one element and does not look at what follows, in places',
    kinds: ['certificate', 'key'],
    refusal: /unexpected bytes? after /,
  },
  {
    reason: 'OpenSSL does not look into an extension before something asks for it, and Go does',
    kinds: ['certificate'],
    refusal:
      /key usage|basic constraints|path length|whether this is a CA|key identifier|the authority's|alternative names|named bits|marked critical|the value of an extension|a name( |$)|a DNS name|an e-mail address|an IP address|a URI|a BOOLEAN|INTEGER|BIT STRING|OBJECT IDENTIFIER/,
  },
  {
    reason: 'OpenSSL does not ask whether an extension occurs once; RFC 5280, 4.2 and Go do',
    kinds: ['certificate'],
    refusal: /occurs twice/,
  },
  {
    reason: 'OpenSSL checks strings when they are printed, and times when they are compared',
    kinds: ['certificate'],
    refusal:
      /with characters it cannot have|a time not of the form|a date that does not exist|an RDN/,
  },
  {
    reason:
      'OpenSSL keeps a value of any type in a name, and does not ask for the bit of constructed types',
    kinds: ['certificate'],
    refusal: /expected a character string|expected (SEQUENCE|SET), got tag 0x1[01]/,
  },
  {
    reason: 'OpenSSL compares the two signature algorithms when it verifies',
    kinds: ['certificate'],
    refusal: /the two signature algorithms differ/,
  },
  {
    reason: 'RFC 5280: serial numbers are positive, versions 1 to 3, an RDN holds something',
    kinds: ['certificate'],
    refusal: /a negative serial number|a version other than|an RDN without attributes/,
  },
  {
    reason: 'OpenSSL takes an RSA key with any parameters and numbers until it is used',
    kinds: ['certificate'],
    refusal: /in the public key, /,
  },
  {
    reason: 'private keys are strict DER, as for Go',
    kinds: ['key'],
    refusal:
      /is malformed at byte \d+|version that does not exist|algorithm parameters|does not name its curve/,
  },
  {
    reason: 'the numbers of a key belong together, as for Go; OpenSSL signs with what it gets',
    kinds: ['key'],
    refusal:
      /the RSA (primes|private exponent|private key contains|public exponent|modulus)|an RSA prime is 1|the RSA key has|the private scalar|does not belong to it|one curve outside/,
  },
  {
    reason: 'curves and algorithms beyond those that kubepki does',
    kinds: ['key'],
    refusal: /is on the curve|is of the algorithm|more than two primes|spells its curve out/,
  },
];

/** The first difference that explains the refusal. */
export function explanation(
  list: readonly KnownDifference[],
  kind: Kind,
  message: string,
): KnownDifference | undefined {
  return list.find(({ kinds, refusal }) => kinds.includes(kind) && refusal.test(message));
}
