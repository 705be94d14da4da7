/** Events as lines for whoever looks after the node, without the same line again every half minute. */
import type { Clock } from '../client/index.ts';
import { describeEvent } from './describe.ts';
import type { CertificateKind, NodeEvent } from './types.ts';

/** What is still so is said again after that time. */
const AGAIN_MS = 3_600_000;

/** @returns a function that answers with the line of an event, or undefined where it was said already */
export function lineTeller(clock: Clock): (event: NodeEvent) => string | undefined {
  const said = new Map<CertificateKind, { readonly message: string; readonly at: number }>();
  return (event) => {
    if (event.type === 'attempt-failed') {
      const now = clock.now().getTime();
      const last = said.get(event.kind);
      if (last?.message === event.message && Math.abs(now - last.at) < AGAIN_MS) return undefined;
      said.set(event.kind, { message: event.message, at: now });
    } else if (event.type === 'certificate-stored' || event.type === 'renewed') {
      said.delete(event.kind);
    }
    return describeEvent(event);
  };
}
