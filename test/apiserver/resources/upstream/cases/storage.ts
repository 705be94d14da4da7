/** Volumes, claims, classes, capacities and attachments: what is particular to each. */
import {
  type Case,
  get,
  JSON_PATCH,
  named,
  patch,
  post,
  put,
  remove,
  STRATEGIC,
  table,
} from '../case.ts';

const PV = '/api/v1/persistentvolumes',
  PVC = '/api/v1/namespaces/default/persistentvolumeclaims';
const GROUP = '/apis/storage.k8s.io/v1';
const SC = `${GROUP}/storageclasses`,
  CSC = `${GROUP}/namespaces/default/csistoragecapacities`,
  VA = `${GROUP}/volumeattachments`;

const BASE = { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'] };
const NFS = { nfs: { server: 's', path: '/p' } };
const volume = (label: string, name: string, spec: object, metadata: object = {}): Case => ({
  ...post(PV, { metadata: { name, ...metadata }, spec: { ...BASE, ...spec } }),
  label,
});
/** Of one kind of place, on its own, wrong. */
const place = (kind: string, source: object, name = 'bad'): Case =>
  volume(`bad ${kind}`, name, { [kind]: source });
const onNodes = (...nodeSelectorTerms: object[]): object => ({
  nodeAffinity: { required: { nodeSelectorTerms } },
});
const zone = { key: 'zone', operator: 'In', values: ['a'] };
const beta = { ...zone, key: 'failure-domain.beta.kubernetes.io/zone' };
const stable = { ...zone, key: 'topology.kubernetes.io/zone' };
const CSI = { driver: 'a.b', volumeHandle: 'h' };
const SECRET = { name: 's', namespace: 'n' };

const volumes: readonly Case[] = [
  volume('nothing', 'bad', { capacity: undefined, accessModes: undefined }),
  volume('two places', 'bad', {
    ...NFS,
    local: { path: '/x' },
    csi: CSI,
    cephfs: { monitors: [] },
  }),
  volume('a third that upstream takes', 'three', {
    ...NFS,
    flexVolume: { driver: 'x' },
    csi: CSI,
  }),
  volume('bad fields', 'bad', {
    ...NFS,
    accessModes: ['ReadWriteOncePod', 'ReadOnlyMany', 'Write', 'Write'],
    persistentVolumeReclaimPolicy: 'Keep',
    volumeMode: 'Tape',
    storageClassName: 'A_b',
    volumeAttributesClassName: '',
    nodeAffinity: {},
  }),
  volume('bad attributes class', 'bad', { csi: CSI, volumeAttributesClassName: 'A_b' }),
  volume('capacity of something else', 'bad', { ...NFS, capacity: { cpu: '1' } }),
  volume('capacity of more', 'bad', { ...NFS, capacity: { storage: '1', cpu: '-1' } }),
  volume('no capacity', 'bad', { ...NFS, capacity: { storage: '0' } }),
  volume('negative capacity', 'bad', { ...NFS, capacity: { storage: '-1500m' } }),
  volume('small capacity', 'small', { ...NFS, capacity: { storage: '1u' } }),
  volume('bad nodes', 'bad', {
    ...NFS,
    ...onNodes({
      matchExpressions: [
        { key: 'a b', operator: 'In' },
        { key: 'a', operator: 'Near', values: ['--'] },
      ],
      matchFields: [{ key: 'spec.x', operator: 'In', values: ['a', 'b'] }],
    }),
  }),
  volume('no nodes', 'bad', { ...NFS, ...onNodes() }),
  volume('local without nodes', 'bad', { local: { path: '../x' } }),
  volume('local with nodes', 'local', {
    local: { path: '/x' },
    ...onNodes({ matchExpressions: [beta] }),
  }),
  volume('recycled root', 'bad', {
    hostPath: { path: '/a/../' },
    persistentVolumeReclaimPolicy: 'Recycle',
  }),
  volume('recycled', 'recycled', {
    hostPath: { path: '/a' },
    persistentVolumeReclaimPolicy: 'Recycle',
  }),
  place('hostPath', { path: '' }),
  place('hostPath', { path: '/a/../b', type: 'x' }),
  place('gcePersistentDisk', { pdName: '', partition: 256 }),
  place('awsElasticBlockStore', { volumeID: '', partition: -1 }),
  place('glusterfs', { endpoints: '', path: '', endpointsNamespace: '' }),
  place('glusterfs', { endpoints: 'e', path: 'p', endpointsNamespace: 'A.b' }),
  place('flocker', {}),
  place('flocker', { datasetName: 'a/b', datasetUUID: 'u' }),
  place('nfs', { server: '', path: '' }),
  place('rbd', { monitors: [], image: '' }),
  place('quobyte', { registry: '', volume: '' }),
  place('quobyte', { registry: 'a:1,b', volume: 'v' }),
  place('quobyte', { registry: 'a:1,[::1]:2,::1:2', volume: 'v' }),
  place('quobyte', { registry: 'x', volume: 'v', tenant: 't'.repeat(65) }),
  place('cephfs', { monitors: [] }),
  place('iscsi', { targetPortal: '', iqn: '', lun: 256, chapAuthSession: true }),
  place(
    'iscsi',
    {
      targetPortal: 'p'.repeat(60),
      iqn: 'iqn.2001-4.a:b',
      lun: -1,
      secretRef: {},
      initiatorName: 'eui.123',
    },
    'bad-name',
  ),
  place('iscsi', { targetPortal: 'p', iqn: 'other', lun: 0, initiatorName: 'other' }),
  place('iscsi', { targetPortal: 'p', iqn: 'naa.1', lun: 0, initiatorName: 'iqn.2001-04.a:b c' }),
  place('cinder', { volumeID: '', secretRef: {} }),
  place('fc', {}),
  place('fc', { targetWWNs: ['a'], wwids: ['b'] }),
  place('fc', { targetWWNs: ['a'], lun: 256 }),
  place('flexVolume', { driver: '', options: { 'a.K8s.io/b': '', 'kubernetes.io': '', c: '' } }),
  place('azureFile', { secretName: '', shareName: '', secretNamespace: '' }),
  place('vsphereVolume', { volumePath: '' }),
  place('photonPersistentDisk', { pdID: '' }),
  place('portworxVolume', { volumeID: '' }),
  place('azureDisk', { diskName: '', diskURI: '', cachingMode: 'x', kind: 'y' }),
  place('azureDisk', { diskName: 'd', diskURI: 'http://x', kind: 'Managed' }),
  place('azureDisk', { diskName: 'd', diskURI: 'http://x' }),
  place('scaleIO', { gateway: '', system: '', secretRef: null }),
  place('storageos', { volumeNamespace: 'A', secretRef: {} }),
  place('storageos', { volumeName: 'A' }),
  place('csi', {
    driver: 'a_b',
    volumeHandle: '',
    controllerPublishSecretRef: {},
    controllerExpandSecretRef: { name: 'A', namespace: 'B.c' },
    nodeStageSecretRef: {},
    nodePublishSecretRef: { name: 's' },
    nodeExpandSecretRef: { namespace: 's' },
  }),
  place('csi', { driver: 'a'.repeat(64), volumeHandle: 'h' }),
  volume('defaults of iscsi', 'iscsi', {
    iscsi: { targetPortal: 'p', iqn: 'iqn.2001-04.com.example:x', lun: 0 },
  }),
  volume('defaults of rbd', 'rbd', { rbd: { monitors: ['m'], image: 'i' } }),
  volume('defaults of an Azure disk', 'azure', {
    azureDisk: { diskName: 'd', diskURI: 'https://x' },
  }),
  volume('defaults of ScaleIO', 'scale', {
    scaleIO: { gateway: 'g', system: 's', volumeName: 'v', secretRef: { name: 's' } },
  }),
  volume('a volume of StorageOS', 'storageos', { storageos: { volumeName: 'v' } }),
  volume('old annotations', 'old', NFS, {
    annotations: {
      'volume.beta.kubernetes.io/storage-class': 'slow',
      'volume.beta.kubernetes.io/mount-options': 'ro',
    },
  }),
  volume(
    'old mount options',
    'bad',
    { hostPath: { path: '/a' } },
    {
      annotations: { 'volume.beta.kubernetes.io/mount-options': 'ro' },
    },
  ),
  volume('with its finalizer', 'protected', NFS, {
    finalizers: ['kubernetes.io/pv-protection', 'a.b/c'],
  }),
  volume('whole', 'csi', {
    csi: CSI,
    claimRef: { namespace: 'default', name: 'c' },
    storageClassName: 'fast',
    mountOptions: ['ro'],
    volumeMode: 'Block',
    volumeAttributesClassName: 'gold',
  }),
  { ...table(PV), label: 'volumes' },
  { ...get(`${PV}?fieldSelector=name%3Dcsi`), label: 'by the old name' },
  { ...patch(`${PV}/csi`, { spec: { csi: { volumeHandle: 'i' } } }), label: 'another handle' },
  {
    ...patch(`${PV}/csi`, { spec: { csi: { controllerExpandSecretRef: SECRET } } }),
    label: 'a Secret to enlarge it',
  },
  {
    ...patch(`${PV}/csi`, { spec: { csi: { controllerExpandSecretRef: { name: 't' } } } }),
    label: 'another Secret',
  },
  { ...patch(`${PV}/csi`, { spec: { csi: null, ...NFS } }), label: 'another place' },
  {
    ...patch(`${PV}/csi`, {
      spec: { volumeMode: 'Filesystem', volumeAttributesClassName: null, storageClassName: 'x' },
    }),
    label: 'another mode',
  },
  {
    ...patch(`${PV}/csi`, {
      spec: { capacity: { storage: '2Gi' }, accessModes: ['ReadOnlyMany'] },
    }),
    label: 'another size',
  },
  {
    ...patch(`${PV}/csi`, { spec: onNodes({ matchExpressions: [zone] }) }),
    label: 'nodes where there were none',
  },
  {
    ...patch(`${PV}/csi`, { spec: onNodes({ matchExpressions: [{ ...zone, values: ['b'] }] }) }),
    label: 'other nodes',
  },
  { ...patch(`${PV}/csi`, { spec: { nodeAffinity: null } }), label: 'no nodes any more' },
  {
    ...patch(`${PV}/local`, { spec: onNodes({ matchExpressions: [stable] }) }),
    label: 'the new name of a label',
  },
  {
    ...patch(`${PV}/local`, { spec: onNodes({ matchExpressions: [beta] }) }),
    label: 'and the old one again',
  },
  {
    ...patch(`${PV}/local/status`, {
      status: {
        phase: 'Failed',
        reason: 'Broken',
        lastPhaseTransitionTime: '2020-01-01T00:00:00Z',
      },
      spec: { storageClassName: 'x' },
    }),
    label: 'status with a time',
  },
  {
    ...patch(`${PV}/local/status`, { status: { message: 'm' } }),
    label: 'status of the same phase',
  },
  { ...put(`${PV}/local/status`, named('local', { spec: {} })), label: 'no status' },
  { ...remove(`${PV}/csi`), label: 'a volume waits for its finalizer' },
  { ...table(`${PV}/csi`), label: 'a volume that waits' },
  { ...patch(`${PV}/csi`, { metadata: { finalizers: null } }), label: 'and is gone' },
];

const SPEC = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
const claim = (label: string, name: string, spec: object, metadata: object = {}): Case => ({
  ...post(PVC, { metadata: { name, ...metadata }, spec: { ...SPEC, ...spec } }),
  label: `claim: ${label}`,
});
const change = (label: string, name: string, spec: object, more: object = {}): Case => ({
  ...patch(`${PVC}/${name}`, { spec, ...more }),
  label: `claim: ${label}`,
});
const report = (label: string, name: string, status: object): Case => ({
  ...patch(`${PVC}/${name}/status`, { status }),
  label: `claim: ${label}`,
});
const asks = (storage: string | null): object => ({ resources: { requests: { storage } } });
const snapshot = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 's' };

const BOUND = { phase: 'Bound', capacity: { storage: '1Gi' } };

const claims: readonly Case[] = [
  { ...post(SC, named('rigid', { provisioner: 'a.b/c' })), label: 'a class of fixed size' },
  {
    ...post(SC, named('fixed', { provisioner: 'a.b/c', allowVolumeExpansion: true })),
    label: 'a class whose volumes may grow',
  },
  // Before any status: whose fields they are is told in the order of whole seconds.
  { ...get(SC), settles: true, label: 'both are known' },
  claim('nothing', 'bad', { accessModes: undefined, resources: undefined }),
  claim('bad fields', 'bad', {
    accessModes: ['ReadWriteOncePod', 'ReadWriteMany', 'x'],
    selector: { matchLabels: { 'a b': '--' }, matchExpressions: [{ key: 'a', operator: 'x' }] },
    storageClassName: 'A_b',
    volumeMode: 'Tape',
    volumeAttributesClassName: 'A_b',
  }),
  claim('no size', 'bad', asks('0')),
  claim('negative size', 'bad', asks('-1')),
  claim('a fraction', 'fraction', {
    resources: { requests: { storage: '1.5' }, limits: { storage: '2500m' } },
  }),
  claim('less than a thousandth', 'least', asks('1u')),
  claim('a selector and a volume', 'selected', {
    selector: { matchLabels: { a: 'b' } },
    volumeName: 'Any_name',
    storageClassName: '',
    volumeAttributesClassName: '',
  }),
  claim('of a snapshot', 'snapshot', { dataSource: snapshot }),
  claim('of another claim', 'cloned', {
    dataSourceRef: { kind: 'PersistentVolumeClaim', name: 'c' },
  }),
  claim('of anything, in the old field', 'dropped', {
    dataSource: { apiGroup: 'a.b', kind: 'Any', name: 'x' },
  }),
  claim('of anything', 'populated', { dataSourceRef: { apiGroup: 'a.b', kind: 'Any', name: 'x' } }),
  claim('of another namespace', 'foreign', { dataSourceRef: { ...snapshot, namespace: 'n' } }),
  claim('bad source', 'bad', { dataSourceRef: { apiGroup: 'A_b', kind: '', name: '' } }),
  claim('bad kind', 'bad', { dataSourceRef: { kind: 'Pod', name: 'x' } }),
  claim('two sources', 'bad', {
    dataSource: snapshot,
    dataSourceRef: { ...snapshot, name: 't' },
  }),
  claim('two groups', 'bad', {
    dataSource: { kind: 'PersistentVolumeClaim', name: 'c' },
    dataSourceRef: { apiGroup: '', kind: 'PersistentVolumeClaim', name: 'c' },
  }),
  claim(
    'the old annotation',
    'annotated',
    {},
    {
      annotations: { 'volume.beta.kubernetes.io/storage-class': 'slow' },
    },
  ),
  claim('with its finalizer', 'protected', {}, { finalizers: ['kubernetes.io/pvc-protection'] }),
  claim('one', 'one', {}),
  { ...table(PVC), label: 'claims' },
  { ...get(`${PVC}?fieldSelector=name%3Done`), label: 'claim: by the old name' },
  change('more, unbound', 'one', asks('2Gi')),
  change('less, unbound', 'one', asks('512Mi')),
  change('the same in other words', 'one', asks('1024Mi')),
  change('other modes', 'one', { accessModes: ['ReadOnlyMany'], volumeMode: 'Block' }),
  change('its volume', 'one', { volumeName: 'v' }),
  change('another volume', 'one', { volumeName: 'w' }),
  change('a class', 'one', { storageClassName: 'fixed' }),
  change('another class', 'one', { storageClassName: 'other' }),
  change('an attributes class, unbound', 'one', { volumeAttributesClassName: 'gold' }),
  change('a source', 'one', { dataSource: snapshot }),
  change(
    'another annotation',
    'annotated',
    {},
    {
      metadata: { annotations: { 'volume.beta.kubernetes.io/storage-class': 'fast' } },
    },
  ),
  change('a class that is not the annotation', 'annotated', { storageClassName: 'fast' }),
  change(
    'the class of the annotation',
    'annotated',
    { storageClassName: 'slow' },
    {
      metadata: { annotations: null },
    },
  ),
  change('another source', 'snapshot', { dataSource: { name: 't' } }),
  change('the old source only', 'populated', { dataSourceRef: null }),
  change('no source', 'populated', { dataSource: null, dataSourceRef: null }),
  change('a bad group where there was one', 'populated', {
    dataSource: { apiGroup: 'A_b' },
    dataSourceRef: { apiGroup: 'A_b' },
  }),
  report('bound', 'one', {
    phase: 'Bound',
    accessModes: ['ReadWriteOnce', 'ReadWriteMany', 'ReadWriteOnce'],
    capacity: { storage: '1Gi' },
  }),
  { ...table(`${PVC}/one`), label: 'claim: a bound one' },
  claim('of a class of fixed size', 'rigid', { storageClassName: 'rigid' }),
  report('of fixed size, bound', 'rigid', BOUND),
  change('more, of fixed size', 'rigid', asks('2Gi')),
  claim('of a class that is not there', 'lost', { storageClassName: 'absent' }),
  report('of no class, bound', 'lost', BOUND),
  change('more, of no class', 'lost', asks('2Gi')),
  change('more', 'one', asks('2Gi')),
  change('less than is there', 'one', asks('512Mi')),
  change('as much as is there', 'one', asks('1Gi')),
  change('less, and more than is there', 'one', asks('1536Mi')),
  change('attributes class', 'one', { volumeAttributesClassName: 'gold' }),
  change('no attributes class yet', 'one', { volumeAttributesClassName: null }),
  report('of an attributes class', 'one', { currentVolumeAttributesClassName: 'gold' }),
  change('attributes class again', 'one', { volumeAttributesClassName: 'gold' }),
  change('no attributes class', 'one', { volumeAttributesClassName: null }),
  change('an empty attributes class', 'one', { volumeAttributesClassName: '' }),
  change('no size', 'one', asks(null)),
  report('bad status', 'one', {
    capacity: { storage: '-1', other: '1' },
    allocatedResourceStatuses: { storage: 'x', cpu: 'NodeResizePending', 'a b': 'y' },
    allocatedResources: { storage: '-1', memory: '1', 'a.b/c': '1', 'a b': '1' },
  }),
  report('resizing', 'one', {
    allocatedResourceStatuses: { storage: 'NodeResizePending', 'a.b/c': 'NodeResizeInProgress' },
    allocatedResources: { storage: '2Gi', 'a.b/c': '1' },
    conditions: [{ type: 'Resizing', status: 'True' }],
  }),
  {
    ...patch(
      `${PVC}/one/status`,
      { status: { conditions: [{ type: 'FileSystemResizePending', status: 'True' }] } },
      STRATEGIC,
    ),
    label: 'claim: one more condition',
  },
  {
    ...patch(`${PVC}/one`, [{ op: 'test', path: '/status/phase', value: 'Bound' }], JSON_PATCH),
    label: 'claim: is bound still',
  },
  { ...remove(`${PVC}/one`), label: 'claim: waits for its finalizer' },
  { ...table(`${PVC}/one`), label: 'claim: that waits' },
  { ...patch(`${PVC}/one`, { metadata: { finalizers: null } }), label: 'claim: is gone' },
];

const DEFAULT = { 'storageclass.kubernetes.io/is-default-class': 'true' };
const storageClass = (
  label: string,
  name: string,
  fields: object,
  metadata: object = {},
): Case => ({
  ...post(SC, { metadata: { name, ...metadata }, provisioner: 'a.b/c', ...fields }),
  label: `class: ${label}`,
});

const classes: readonly Case[] = [
  storageClass('nothing', 'bad', { provisioner: undefined }),
  storageClass('bad fields', 'bad', {
    provisioner: 'A b',
    parameters: { '': 'x' },
    reclaimPolicy: 'Recycle',
    volumeBindingMode: 'Never',
  }),
  storageClass('many parameters', 'bad', {
    parameters: Object.fromEntries(Array.from({ length: 513 }, (_, index) => [`k${index}`, ''])),
  }),
  storageClass('long parameters', 'bad', { parameters: { k: 'v'.repeat(256 * 1024) } }),
  storageClass('bad topologies', 'bad', {
    allowedTopologies: [
      {
        matchLabelExpressions: [
          { key: 'a', values: [] },
          { key: 'a', values: ['x', 'x'] },
          { key: 'b c', values: ['x'] },
        ],
      },
      {},
      { matchLabelExpressions: [{ key: 'd', values: ['x', 'y'] }] },
      { matchLabelExpressions: [{ key: 'd', values: ['y', 'x'] }] },
    ],
  }),
  storageClass('old labels', 'zoned', {
    provisioner: 'Example.com/P',
    reclaimPolicy: 'Retain',
    volumeBindingMode: 'WaitForFirstConsumer',
    mountOptions: ['ro'],
    allowedTopologies: [
      { matchLabelExpressions: [{ key: 'failure-domain.beta.kubernetes.io/zone', values: ['a'] }] },
    ],
  }),
  storageClass('the default', 'standard', {}, { annotations: DEFAULT }),
  { ...claim('of the default class', 'defaulted', {}), settles: true },
  claim('of no class', 'classless', { storageClassName: '' }),
  claim(
    'of the old annotation only',
    'annotated-only',
    {},
    {
      annotations: { 'volume.beta.kubernetes.io/storage-class': '' },
    },
  ),
  { ...table(SC), label: 'classes' },
  {
    ...patch(`${SC}/zoned`, {
      provisioner: 'x',
      parameters: { a: 'b' },
      reclaimPolicy: 'Delete',
      volumeBindingMode: 'Immediate',
    }),
    label: 'class: what never changes',
  },
  {
    ...patch(`${SC}/zoned`, {
      allowedTopologies: null,
      mountOptions: [],
      allowVolumeExpansion: true,
    }),
    label: 'class: what changes',
  },
  { ...remove(`${SC}/zoned`), label: 'class: gone' },
];

const capacity = (label: string, name: string, fields: object): Case => ({
  ...post(CSC, { metadata: { name }, storageClassName: 'c', ...fields }),
  label: `capacity: ${label}`,
});

const capacities: readonly Case[] = [
  capacity('nothing', 'bad', { storageClassName: undefined }),
  capacity('bad fields', 'bad', {
    storageClassName: 'A_b',
    capacity: '-1',
    maximumVolumeSize: '-1',
    nodeTopology: { matchExpressions: [{ key: 'a', operator: 'In', values: [] }] },
  }),
  capacity('old labels', 'zoned', {
    capacity: '1u',
    nodeTopology: { matchExpressions: [{ ...beta, operator: 'Exists', values: [] }] },
  }),
  { ...table(CSC), label: 'capacities' },
  {
    ...patch(`${CSC}/zoned`, { storageClassName: 'd', nodeTopology: { matchLabels: { a: 'b' } } }),
    label: 'capacity: what never changes',
  },
  { ...patch(`${CSC}/zoned`, { capacity: '1Gi' }), label: 'capacity: what changes' },
  { ...patch(`${CSC}/zoned`, { nodeTopology: null }), label: 'capacity: no topology any more' },
  { ...remove(`${CSC}/zoned`), label: 'capacity: gone' },
];

const attachment = (label: string, name: string, spec: object): Case => ({
  ...post(VA, { metadata: { name }, spec: { attacher: 'a.b', nodeName: 'n', ...spec } }),
  label: `attachment: ${label}`,
});
const inline = (spec: object): object => ({ source: { inlineVolumeSpec: spec } });

const attachments: readonly Case[] = [
  attachment('nothing', 'bad', { attacher: undefined, nodeName: undefined }),
  attachment('both', 'bad', {
    source: { persistentVolumeName: 'v', inlineVolumeSpec: { csi: CSI } },
  }),
  attachment('bad names', 'bad', {
    attacher: 'a_b',
    nodeName: 'A',
    source: { persistentVolumeName: 'B_c' },
  }),
  attachment('an empty name', 'bad', { source: { persistentVolumeName: '' } }),
  attachment('a volume in it', 'inline', inline({ accessModes: ['ReadWriteOnce'], csi: CSI })),
  attachment('defaults of it', 'bad', inline({ iscsi: { targetPortal: 'p', iqn: '', lun: 0 } })),
  attachment(
    'bad volume in it',
    'bad',
    inline({
      ...BASE,
      ...NFS,
      claimRef: {},
      persistentVolumeReclaimPolicy: 'Delete',
      storageClassName: 'c',
      volumeMode: 'Block',
      volumeAttributesClassName: '',
      ...onNodes(),
    }),
  ),
  attachment('one', 'one', { source: { persistentVolumeName: 'v' } }),
  { ...patch(`${VA}/one`, { spec: { nodeName: 'm' } }), label: 'attachment: to another node' },
  {
    ...patch(`${VA}/one/status`, {
      status: { attached: true, attachmentMetadata: { device: '/dev/x' } },
      metadata: { labels: { a: 'b' } },
    }),
    label: 'attachment: attached',
  },
  {
    ...patch(`${VA}/one/status`, {
      status: {
        attachError: { message: 'm'.repeat(1025), errorCode: -1 },
        detachError: { message: 'm', errorCode: 5, time: '2020-01-01T00:00:00Z' },
        attachmentMetadata: { k: 'v'.repeat(256 * 1024) },
      },
    }),
    label: 'attachment: bad status',
  },
  { ...table(VA), label: 'attachments' },
  { ...remove(`${VA}/one`), label: 'attachment: gone' },
];

export const CASES: readonly Case[] = [
  ...volumes,
  ...claims,
  ...classes,
  ...capacities,
  ...attachments,
].map((one, index) => ({ ...one, label: `${index + 1} ${one.label ?? ''}` }));
