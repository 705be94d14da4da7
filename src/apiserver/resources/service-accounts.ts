/** ServiceAccounts (k8s.io/kubernetes, pkg/registry/core/serviceaccount). */
import { SERVICE_ACCOUNTS, type ServiceAccount } from '../../kubernetes/index.ts';
import { AGE, NAME } from './columns.ts';
import { define } from './define.ts';
import { dnsSubdomain } from './names.ts';
import { ageOf } from './times.ts';

const ENFORCED = 'kubernetes.io/enforce-mountable-secrets';
const hasEnforced = ({ annotations = {} }: ServiceAccount['metadata']): boolean =>
  Object.hasOwn(annotations, ENFORCED);

/** Of a reference to a secret only the name counts. */
function cleaned(account: ServiceAccount): ServiceAccount {
  if (account.secrets === undefined) return account;
  const secrets = account.secrets.map(({ name }) => (name === undefined ? {} : { name }));
  return { ...account, secrets };
}

export const SERVICE_ACCOUNT_DEFINITION = define(SERVICE_ACCOUNTS, {
  shortNames: ['sa'],
  strategy: {
    validateName: dnsSubdomain,
    prepareCreate: cleaned,
    prepareUpdate: cleaned,
    warnings: ({ metadata }, old) =>
      hasEnforced(metadata) && !hasEnforced(old?.metadata ?? {})
        ? [
            `metadata.annotations[${ENFORCED}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`,
          ]
        : [],
    returnDeletedObject: true,
  },
  columns: [NAME, AGE],
  row: ({ metadata }, now) => [metadata.name ?? '', ageOf(metadata.creationTimestamp, now)],
});
