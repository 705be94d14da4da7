/** What FlowSchemas and PriorityLevelConfigurations share: fixed names, and a status of conditions. */
import type { FlowSchema } from '../../../kubernetes/index.ts';
import { each } from '../checks.ts';
import { duplicate, type FieldError, required } from '../field-error.ts';

/** Objects of these names are in every cluster, and nobody can give them another spec. */
export const EXEMPT = 'exempt';
export const CATCH_ALL = 'catch-all';

export const ofUpstream = (name: string): FlowSchema['metadata'] => ({
  name,
  annotations: { 'apf.kubernetes.io/autoupdate-spec': 'true' },
});

interface Flow {
  readonly status?: NonNullable<FlowSchema['status']>;
}

export const statusOf = ({
  status = {},
}: Flow): { readonly status: NonNullable<Flow['status']> } => ({
  status,
});

export function validateStatus({ status }: Flow): FieldError[] {
  const seen = new Set<string>();
  return each(status?.conditions, 'status.conditions', ({ type = '' }, path) => {
    const errors = seen.has(type) ? [duplicate(`${path}.type`, type)] : [];
    seen.add(type);
    return type === '' ? [...errors, required(`${path}.type`)] : errors;
  });
}
