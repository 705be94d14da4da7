/** ClusterTrustBundles (k8s.io/kubernetes, pkg/registry/certificates/clustertrustbundle). */
import { KubepkiError } from '../../errors.ts';
import { CLUSTER_TRUST_BUNDLES, type ClusterTrustBundle } from '../../kubernetes/index.ts';
import { decodePem, type PemBlock, parseCertificate } from '../../x509/index.ts';
import { IMMUTABLE, problems } from './checks.ts';
import { column, NAME } from './columns.ts';
import { define } from './define.ts';
import { type FieldError, invalid, tooLong } from './field-error.ts';
import { dnsSubdomain } from './names.ts';
import { validateSignerName } from './signer-name.ts';

const MOST_BUNDLE_BYTES = 1024 * 1024;
const FIELD = 'spec.trustBundle';
const OMITTED = '<value omitted>';

export const CLUSTER_TRUST_BUNDLE_DEFINITION = define(CLUSTER_TRUST_BUNDLES, {
  strategy: {
    // By the signer: `validateNames`.
    validateName: () => [],
    validate: (bundle) => [
      ...validateNames(bundle),
      ...validate(bundle),
      ...validateAnchors(bundle),
    ],
    validateUpdate: (bundle, old) => [
      ...validateNames(bundle),
      ...validate(bundle),
      // What stands there already is not read again.
      ...(bundle.spec.trustBundle === old.spec.trustBundle ? [] : validateAnchors(bundle)),
      ...((bundle.spec.signerName ?? '') === (old.spec.signerName ?? '')
        ? []
        : [invalid('spec.signerName', bundle.spec.signerName ?? '', IMMUTABLE)]),
    ],
    allowUnconditionalUpdate: false,
  },
  selectableFields: { 'spec.signerName': ({ spec }) => spec.signerName ?? '' },
  columns: [NAME, column('SignerName', 'Whose trust anchors they are.')],
  row: ({ metadata, spec }) => [metadata.name ?? '', (spec.signerName ?? '') || '<none>'],
});

/** One of a signer begins with the signer's name. */
function validateNames({ metadata, spec }: ClusterTrustBundle): FieldError[] {
  const { signerName = '' } = spec;
  const { name = '', generateName = '' } = metadata;
  return [
    ...(generateName === ''
      ? []
      : problems(
          'metadata.generateName',
          generateName,
          nameProblems(generateName, signerName, true),
        )),
    ...(name === '' ? [] : problems('metadata.name', name, nameProblems(name, signerName, false))),
  ];
}

function nameProblems(name: string, signerName: string, isPrefix: boolean): readonly string[] {
  if (signerName === '') {
    return name.includes(':')
      ? ['ClusterTrustBundle without signer name must not have ":" in its name']
      : dnsSubdomain(name, isPrefix);
  }
  const prefix = `${signerName.replaceAll('/', ':')}:`;
  if (name.startsWith(prefix)) return dnsSubdomain(name.slice(prefix.length), isPrefix);
  return [`ClusterTrustBundle for signerName ${signerName} must be named with prefix ${prefix}`];
}

const validate = ({ spec: { signerName = '' } }: ClusterTrustBundle): FieldError[] =>
  signerName === '' ? [] : validateSignerName('spec.signerName', signerName);

/** Certificates of CAs, each once, and one at least; text around the blocks is passed over. */
function validateAnchors({ spec: { trustBundle } }: ClusterTrustBundle): FieldError[] {
  if (Buffer.byteLength(trustBundle) > MOST_BUNDLE_BYTES)
    return [tooLong(FIELD, MOST_BUNDLE_BYTES)];
  const blocks = decodePem(trustBundle);
  const malformed = blocks.flatMap((block, index) => {
    const problem = anchorProblem(block);
    return problem === undefined ? [] : [invalid(FIELD, OMITTED, `entry ${index} ${problem}`)];
  });
  if (malformed.length > 0) return malformed;
  if (blocks.length === 0) {
    return [invalid(FIELD, OMITTED, 'at least one trust anchor must be provided')];
  }
  return duplicates(blocks).map((indices) =>
    invalid(FIELD, OMITTED, `duplicate trust anchor (indices [${indices.join(' ')}])`),
  );
}

function anchorProblem({ label, headers, bytes }: PemBlock): string | undefined {
  if (label !== 'CERTIFICATE') return `has bad block type: ${label}`;
  if (headers.size > 0) return 'has PEM block headers';
  try {
    const { basicConstraints } = parseCertificate(bytes);
    return basicConstraints?.ca === true ? undefined : 'does not have the CA bit set';
  } catch (error) {
    if (error instanceof KubepkiError) return 'does not parse as X.509';
    throw error;
  }
}

function duplicates(blocks: readonly PemBlock[]): readonly (readonly number[])[] {
  const places = new Map<string, number[]>();
  for (const [index, { bytes }] of blocks.entries()) {
    const key = Buffer.from(bytes).toString('latin1');
    places.set(key, [...(places.get(key) ?? []), index]);
  }
  return [...places.values()].filter(({ length }) => length > 1);
}
