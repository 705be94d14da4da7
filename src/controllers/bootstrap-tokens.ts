/** Starts the controllers of bootstrap tokens: they share one informer of the Secrets that hold these. */
import type { Informer, InformerChange } from '../client/index.ts';
import { SECRETS, type Secret } from '../kubernetes/index.ts';
import { BOOTSTRAP_SECRET_NAMESPACE, BOOTSTRAP_SECRET_TYPE } from '../tokens/index.ts';
import type { ControllerContext } from './context.ts';
import { startInformerOf } from './watch.ts';

export interface TokenController {
  /** To be told every change of a token. */
  readonly onChange: (change: InformerChange<Secret>) => void;
  /** Works with the informer until the signal aborts. */
  readonly run: (secrets: Informer<Secret>) => Promise<void>;
}

/** Works until the signal aborts; ends at once where there is none of them. */
export async function runTokenControllers(
  context: ControllerContext,
  controllers: readonly TokenController[],
): Promise<void> {
  if (controllers.length === 0) return;
  const secrets = startInformerOf(context, SECRETS, {
    namespace: BOOTSTRAP_SECRET_NAMESPACE,
    fieldSelector: `type=${BOOTSTRAP_SECRET_TYPE}`,
    onChange: (change) => {
      for (const { onChange } of controllers) onChange(change);
    },
  });
  await Promise.all([...controllers.map(async ({ run }) => run(secrets)), secrets.stopped]);
}
