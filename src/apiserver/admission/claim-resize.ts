/**
 * PersistentVolumeClaimResize: a claim becomes larger only where it has a volume, of a class that allows it
 * (kubernetes, plugin/pkg/admission/storage/persistentvolume/resize).
 */
import type {
  KubernetesObject,
  PersistentVolumeClaim,
  StorageClass,
} from '../../kubernetes/index.ts';
import { classOf, requestedStorage } from '../resources/index.ts';
import type { Admission } from '../types.ts';
import { fieldOf, isAbout, refusal } from './request.ts';

/** @param find a class as it is now */
export function claimResize(find: (name: string) => Promise<StorageClass | undefined>): Admission {
  return async (request) => {
    const { attributes, object, old } = request;
    if (!isAbout(request, 'persistentvolumeclaims') || attributes.subresource !== '') return;
    if (!isClaim(object) || !isClaim(old)) return;
    if (requestedStorage(object) <= requestedStorage(old)) return;
    if (old.status?.phase !== 'Bound') {
      throw refusal(request, 'Only bound persistent volume claims can be expanded');
    }
    const name = classOf(object);
    const isSame = name !== '' && name === classOf(old);
    if (isSame && (await find(name))?.allowVolumeExpansion === true) return;
    throw refusal(
      request,
      'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
    );
  };
}

/** The resource has been looked at: its objects have been read by its schema. */
const isClaim = (object: KubernetesObject | undefined): object is PersistentVolumeClaim =>
  fieldOf(object, 'spec') !== undefined;
