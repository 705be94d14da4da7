/** Certificates are bound to where their node is before anybody can have them. */
import { KubepkiError } from '../../errors.ts';
import { type Certificate, readCertificates } from '../../x509/index.ts';
import { type NodeBindings, sourceIn } from '../binding/index.ts';
import type { Admission } from '../types.ts';
import { fieldOf, isAbout, operationOf, textOf } from './request.ts';

const CSRS = 'certificatesigningrequests.certificates.k8s.io';

/** To be asked last: what is bound is going to be stored, whoever has signed it. */
export function bindIssued(bindings: NodeBindings | undefined): Admission {
  return async (request) => {
    if (bindings === undefined || request.dryRun) return;
    if (!isAbout(request, CSRS) || operationOf(request) !== 'update') return;
    const { object, old } = request;
    const issued = textOf(object, 'status.certificate');
    if (issued === '' || issued === textOf(old, 'status.certificate')) return;
    const certificate = certificateIn(issued);
    // By the stored object: from where it was asked for does not change.
    const source = sourceIn(fieldOf(old, 'spec.extra'));
    if (certificate !== undefined) await bindings.issued(certificate, source);
  };
}

/** Undefined for what nobody could come with. */
function certificateIn(issued: string): Certificate | undefined {
  try {
    return readCertificates(Buffer.from(issued, 'base64'))[0];
  } catch (error) {
    if (error instanceof KubepkiError) return undefined;
    throw error;
  }
}
