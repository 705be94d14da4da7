/** Disks that are reached by iSCSI (k8s.io/kubernetes, validateISCSIPersistentVolumeSource). */
import { addAll } from '../../../add-all.ts';
import { isLongerThan, type PersistentVolumeSource } from '../../../kubernetes/index.ts';
import { within } from '../checks.ts';
import { type FieldError, invalid, required } from '../field-error.ts';

const FORMS: readonly (readonly [start: string, form: RegExp])[] = [
  // Not from its beginning, upstream.
  ['iqn', /iqn\.\d{4}-\d{2}\.[A-Za-z0-9.-]+:[^,;*&$|\s]+$/],
  ['eui', /^eui.[A-Za-z0-9]{16}$/],
  ['naa', /^naa.[A-Za-z0-9]{32}$/],
];
/** RFC 3720, 3.2.6.1, has 223 bytes; upstream has no bound, and a pattern that takes ever longer. */
const LONGEST = 1024;
const LONGEST_NAME = 64;

const isName = (name: string): boolean =>
  name.length <= LONGEST &&
  FORMS.some(([start, form]) => name.startsWith(start) && form.test(name));

/** @param volume its name: with an initiator of its own, an interface is called after it */
export function validateIscsi(
  field: string,
  iscsi: NonNullable<PersistentVolumeSource['iscsi']>,
  volume: string,
): FieldError[] {
  const { targetPortal, iqn, lun, secretRef, initiatorName } = iscsi;
  const errors: FieldError[] = [];
  if (targetPortal === '') errors.push(required(`${field}.targetPortal`));
  if (initiatorName !== undefined && isLongerThan(`${volume}:${targetPortal}`, LONGEST_NAME)) {
    errors.push(
      invalid(
        `${field}.targetportal`,
        targetPortal,
        'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.',
      ),
    );
  }
  if (iqn === '') errors.push(required(`${field}.iqn`));
  else if (!isName(iqn)) errors.push(invalid(`${field}.iqn`, iqn, 'must be valid format'));
  addAll(errors, within(`${field}.lun`, lun, 0, 255));
  const isSecret = iscsi.chapAuthDiscovery === true || iscsi.chapAuthSession === true;
  if (isSecret && secretRef === undefined) errors.push(required(`${field}.secretRef`));
  if (secretRef !== undefined && (secretRef.name ?? '') === '') {
    errors.push(required(`${field}.secretRef.name`));
  }
  if (initiatorName !== undefined && !isName(initiatorName)) {
    errors.push(invalid(`${field}.initiatorname`, initiatorName, 'must be valid format'));
  }
  return errors;
}
