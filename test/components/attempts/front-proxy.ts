/** Attempts around the aggregation layer: front proxies, and extension API servers. */

import type { Host } from '../../../src/cluster/index.ts';
import { templateIn } from '../certificates.ts';
import type { Runnable } from '../components.ts';
import { hostFile } from '../credentials.ts';
import { emptyResourceList, extensionObjects, extensionTemplate, groupOf } from '../extension.ts';
import type { Kind } from '../refusals.ts';
import { apiUrl, CP_1, CP_2, STRANGER } from '../topology.ts';
import type { Prepare } from './attempt.ts';
import { observeHttp } from './http.ts';
import { portOf, SERVER_KINDS, startVariants, verdict } from './stand-ins.ts';
import { makeVariations, SOMEBODY } from './variations.ts';

/** Whom the front proxy speaks for here; this group may read metrics. */
const ON_BEHALF = { 'X-Remote-User': 'user-of-the-proxy', 'X-Remote-Group': 'system:monitoring' };

/** A front proxy that asks a server for its metrics, on the server's own host. */
const frontProxyTo =
  (component: Runnable, host: Host, url: string): Prepare =>
  async (cluster, mint) => {
    const pairs = await makeVariations(
      mint,
      {
        name: `front-proxy-to-${component}`,
        template: templateIn(hostFile(cluster.files, CP_1, 'front-proxy-client', 'certificate')),
        authority: 'front-proxy-ca',
        side: 'client',
      },
      new Date(),
    );
    return {
      observe: async (kind) =>
        observeHttp(cluster, cluster.program(host, component), host, {
          url: `${url}/metrics`,
          client: pairs[kind],
          headers: ON_BEHALF,
        }),
    };
  };

/** It takes what it trusts from the ConfigMap, with the library that extension API servers are made of. */
export const frontProxyToScheduler = frontProxyTo(
  'kube-scheduler',
  CP_2,
  'https://127.0.0.1:10259',
);

/** It is told by its flags, among which kubeadm puts no names. */
export const frontProxyToControllerManager = frontProxyTo(
  'kube-controller-manager',
  CP_1,
  'https://127.0.0.1:10257',
);

export const frontProxyToApiserver = frontProxyTo('kube-apiserver', CP_1, apiUrl(CP_1));

const nameOf = (kind: Kind): string => `extension-${kind}`;
const apiServiceOf = (kind: Kind): string => `v1.${groupOf(nameOf(kind))}`;

/** An APIService for each certificate; kube-apiserver says in its status what came of it. */
export const apiserverToExtension: Prepare = async (cluster, mint) => {
  const base = 7800;
  const original = {
    name: 'apiserver-to-extension',
    template: extensionTemplate(SOMEBODY, new Date()),
    authority: 'ca' as const,
    names: { dns: SERVER_KINDS.map((kind) => `${nameOf(kind)}.default.svc`) },
  };
  const standIn = await startVariants(cluster, mint, original, base, (kind) =>
    JSON.stringify(emptyResourceList(nameOf(kind))),
  );
  const ca = hostFile(cluster.files, CP_1, 'ca', 'certificate');
  await cluster.create(
    SERVER_KINDS.flatMap((kind) =>
      extensionObjects({ name: nameOf(kind), host: STRANGER, port: portOf(base, kind), ca }),
    ),
  );
  const path = '-o=jsonpath={.status.conditions[*].message}';
  return {
    observe: async (kind) =>
      verdict({ standIn, base, kind, accepted: 'request' }, async () =>
        cluster.kubectl('get', 'apiservice', apiServiceOf(kind), path),
      ),
    close: async () => {
      // A group that does not answer is in the way of everybody who asks which groups there are.
      await cluster.kubectl('delete', 'apiservice', ...SERVER_KINDS.map(apiServiceOf));
      await standIn.program.stop();
    },
  };
};
