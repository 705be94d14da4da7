/** The TLS side: versions, suites and certificates. */
import { constants } from 'node:crypto';
import type { SecureContextOptions } from 'node:tls';
import { createSecureContext } from 'node:tls';
import { KubepkiError } from '../errors.ts';
import type { ServingCertificate } from './types.ts';

/** What kube-apiserver offers without `--tls-cipher-suites`: the defaults of Go's crypto/tls. */
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-SHA',
  'ECDHE-RSA-AES128-SHA',
  'ECDHE-ECDSA-AES256-SHA',
  'ECDHE-RSA-AES256-SHA',
].join(':');

/**
 * Options for `createSecureServer` and `setSecureContext`.
 *
 * Session tickets are off: OpenSSL keeps in them the client's own certificate but not what it sent
 * along, so that a resumed connection would lose the intermediates its verification needs.
 *
 * @throws KubepkiError INVALID_VALUE for a certificate and key that do not belong together or cannot be read
 */
export function secureContextOptions(serving: ServingCertificate): SecureContextOptions {
  const options: SecureContextOptions = {
    cert: buffer(serving.certificate),
    key: buffer(serving.key),
    // None: nothing is verified here. Node tells clients the names of what stands here, and kube-apiserver
    // does tell them its client CA; but Node 24 loses the intermediates of a client as soon as it finds
    // their issuer here.
    ca: [],
    minVersion: 'TLSv1.2',
    ciphers: CIPHERS,
    honorCipherOrder: true,
    secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
  };
  try {
    createSecureContext(options);
  } catch (cause) {
    throw new KubepkiError(
      'INVALID_VALUE',
      'TLS cannot work with the serving certificate and key',
      {
        hint: 'give a certificate in PEM and the private key that belongs to it',
        cause,
      },
    );
  }
  return options;
}

const buffer = (pem: string | Uint8Array): string | Buffer =>
  typeof pem === 'string' ? pem : Buffer.from(pem);
