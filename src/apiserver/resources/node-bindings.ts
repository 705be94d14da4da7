/**
 * NodeBindings, a resource of kubepki's own: from where the certificate of a node is accepted
 * (`src/apiserver/binding`). The server makes them, by a name that says which certificate is meant, and takes
 * them away when that has expired. Whoever may change one can move a node to another address.
 */
import { NODE_BINDINGS, type NodeBinding } from '../../kubernetes/index.ts';
import { parseIpBlock } from '../../x509/index.ts';
import { IMMUTABLE } from './checks.ts';
import { AGE, column, NAME, wide } from './columns.ts';
import { define } from './define.ts';
import { type FieldError, forbidden, invalid, required, tooMany } from './field-error.ts';
import { type Field, list, object, type Schema, STRING } from './schema.ts';
import { ageOf } from './times.ts';
import { schemaOfType } from './type-schema.ts';

const field = (schema: Schema, more: Partial<Field> = {}): Field => ({
  schema,
  required: false,
  always: false,
  pointer: false,
  ...more,
});
const text = field(STRING);
const needed = field(STRING, { required: true });
const VERSION = 'dev.kubepki.v1';

const SCHEMA = object(`${VERSION}.NodeBinding`, {
  kind: text,
  apiVersion: text,
  metadata: field(schemaOfType('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'), {
    always: true,
  }),
  spec: field(
    object(`${VERSION}.NodeBindingSpec`, {
      node: needed,
      addresses: field(list(STRING), { required: true }),
    }),
    { required: true, always: true },
  ),
  status: field(
    object(`${VERSION}.NodeBindingStatus`, {
      boundBy: text,
      credentialId: text,
      notAfter: field({ kind: 'time' }),
    }),
  ),
});

/** Each request of the node may be compared with all of them. */
const MOST_ADDRESSES = 64;
const NAME_FORM = /^[0-9a-f]{64}$/;

export const NODE_BINDING_DEFINITION = define(NODE_BINDINGS, {
  // Where kube-apiserver keeps custom resources.
  path: `${NODE_BINDINGS.group}/${NODE_BINDINGS.resource}`,
  schema: SCHEMA,
  jsonOnly: true,
  // The server alone makes them: nobody else would know the name.
  verbs: ['delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
  strategy: {
    validateName: (name) =>
      NAME_FORM.test(name) ? [] : ['must be 64 lower-case hexadecimal digits'],
    validate: validateNodeBinding,
    prepareUpdate: (binding, { status }) => {
      const { status: _, ...given } = binding;
      return { ...given, ...(status === undefined ? {} : { status }) };
    },
    validateUpdate: (after, before) => [
      ...(after.spec.node === before.spec.node
        ? []
        : [forbidden('spec.node', `${IMMUTABLE}: the certificate is for that node`)]),
      ...validateNodeBinding(after),
    ],
    allowUnconditionalUpdate: false,
  },
  selectableFields: { 'spec.node': ({ spec }) => spec.node },
  columns: [
    NAME,
    column('Node', 'The node that the certificate is for.'),
    column('Addresses', 'From where it is accepted.'),
    column('Bound by', 'What the addresses are from.'),
    column('Expires', 'When the certificate expires.'),
    AGE,
    wide('Credential', 'The certificate, as audit logs name it.'),
  ],
  row: ({ metadata, spec, status }, now) => [
    metadata.name ?? '',
    spec.node,
    spec.addresses.join(','),
    status?.boundBy ?? '<unknown>',
    status?.notAfter ?? '<unknown>',
    ageOf(metadata.creationTimestamp, now),
    status?.credentialId ?? '<unknown>',
  ],
});

function validateNodeBinding({ metadata, spec }: NodeBinding): FieldError[] {
  // A patch may have taken them away.
  const given: Partial<NodeBinding['spec']> = spec;
  const { node = '', addresses = [] } = given;
  const field = 'spec.addresses';
  return [
    // The garbage collector deletes what has lost its owners: that would be a way out of a binding.
    ...((metadata.ownerReferences ?? []).length === 0
      ? []
      : [forbidden('metadata.ownerReferences', 'a binding belongs to nothing')]),
    ...(node === '' ? [required('spec.node', 'the node that the certificate is for')] : []),
    ...(addresses.length === 0
      ? [required(field, 'IP addresses and CIDRs; to shut a node out, revoke its certificate')]
      : []),
    ...(addresses.length > MOST_ADDRESSES
      ? [tooMany(field, addresses.length, MOST_ADDRESSES)]
      : addresses.flatMap((address, at) =>
          parseIpBlock(address) === undefined
            ? [invalid(`${field}[${at}]`, address, 'must be an IP address or a CIDR')]
            : [],
        )),
  ];
}
