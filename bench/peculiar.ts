/** The same certificate as issue.bench.ts makes, with @peculiar/x509. */
import { webcrypto } from 'node:crypto';
import { peculiar } from '../test/x509/peculiar.ts';

const {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} = peculiar;

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/**
 * Makes keys and an authority.
 *
 * @returns issues so many certificates, one after the other, and answers certificates per second
 */
export async function preparePeculiar(
  notBefore: Date,
  notAfter: Date,
): Promise<(turns: number) => Promise<number>> {
  const ca = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const leaf = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  // Encoded once, as ours are.
  const authorityKeyId = await AuthorityKeyIdentifierExtension.create(ca.publicKey);
  const issue = async (node: number): Promise<ArrayBuffer> => {
    const certificate = await X509CertificateGenerator.create({
      subject: `O=system:nodes, CN=system:node:worker-${node}`,
      issuer: 'CN=kubernetes',
      notBefore,
      notAfter,
      publicKey: leaf.publicKey,
      signingKey: ca.privateKey,
      signingAlgorithm: ALGORITHM,
      extensions: [
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        new BasicConstraintsExtension(false, undefined, true),
        authorityKeyId,
        new SubjectAlternativeNameExtension([
          { type: 'dns', value: `worker-${node}` },
          { type: 'ip', value: `10.128.0.${node}` },
        ]),
      ],
    });
    return certificate.rawData;
  };
  return async (turns) => {
    let bytes = 0;
    const start = performance.now();
    for (let turn = 0; turn < turns; turn++) bytes += (await issue(turn % 250)).byteLength;
    const seconds = (performance.now() - start) / 1000;
    if (bytes < turns * 100) throw new Error('@peculiar/x509 made no certificates');
    return turns / seconds;
  };
}
