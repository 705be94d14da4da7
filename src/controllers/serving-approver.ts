/**
 * Approves serving certificates of kubelets. Upstream leaves that to administrators, because the API cannot
 * know whose a name is. Nothing is ever denied: a kubelet that was denied asks again and again, and what is
 * trouble that passes here was denied for good by others' approvers. What is not approved stays for an
 * administrator, and is looked at again when something changes that it hangs on.
 *
 * Every decision is told in the log, in an Event of the request and in a metric: once, and again when it is
 * another. One requester can have only so much told of him.
 */
import {
  type CertificateSigningRequest,
  isDecided,
  isFailed,
  isIssued,
  KUBELET_SERVING_SIGNER,
} from '../kubernetes/index.ts';
import { type Allowance, createAllowance } from './allowance.ts';
import { approve } from './approve.ts';
import type { ControllerContext } from './context.ts';
import type { CsrHandler } from './csr-controller.ts';
import type { CsrEvents } from './csr-events.ts';
import { judgeServing, type ServingFacts, type Verdict } from './serving-verdict.ts';

export interface ServingApprover {
  readonly handle: CsrHandler;
  /** The names of those, as of now, whose verdict hangs on one of these keys; of all without. */
  readonly waiting: (keys?: readonly string[]) => readonly string[];
  /** The request of this name is gone. */
  readonly forget: (name: string) => void;
}

export interface ServingApproverOptions {
  readonly facts: ServingFacts;
  readonly events: CsrEvents;
  /** Told each decision that is told, and whether it was too much to tell. */
  readonly counted: (decision: Decision, reason: string) => void;
  /** Decides and tells, and changes nothing. */
  readonly dryRun: boolean;
}

export type Decision = Verdict['decision'] | 'would-approve';

/** An Event lives for an hour: what still holds is told again before. */
const TELL_AGAIN_MS = 30 * 60_000;
/** Lines and Events about one requester: so many at once, one more every so often. */
const TELLING = { burst: 20, everyMs: 10_000 };
const REVOKED = 'RequesterRefused';
const BY_HAND = 'kubectl certificate approve lets it through, if it is right';

interface Pending {
  readonly uid: string | undefined;
  readonly told: string;
  readonly times: number;
  /** When it was told, in milliseconds. */
  readonly at: number;
  readonly hangsOn: readonly string[];
}

/** The approver of kubelets' serving certificates. */
export function createServingApprover(
  context: ControllerContext,
  options: ServingApproverOptions,
): ServingApprover {
  const pending = new Map<string, Pending>();
  const allowance = createAllowance(context.clock, TELLING);
  const handle: CsrHandler = async (csr) => {
    const { name } = csr.metadata;
    if (name === undefined) return 'done';
    if (csr.spec.signerName !== KUBELET_SERVING_SIGNER) return 'done';
    if (isIssued(csr) || isDecided(csr) || isFailed(csr)) {
      pending.delete(name);
      return 'done';
    }
    const verdict = await decide(context, csr, options);
    const before = pending.get(name);
    const now = tell(context, { csr, verdict, before, allowance, options });
    if (verdict.decision === 'approved') pending.delete(name);
    else pending.set(name, now);
    return 'done';
  };
  return {
    handle,
    waiting: (keys) => {
      if (keys === undefined) return [...pending.keys()];
      const changed = new Set(keys);
      return [...pending]
        .filter(([, { hangsOn }]) => hangsOn.some((key) => changed.has(key)))
        .map(([name]) => name);
    },
    forget: (name) => void pending.delete(name),
  };
}

type Decided = Omit<Verdict, 'decision'> & { readonly decision: Decision };

async function decide(
  context: ControllerContext,
  csr: CertificateSigningRequest,
  { facts, dryRun }: ServingApproverOptions,
): Promise<Decided> {
  const verdict = judgeServing(csr, facts);
  if (verdict.decision !== 'approved') return verdict;
  if (dryRun) return { ...verdict, decision: 'would-approve', reason: 'WouldApprove' };
  const { reason, message } = verdict;
  const denial = await approve(context, csr, { reason, message });
  if (denial === undefined) return verdict;
  return { decision: 'refused', reason: REVOKED, message: denial, hangsOn: [] };
}

interface Telling {
  readonly csr: CertificateSigningRequest;
  readonly verdict: Decided;
  readonly before: Pending | undefined;
  readonly allowance: Allowance;
  readonly options: ServingApproverOptions;
}

/** Tells what is new, and what has not been told for long. */
function tell(context: ControllerContext, telling: Telling): Pending {
  const { csr, verdict, before, allowance, options } = telling;
  const { decision, reason, message, hangsOn } = verdict;
  const { uid, name } = csr.metadata;
  const { username = '' } = csr.spec;
  const told = JSON.stringify([decision, reason, message]);
  const at = context.clock.now().getTime();
  const same = before !== undefined && before.uid === uid && before.told === told;
  if (same && at - before.at < TELL_AGAIN_MS) return { ...before, hangsOn };
  const times = same ? before.times + 1 : 1;
  if (!same) options.counted(decision, reason);
  const good = decision === 'approved' || decision === 'would-approve';
  const enough = allowance(username);
  // What `approve` has done it has told itself.
  if (!same && decision !== 'approved' && reason !== REVOKED) {
    const level = !enough ? 'debug' : decision === 'refused' ? 'warn' : 'info';
    const what = good ? 'would approve' : 'not approved';
    context.log({ level, message: what, csr: name, username, decision, reason, why: message });
  }
  if (enough) {
    options.events.tell(csr, {
      type: decision === 'refused' ? 'Warning' : 'Normal',
      reason,
      message: decision === 'refused' ? `${message}; ${BY_HAND}` : message,
      count: times,
    });
  }
  return { uid, told, times, at, hangsOn };
}
