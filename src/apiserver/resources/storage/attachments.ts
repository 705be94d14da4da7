/** Volumes that are to be attached to nodes (k8s.io/kubernetes, pkg/registry/storage/volumeattachment). */
import {
  VOLUME_ATTACHMENTS,
  type VolumeAttachment,
  type VolumeError,
} from '../../../kubernetes/index.ts';
import { IMMUTABLE, MOST_INT32, subdomain, within } from '../checks.ts';
import { AGE, column, NAME } from '../columns.ts';
import { define } from '../define.ts';
import { type FieldError, forbidden, invalid, required, tooLong } from '../field-error.ts';
import { sameJson, statusMetadata } from '../metadata.ts';
import { dnsSubdomain } from '../names.ts';
import { validateDriverName } from '../pods/index.ts';
import { ageOf } from '../times.ts';
import { validateInlineVolume } from './volume-spec.ts';
import { volumeDefaults } from './volumes.ts';

const MOST_METADATA_BYTES = 256 * 1024;
const LONGEST_MESSAGE = 1024;
const ONE_OF = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';

export const VOLUME_ATTACHMENT_DEFINITION = define(VOLUME_ATTACHMENTS, {
  strategy: {
    validateName: dnsSubdomain,
    default: withDefaults,
    prepareCreate: (attachment) => ({ ...attachment, status: { attached: false } }),
    prepareUpdate: (attachment, old) => ({ ...attachment, status: old.status }),
    validate,
    validateUpdate,
    allowUnconditionalUpdate: false,
    returnDeletedObject: true,
  },
  subresources: {
    status: {
      verbs: ['get', 'patch', 'update'],
      prepareUpdate: (attachment, old) => ({
        ...attachment,
        metadata: statusMetadata(attachment.metadata, old.metadata),
        spec: old.spec,
      }),
      validateUpdate,
    },
  },
  columns: [
    NAME,
    column('Attacher', 'The driver that attaches it.', { format: 'name' }),
    column('PV', 'The volume.'),
    column('Node', 'The node.'),
    column('Attached', 'Whether it is attached.', { type: 'boolean' }),
    AGE,
  ],
  row: ({ metadata, spec, status }, now) => [
    metadata.name ?? '',
    spec.attacher,
    spec.source.persistentVolumeName ?? '',
    spec.nodeName,
    status.attached,
    ageOf(metadata.creationTimestamp, now),
  ],
});

function withDefaults(attachment: VolumeAttachment): VolumeAttachment {
  const { spec } = attachment;
  const { inlineVolumeSpec: inline } = spec.source;
  if (inline === undefined) return attachment;
  const complete = volumeDefaults(inline);
  if (complete === inline) return attachment;
  const source = { ...spec.source, inlineVolumeSpec: complete };
  return { ...attachment, spec: { ...spec, source } };
}

function validate({ spec, status }: VolumeAttachment): FieldError[] {
  const { attachmentMetadata = {}, attachError, detachError } = status;
  const size = Object.entries(attachmentMetadata).reduce(
    (sum, pair) => sum + Buffer.byteLength(pair.join('')),
    0,
  );
  const { persistentVolumeName: volume } = spec.source;
  return [
    ...validateDriverName('spec.attacher', spec.attacher),
    ...validateSource(spec.source, 'spec.source'),
    ...subdomain('spec.nodeName', spec.nodeName),
    ...(size > MOST_METADATA_BYTES
      ? [tooLong('status.attachmentMetadata', MOST_METADATA_BYTES)]
      : []),
    ...validateError('status.attachError', attachError),
    ...validateError('status.detachError', detachError),
    ...(volume === undefined ? [] : subdomain('spec.source.persistentVolumeName', volume)),
  ];
}

function validateSource(source: VolumeAttachment['spec']['source'], field: string): FieldError[] {
  const { persistentVolumeName: volume, inlineVolumeSpec: inline } = source;
  if (volume === undefined) {
    return inline === undefined
      ? [required(field, ONE_OF)]
      : validateInlineVolume(inline, `${field}.inlineVolumeSpec`);
  }
  if (inline !== undefined) return [forbidden(field, ONE_OF)];
  const detail = 'must specify non empty persistentVolumeName';
  return volume === '' ? [required(`${field}.persistentVolumeName`, detail)] : [];
}

function validateError(field: string, error: VolumeError | undefined): FieldError[] {
  const { message = '', errorCode } = error ?? {};
  return [
    // The number is that of another field: upstream's own.
    ...(Buffer.byteLength(message) > LONGEST_MESSAGE
      ? [tooLong(`${field}.message`, MOST_METADATA_BYTES)]
      : []),
    ...within(`${field}.errorCode`, errorCode, 0, MOST_INT32),
  ];
}

function validateUpdate(attachment: VolumeAttachment, old: VolumeAttachment): FieldError[] {
  return [
    ...validate(attachment),
    ...(sameJson(attachment.spec, old.spec) ? [] : [invalid('spec', attachment.spec, IMMUTABLE)]),
  ];
}
