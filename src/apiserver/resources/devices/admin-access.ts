/** Access to devices that others have is for namespaces that an administrator has labelled (AuthorizedForAdmin). */
import {
  type DeviceClaim,
  type KubernetesObject,
  NAMESPACES,
  type ResourceType,
} from '../../../kubernetes/index.ts';
import type { Elsewhere } from '../definition.ts';
import { forbidden, invalidObject } from '../field-error.ts';

const LABEL = 'resource.kubernetes.io/admin-access';

/** @throws StatusError Invalid where a claim of that namespace must not have it */
export async function checkAdminAccess(
  type: ResourceType,
  { metadata: { name = '', namespace } }: KubernetesObject,
  { requests }: DeviceClaim,
  elsewhere: Elsewhere,
): Promise<void> {
  const index = (requests ?? []).findIndex(({ exactly }) => exactly?.adminAccess === true);
  if (index < 0) return;
  const all = await elsewhere.list(NAMESPACES);
  const own = all.find(({ metadata }) => metadata.name === namespace);
  if (own?.metadata.labels?.[LABEL] === 'true') return;
  // Of a template, too: upstream's own path.
  const field = `spec.devices.requests[${index}].adminAccess`;
  const detail = `admin access to devices requires the \`${LABEL}: true\` label on the containing namespace`;
  throw invalidObject(type, name, [forbidden(field, detail)]);
}
