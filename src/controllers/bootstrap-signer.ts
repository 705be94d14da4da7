/**
 * Signs `cluster-info` with each bootstrap token that may sign, and takes the signatures of others away
 * (kube-controller-manager's bootstrapsigner: kubernetes, pkg/controller/bootstrap/bootstrapsigner.go).
 */
import { createWorkQueue, type Informer } from '../client/index.ts';
import { CONFIG_MAPS, type ConfigMap, refusedFor, type Secret } from '../kubernetes/index.ts';
import {
  BOOTSTRAP_SECRET_TYPE,
  CLUSTER_INFO,
  CLUSTER_INFO_KUBECONFIG,
  detachedSignature,
  isSignatureKey,
  signatureKey,
  signingToken,
} from '../tokens/index.ts';
import type { TokenController } from './bootstrap-tokens.ts';
import { type ControllerContext, textOf } from './context.ts';
import { startInformerOf, untilSynced } from './watch.ts';

/** There is one ConfigMap: whatever changes, this is looked at. */
const KEY = CLUSTER_INFO.name;
const WORKERS = 1;

export function signClusterInfo(context: ControllerContext): TokenController {
  const { clock, signal, log } = context;
  const queue = createWorkQueue({
    clock,
    onError: (error) =>
      log({ level: 'error', message: 'failed, and is tried again', error: textOf(error) }),
  });
  const onChange = (): void => queue.add(KEY);
  return {
    onChange,
    run: async (secrets) => {
      const infos = startInformerOf(context, CONFIG_MAPS, {
        namespace: CLUSTER_INFO.namespace,
        fieldSelector: `metadata.name=${CLUSTER_INFO.name}`,
        onChange,
      });
      // Before all tokens are known, signatures of those that are not would be taken away.
      await untilSynced(infos, secrets);
      await queue.run(
        WORKERS,
        async () => {
          const next = await signNow(context, infos, secrets);
          if (next !== undefined) queue.addAfter(KEY, next);
        },
        signal,
      );
      await infos.stopped;
    },
  };
}

/** Answers after how many milliseconds the next token expires. */
async function signNow(
  { client, clock, signal, log }: ControllerContext,
  infos: Informer<ConfigMap>,
  secrets: Informer<Secret>,
): Promise<number | undefined> {
  const info = infos.get(CLUSTER_INFO.namespace, CLUSTER_INFO.name);
  const payload = info?.data?.[CLUSTER_INFO_KUBECONFIG];
  if (info === undefined || payload === undefined) return undefined;
  const { signatures, next } = signaturesOf(payload, secrets.list(), clock.now());
  const found = Object.entries(info.data ?? {});
  const signed = found.filter(([key]) => isSignatureKey(key));
  const isRight = ([key, value]: readonly [string, string]): boolean =>
    signatures.get(key) === value;
  if (signed.length === signatures.size && signed.every(isRight)) return next;
  const others = found.filter(([key]) => !isSignatureKey(key));
  try {
    // With the version that was seen: what another has written meanwhile comes up by itself.
    const data = Object.fromEntries([...others, ...signatures]);
    await client.update(CONFIG_MAPS, { ...info, data }, { signal });
  } catch (error) {
    if (refusedFor(error, 'NotFound', 'Conflict')) return next;
    throw error;
  }
  log({ level: 'info', message: 'signed cluster-info', tokens: signatures.size });
  return next;
}

function signaturesOf(
  payload: string,
  secrets: readonly Secret[],
  now: Date,
): { readonly signatures: ReadonlyMap<string, string>; readonly next: number | undefined } {
  const signatures = new Map<string, string>();
  let next: number | undefined;
  for (const secret of secrets) {
    // The field selector has chosen already, but what is signed is public.
    if (secret.type !== BOOTSTRAP_SECRET_TYPE) continue;
    const found = signingToken(secret, now);
    if (found === undefined) continue;
    const { token, lifetime } = found;
    signatures.set(signatureKey(token.id), detachedSignature(payload, token));
    if (!lifetime.expired && lifetime.left !== undefined) {
      next = Math.min(next ?? lifetime.left, lifetime.left);
    }
  }
  return { signatures, next };
}
