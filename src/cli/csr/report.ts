/** What has been signed, as it is told. */
import type { SignedRequest } from '../../pki/index.ts';
import { commonName, formatName, serialHex } from '../../x509/index.ts';
import { formatTime } from '../inspect/validity.ts';
import { formatTable, print, printData } from '../output.ts';
import type { TextFormat } from './options.ts';

interface Written {
  readonly one: SignedRequest;
  /** Undefined for standard output. */
  readonly target: string | undefined;
}

/** On standard output, or on standard error where a certificate is there already. */
export async function printSigned(written: readonly Written[], output: TextFormat): Promise<void> {
  for (const { one } of written) {
    if (one.isCutShort) {
      process.stderr.write(
        `kubepki: ${one.given.name}: ends with its CA, on ${formatTime(one.certificate.notAfter)}\n`,
      );
    }
  }
  if (output !== 'text') {
    await printData(output, {
      apiVersion: 'kubepki.dev/v1alpha1',
      kind: 'SignedRequests',
      items: written.map(itemData),
    });
    return;
  }
  const table = formatTable(
    ['CERTIFICATE', 'CREDENTIAL', 'PLACE', 'SUBJECT', 'NAMES', 'USAGES', 'SIGNED BY', 'UNTIL'],
    written.map(row),
  );
  if (written.some(({ target }) => target === undefined)) process.stderr.write(`${table}\n`);
  else print(table);
}

const namesOf = ({ certificate }: SignedRequest): string[] => [
  ...(certificate.subjectAltNames?.dns ?? []),
  ...(certificate.subjectAltNames?.ip ?? []),
];

const MOST_NAMES = 3;

function row({ one, target }: Written): string[] {
  const { certificate } = one;
  const names = namesOf(one);
  const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : '';
  return [
    target ?? 'standard output',
    one.leaf?.item.credential ?? '-',
    one.leaf?.place ?? '-',
    certificate.subject.length === 0 ? '(empty)' : formatName(certificate.subject),
    names.length === 0 ? 'none' : names.slice(0, MOST_NAMES).join(', ') + more,
    (certificate.extendedKeyUsage ?? []).join(', '),
    commonName(certificate.issuer) ?? formatName(certificate.issuer),
    formatTime(certificate.notAfter),
  ];
}

function itemData({ one, target }: Written): Record<string, unknown> {
  const { certificate, given, leaf } = one;
  const { subject, issuer, notBefore, notAfter, subjectAltNames, extendedKeyUsage } = certificate;
  return {
    request: given.name,
    certificate: target,
    subject: formatName(subject),
    issuer: formatName(issuer),
    serialNumber: serialHex(certificate),
    notBefore: formatTime(notBefore),
    notAfter: formatTime(notAfter),
    dnsNames: subjectAltNames?.dns ?? [],
    ipAddresses: subjectAltNames?.ip ?? [],
    usages: extendedKeyUsage ?? [],
    ...(leaf === undefined ? {} : { credential: leaf.item.credential, place: leaf.place }),
  };
}
