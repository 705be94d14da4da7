/** Damaging and building DER and PEM for the tests of keys. */
import { type ErrorCode, KubepkiError } from '../../../src/errors.ts';
import { decodePem, encodePem } from '../../../src/x509/pem.ts';

/** The bytes of the one block of a PEM text. */
export function derOf(pem: string): Uint8Array {
  const [block] = decodePem(pem);
  if (block === undefined) throw new Error('the test has no PEM block');
  return Uint8Array.from(block.bytes);
}

/** The PEM text with other bytes under the same label. */
export function withDer(pem: string, der: Uint8Array): string {
  const [block] = decodePem(pem);
  if (block === undefined) throw new Error('the test has no PEM block');
  return encodePem(block.label, der);
}

/** What `run` throws, which must be a KubepkiError. */
export function refusal(run: () => unknown): KubepkiError {
  try {
    run();
  } catch (error) {
    if (error instanceof KubepkiError) return error;
    throw new Error('threw something else than a KubepkiError', { cause: error });
  }
  throw new Error('expected a refusal, got a value');
}

/** The code of the KubepkiError that `run` throws. */
export const refusalCode = (run: () => unknown): ErrorCode => refusal(run).code;
