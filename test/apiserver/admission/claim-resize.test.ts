/** Which claims may become larger (kubernetes, plugin/pkg/admission/storage/persistentvolume/resize). */
import { expect, it } from 'vitest';
import { claimResize } from '../../../src/apiserver/admission/index.ts';
import type { PersistentVolumeClaim, StorageClass } from '../../../src/kubernetes/index.ts';
import { refusal, user } from './requests.ts';

const asked: string[] = [];
const CLASSES: Readonly<Record<string, StorageClass>> = {
  elastic: { metadata: { name: 'elastic' }, provisioner: 'p', allowVolumeExpansion: true },
  rigid: { metadata: { name: 'rigid' }, provisioner: 'p', allowVolumeExpansion: false },
  silent: { metadata: { name: 'silent' }, provisioner: 'p' },
};
const admission = claimResize(async (name) => {
  asked.push(name);
  return Object.hasOwn(CLASSES, name) ? CLASSES[name] : undefined;
});

const claim = (
  storage: string,
  storageClassName: string | undefined,
  annotations: Readonly<Record<string, string>> = {},
  phase = 'Bound',
): PersistentVolumeClaim => ({
  metadata: { name: 'c', namespace: 'default', annotations },
  spec: {
    resources: { requests: { storage } },
    ...(storageClassName === undefined ? {} : { storageClassName }),
  },
  status: { phase },
});

async function judged(
  object: PersistentVolumeClaim,
  old: PersistentVolumeClaim,
  resource = 'persistentvolumeclaims',
): Promise<string | undefined> {
  const error = await refusal(admission, { user: user('alice'), resource, object, old });
  return error?.message;
}

const NOT_BOUND = 'Only bound persistent volume claims can be expanded';
const NOT_ALLOWED = 'only dynamically provisioned pvc can be resized';
const OLD = 'volume.beta.kubernetes.io/storage-class';

it('those that are bound, of a class that allows it', async () => {
  expect(await judged(claim('2Gi', 'elastic'), claim('1Gi', 'elastic'))).toBeUndefined();
  const pending = claim('1Gi', 'elastic', {}, 'Pending');
  expect(await judged(claim('2Gi', 'elastic'), pending)).toContain(NOT_BOUND);
  for (const name of ['rigid', 'silent', 'absent', '', '__proto__', undefined]) {
    expect(await judged(claim('2Gi', name), claim('1Gi', name)), name).toContain(NOT_ALLOWED);
  }
  expect(await judged(claim('2Gi', 'elastic'), claim('1Gi', 'rigid'))).toContain(NOT_ALLOWED);
});

it('the class in the old annotation counts first', async () => {
  const elastic = { [OLD]: 'elastic' };
  expect(await judged(claim('2Gi', 'rigid', elastic), claim('1Gi', 'rigid', elastic))).toBe(
    undefined,
  );
  const rigid = { [OLD]: 'rigid' };
  expect(await judged(claim('2Gi', 'elastic', rigid), claim('1Gi', 'elastic', rigid))).toContain(
    NOT_ALLOWED,
  );
});

it('nobody is asked where nothing becomes larger', async () => {
  asked.length = 0;
  const pending = (storage: string) => claim(storage, 'rigid', {}, 'Pending');
  for (const size of ['1Gi', '1024Mi', '1', '0']) {
    expect(await judged(pending(size), pending('1Gi'))).toBeUndefined();
  }
  const status = 'persistentvolumeclaims/status';
  expect(await judged(claim('2Gi', 'rigid'), claim('1Gi', 'rigid'), status)).toBeUndefined();
  expect(await judged(claim('2Gi', 'rigid'), claim('1Gi', 'rigid'), 'pods')).toBeUndefined();
  const made = { user: user('alice'), resource: 'persistentvolumeclaims', object: pending('9Gi') };
  expect(await refusal(admission, made)).toBeUndefined();
  expect(asked).toEqual([]);
});
