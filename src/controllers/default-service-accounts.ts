/**
 * Makes ServiceAccount `default` in every namespace: the one of pods that name none (kube-controller-manager's
 * serviceaccount-controller: kubernetes, pkg/controller/serviceaccount/serviceaccounts_controller.go).
 */
import { SERVICE_ACCOUNTS } from '../kubernetes/index.ts';
import type { ControllerContext } from './context.ts';
import { keeperOf } from './namespace-objects.ts';
import type { NamespaceController } from './namespaces.ts';

const NAME = 'default';

export const keepDefaultServiceAccounts = (context: ControllerContext): NamespaceController =>
  keeperOf(context, {
    type: SERVICE_ACCOUNTS,
    name: NAME,
    make: (namespace) => ({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: NAME, namespace },
    }),
    // It is anybody's to change.
    mend: () => undefined,
  });
