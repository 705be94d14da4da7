/** ServiceAccounts (k8s.io/kubernetes, pkg/registry/core/serviceaccount). */
import { SERVICE_ACCOUNTS, type ServiceAccount } from '../../kubernetes/index.ts';
import { AGE, NAME } from './columns.ts';
import { define } from './define.ts';
import { apiObject } from './metadata-schema.ts';
import { dnsSubdomain } from './names.ts';
import { OBJECT_REFERENCE } from './object-reference.ts';
import { BOOLEAN, list, mergedBy, object, optional, pointer, STRING } from './schema.ts';
import { ageOf } from './times.ts';

/** Of a reference to a secret only the name counts. */
function cleaned(account: ServiceAccount): ServiceAccount {
  if (account.secrets === undefined) return account;
  const secrets = account.secrets.map(({ name }) => (name === undefined ? {} : { name }));
  return { ...account, secrets };
}

export const SERVICE_ACCOUNT_DEFINITION = define(SERVICE_ACCOUNTS, {
  shortNames: ['sa'],
  schema: apiObject('io.k8s.api.core.v1.ServiceAccount', {
    secrets: optional(mergedBy('name', OBJECT_REFERENCE)),
    imagePullSecrets: optional(
      list(object('io.k8s.api.core.v1.LocalObjectReference', { name: optional(STRING) }), {
        listType: 'atomic',
      }),
    ),
    automountServiceAccountToken: pointer(BOOLEAN),
  }),
  strategy: {
    validateName: dnsSubdomain,
    prepareCreate: cleaned,
    prepareUpdate: cleaned,
    returnDeletedObject: true,
  },
  columns: [NAME, AGE],
  row: ({ metadata }, now) => [metadata.name ?? '', ageOf(metadata.creationTimestamp, now)],
});
