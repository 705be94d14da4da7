/**
 * Puts the CA of the API server into every namespace, where pods find it (kube-controller-manager's
 * root-ca-certificate-publisher-controller: kubernetes, pkg/controller/certificates/rootcacertpublisher).
 */
import { CONFIG_MAPS, type ConfigMap } from '../kubernetes/index.ts';
import type { ControllerContext } from './context.ts';
import { keeperOf } from './namespace-objects.ts';
import type { NamespaceController } from './namespaces.ts';

/** What verifies the API server. It may be replaced while controllers run. */
export interface RootCa {
  /** PEM, one certificate or more, as it is now. */
  readonly pem: () => string;
  /** Calls when it has changed, until the signal aborts. */
  readonly onChange: (listener: () => void, signal: AbortSignal) => void;
}

const NAME = 'kube-root-ca.crt';
const KEY = 'ca.crt';
const DESCRIPTION = 'kubernetes.io/description';
const TEXT =
  'CAs that verify the API server where it is asked at an address within the cluster, such as kubernetes.default.svc. ' +
  'What else they verify is up to whoever set up the cluster.';

export const keepRootCa = (
  context: ControllerContext,
  { pem, onChange }: RootCa,
): NamespaceController =>
  keeperOf<ConfigMap>(context, {
    type: CONFIG_MAPS,
    name: NAME,
    onChange,
    make: (namespace) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: NAME, namespace, annotations: { [DESCRIPTION]: TEXT } },
      data: { [KEY]: pem() },
    }),
    mend(found) {
      const { data = {}, metadata } = found;
      // In whatever words: kube-controller-manager has its own.
      const isDescribed = (metadata.annotations?.[DESCRIPTION] ?? '') !== '';
      const isRight = data[KEY] === pem() && Object.keys(data).length === 1;
      if (isRight && isDescribed) return undefined;
      const annotations = { ...metadata.annotations, [DESCRIPTION]: TEXT };
      return { ...found, metadata: { ...metadata, annotations }, data: { [KEY]: pem() } };
    },
  });
