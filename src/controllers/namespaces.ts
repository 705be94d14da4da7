/** Starts the controllers of namespaces: they share one informer of what is in their metadata. */
import type { Informer, InformerChange } from '../client/index.ts';
import { NAMESPACES, type Namespace } from '../kubernetes/index.ts';
import type { ControllerContext } from './context.ts';
import { startInformerOf } from './watch.ts';

export interface NamespaceController {
  /** To be told every change of a namespace. */
  readonly onChange: (change: InformerChange<Namespace>) => void;
  /** Works with the informer until the signal aborts. */
  readonly run: (namespaces: Informer<Namespace>) => Promise<void>;
}

/** Works until the signal aborts; ends at once where there is none of them. */
export async function runNamespaceControllers(
  context: ControllerContext,
  controllers: readonly NamespaceController[],
): Promise<void> {
  if (controllers.length === 0) return;
  const namespaces = startInformerOf(context, NAMESPACES, {
    metadataOnly: true,
    onChange: (change) => {
      for (const { onChange } of controllers) onChange(change);
    },
  });
  await Promise.all([...controllers.map(async ({ run }) => run(namespaces)), namespaces.stopped]);
}
