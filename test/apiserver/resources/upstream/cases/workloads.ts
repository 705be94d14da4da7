/** What makes pods, how many, and where they are to run: made, refused, changed, scaled, bound. */
import { type Case, get, JSON_PATCH, patch, post, put, remove, STRATEGIC, TABLE } from '../case.ts';

const N = '/api/v1/namespaces/default';
const A = '/apis/apps/v1/namespaces/default';
const RC = `${N}/replicationcontrollers`;
const RS = `${A}/replicasets`;
const STS = `${A}/statefulsets`;
const PODS = `${N}/pods`;
const APPLY = 'application/apply-patch+yaml';

const c = (more: object = {}): object => ({ name: 'c', image: 'nginx', ...more });
const template = (spec: object = {}, metadata: object = {}): object => ({
  metadata: { labels: { a: 'b' }, ...metadata },
  spec: { containers: [c()], ...spec },
});
const named = (name: string, spec: object, more: object = {}): object => ({
  metadata: { name, ...more },
  spec,
});
const selector = { matchLabels: { a: 'b' } };
const rs = (name: string, spec: object = {}, more: object = {}): object =>
  named(name, { selector, template: template(), ...spec }, more);
const rc = (name: string, spec: object = {}): object =>
  named(name, { template: template(), ...spec });
const sts = (name: string, spec: object = {}): object =>
  named(name, { selector, serviceName: 's', template: template(), ...spec });

const bad = (spec: object): Case => post(RS, rs('bad', spec));
const badTemplate = (spec: object, metadata: object = {}): Case =>
  bad({ template: template(spec, metadata) });
const badSet = (spec: object): Case => post(STS, sts('bad', spec));

const replicaSets: readonly Case[] = [
  post(RS, rs('one', { replicas: 3 })),
  bad({ selector: undefined }),
  bad({ selector: {} }),
  bad({ selector: { matchLabels: { a: 'other' } } }),
  bad({ selector: { matchLabels: { 'a b': '-' } } }),
  bad({ selector: { matchExpressions: [{ key: 'a', operator: 'In', values: [] }] } }),
  bad({ selector: { matchExpressions: [{ key: 'a', operator: 'Like', values: ['b'] }] } }),
  bad({ replicas: -1, minReadySeconds: -1 }),
  bad({ template: undefined }),
  bad({ template: { metadata: { labels: { a: 'b' } } } }),
  badTemplate({ restartPolicy: 'Never', activeDeadlineSeconds: 5 }),
  badTemplate({ containers: [c({ name: 'Bad_Name', image: '' })] }),
  badTemplate({ containers: [c(), c()], volumes: [{ name: 'v' }, { name: 'v' }] }),
  badTemplate({ containers: [c({ volumeMounts: [{ name: 'none', mountPath: '/a' }] })] }),
  badTemplate({ containers: [c({ resources: { limits: { cpu: '-1' } } })] }),
  badTemplate({ ephemeralContainers: [c({ name: 'e' })] }),
  badTemplate({ nodeSelector: { 'a b': '-' }, tolerations: [{ key: 'a b' }] }),
  badTemplate({
    hostNetwork: true,
    hostUsers: false,
    dnsPolicy: 'x',
    schedulingGates: [{ name: '' }],
  }),
  badTemplate({}, { labels: { a: 'b', 'c d': '-' }, annotations: { 'e f': '' } }),
  badTemplate({}, { annotations: { 'seccomp.security.alpha.kubernetes.io/pod': 'wrong' } }),
  badTemplate(
    { securityContext: { seccompProfile: { type: 'Unconfined' } } },
    { annotations: { 'seccomp.security.alpha.kubernetes.io/pod': 'runtime/default' } },
  ),
  badTemplate(
    { containers: [c({ securityContext: { appArmorProfile: { type: 'RuntimeDefault' } } })] },
    { annotations: { 'container.apparmor.security.beta.kubernetes.io/c': 'unconfined' } },
  ),
  badTemplate({ resourceClaims: [{ name: 'x' }, { name: 'x', resourceClaimName: 'Bad_' }] }),
  badTemplate({
    resourceClaims: [{ name: '', resourceClaimName: 'a', resourceClaimTemplateName: 'b' }],
  }),
  post(RS, rs('Warned.name', {}, { labels: { own: 'x' } })),
  post(
    RS,
    rs('warned.name', {
      template: template(
        {
          terminationGracePeriodSeconds: -4,
          hostNetwork: true,
          nodeSelector: { 'beta.kubernetes.io/os': 'linux' },
          containers: [
            c({
              ports: [{ containerPort: 80 }, { containerPort: 80 }],
              env: [
                { name: 'x', value: '1' },
                { name: 'x', value: '2' },
              ],
              resources: { limits: { memory: '1500m' } },
            }),
          ],
          topologySpreadConstraints: [
            { maxSkew: 1, topologyKey: 'k', whenUnsatisfiable: 'DoNotSchedule' },
          ],
          volumes: [{ name: 'g', gitRepo: { repository: 'r' } }],
        },
        { annotations: { 'container.apparmor.security.beta.kubernetes.io/c': 'unconfined' } },
      ),
    }),
  ),
  get(`${RS}/warned.name`),
  put(
    `${RS}/one`,
    rs('one', {
      replicas: 3,
      selector: { matchLabels: { a: 'b', c: 'd' } },
      template: template({}, { labels: { a: 'b', c: 'd' } }),
    }),
  ),
  put(`${RS}/one`, rs('one', { replicas: 3, template: template({ dnsPolicy: 'Default' }) })),
  patch(`${RS}/one`, { spec: { template: { spec: { containers: [c({ image: '' })] } } } }),
  patch(`${RS}/one/status`, { status: { replicas: 1, readyReplicas: 2, availableReplicas: 3 } }),
  patch(`${RS}/one/status`, {
    status: {
      replicas: -1,
      fullyLabeledReplicas: -1,
      terminatingReplicas: -1,
      observedGeneration: -1,
    },
  }),
  patch(`${RS}/one/status`, { status: { replicas: 3, fullyLabeledReplicas: 4 } }),
  patch(`${RS}/one/status`, {
    status: { replicas: 3, readyReplicas: 2, terminatingReplicas: 0, observedGeneration: 1 },
  }),
  get(RS, { accept: TABLE }),
  get(`${RS}?fieldSelector=status.replicas%3D3`),
];

const SCALE = { apiVersion: 'autoscaling/v1', kind: 'Scale' };
const scale = (name: string, replicas: unknown, metadata: object = {}): object => ({
  ...SCALE,
  metadata: { name, namespace: 'default', ...metadata },
  spec: { replicas },
});
const scales = (collection: string): readonly Case[] => {
  const one = `${collection}/one/scale`;
  return [
    get(one),
    get(one, { accept: 'application/vnd.kubernetes.protobuf' }),
    get(one, { accept: TABLE }),
    get(`${one}?resourceVersion=x`),
    get(`${collection}/absent/scale`),
    put(one, scale('one', 5)),
    put(one, scale('one', 5)),
    put(one, scale('one', -1)),
    put(one, scale('one', 'x')),
    put(one, scale('other', 1)),
    put(one, scale('', 1)),
    put(one, scale('one', 1, { namespace: 'elsewhere' })),
    put(one, scale('one', 6, { resourceVersion: '1' })),
    put(one, scale('one', 6, { uid: '11111111-2222-3333-4444-555555555555' })),
    put(one, scale('one', 6, { resourceVersion: '{{rv}}', uid: '{{uid}}' })),
    put(one, { metadata: { name: 'one' }, spec: { replicas: 7 } }),
    put(one, { ...scale('one', 1), kind: 'ReplicaSet', apiVersion: 'apps/v1' }),
    put(one, { ...scale('one', 1), bar: 1 }),
    put(`${one}?fieldValidation=Strict`, { ...scale('one', 1), bar: 1 }),
    put(`${one}?dryRun=All`, scale('one', 9)),
    put(`${collection}/absent/scale`, scale('absent', 1)),
    patch(one, { spec: { replicas: 2 } }),
    patch(one, { spec: { replicas: 3 } }, STRATEGIC),
    patch(one, [{ op: 'replace', path: '/spec/replicas', value: 4 }], JSON_PATCH),
    patch(one, [{ op: 'test', path: '/spec/replicas', value: 9 }], JSON_PATCH),
    patch(one, { spec: { replicas: -2 } }),
    patch(one, { spec: null }),
    patch(one, { metadata: { labels: { x: 'y' } }, status: { replicas: 50 } }),
    patch(`${one}?fieldValidation=Strict`, { bar: 1 }),
    patch(one, { kind: 'Other' }),
    patch(`${collection}/absent/scale`, { spec: { replicas: 2 } }),
    patch(
      `${one}?fieldManager=applier`,
      { ...SCALE, metadata: { name: 'one' }, spec: { replicas: 8 } },
      APPLY,
    ),
    patch(
      `${one}?fieldManager=applier&force=true`,
      { ...SCALE, metadata: { name: 'one' }, spec: { replicas: 8 } },
      APPLY,
    ),
    patch(
      `${one}?fieldManager=applier&force=true`,
      { ...SCALE, metadata: { name: 'one' }, spec: { replicas: -8 } },
      APPLY,
    ),
    patch(`${one}?fieldManager=applier`, { apiVersion: 'apps/v1', kind: 'Scale' }, APPLY),
    post(one, scale('one', 1)),
    remove(one),
    get(`${collection}/one`),
  ];
};

const controllers: readonly Case[] = [
  post(RC, rc('one', { replicas: 2 })),
  get(`${RC}/one`),
  post(RC, rc('bad', { selector: { a: 'other' } })),
  post(RC, rc('bad', { replicas: -1, minReadySeconds: -1 })),
  post(RC, named('bad', {})),
  post(RC, named('bad', { selector: { a: 'b' } })),
  post(
    RC,
    rc('bad', { template: template({ restartPolicy: 'OnFailure', activeDeadlineSeconds: 1 }) }),
  ),
  post(RC, { metadata: { name: 'labelled', labels: { x: 'y' } }, spec: { template: template() } }),
  post(RC, rc('dotted.name', { template: template({ terminationGracePeriodSeconds: -1 }) })),
  patch(`${RC}/one`, { spec: { selector: { a: 'b', c: 'd' } } }),
  patch(`${RC}/one`, { spec: { template: { spec: { terminationGracePeriodSeconds: -1 } } } }),
  patch(`${RC}/one`, { spec: { minReadySeconds: 5 } }),
  patch(`${RC}/one/status`, { status: { replicas: 1, readyReplicas: 2 } }),
  patch(`${RC}/one/status`, { status: { replicas: 2, readyReplicas: 2 } }),
  get(`${RC}?fieldSelector=status.replicas%3D2`),
  get(`${RC}?fieldSelector=spec.replicas%3D2`),
  get(RC, { accept: TABLE }),
  remove(`${RC}/labelled?dryRun=All`),
  remove(`${RC}/labelled`),
  get(`${RC}/labelled`),
  remove(`${RC}/dotted.name`, { propagationPolicy: 'Background' }),
];

const claim = (name: string, spec: object = {}): object => ({
  metadata: { name },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
});

const statefulSets: readonly Case[] = [
  post(
    STS,
    sts('one', {
      replicas: 2,
      volumeClaimTemplates: [claim('data')],
      template: template({
        hostname: 'Bad_Name',
        subdomain: 'Bad_Name',
        containers: [c({ volumeMounts: [{ name: 'data', mountPath: '/d' }] })],
      }),
    }),
  ),
  post(STS, sts('dotted.name')),
  post(STS, sts('deletes', { updateStrategy: { type: 'OnDelete' }, serviceName: '' })),
  post(STS, sts('rolls', { updateStrategy: { type: 'RollingUpdate' } })),
  post(STS, sts('limited', { updateStrategy: { rollingUpdate: { maxUnavailable: 5 } } })),
  post(STS, sts('kept', { persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete' } })),
  badSet({ podManagementPolicy: 'x' }),
  badSet({ updateStrategy: { type: 'x' } }),
  badSet({ updateStrategy: { type: 'OnDelete', rollingUpdate: { partition: 1 } } }),
  badSet({ updateStrategy: { rollingUpdate: { partition: -1 } } }),
  badSet({ persistentVolumeClaimRetentionPolicy: { whenDeleted: 'x', whenScaled: 'y' } }),
  badSet({ replicas: -1, minReadySeconds: -1, ordinals: { start: -1 }, serviceName: 'Bad_' }),
  badSet({ selector: undefined }),
  badSet({ selector: {} }),
  badSet({ selector: { matchLabels: { a: 'c' } } }),
  badSet({ selector: { matchExpressions: [{ key: 'a', operator: 'Like' }] } }),
  badSet({ volumeClaimTemplates: [{ metadata: { name: 'd' } }] }),
  badSet({ volumeClaimTemplates: [claim('d', { volumeMode: 'x', accessModes: [] })] }),
  badSet({ template: template({ restartPolicy: 'Never', activeDeadlineSeconds: 3 }) }),
  badSet({
    template: template({}, { labels: { a: 'b', 'c d': '-' }, annotations: { 'e f': '' } }),
  }),
  badSet({
    template: template({}, { annotations: { 'seccomp.security.alpha.kubernetes.io/pod': 'x' } }),
  }),
  post(
    STS,
    sts('warned', {
      revisionHistoryLimit: -1,
      volumeClaimTemplates: [claim('d', { resources: { requests: { storage: '1500m' } } })],
      template: template({ terminationGracePeriodSeconds: -1 }),
    }),
  ),
  patch(`${STS}/warned`, { metadata: { labels: { x: 'y' } } }),
  patch(`${STS}/one`, { spec: { serviceName: 'other' } }),
  patch(`${STS}/one`, { spec: { podManagementPolicy: 'Parallel' } }),
  patch(`${STS}/one`, { spec: { volumeClaimTemplates: [] } }),
  patch(`${STS}/one`, { spec: { selector: { matchLabels: { c: 'd' } } } }),
  patch(`${STS}/one`, {
    spec: {
      ordinals: { start: 2 },
      minReadySeconds: 3,
      revisionHistoryLimit: 5,
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete' },
      updateStrategy: { type: 'OnDelete', rollingUpdate: null },
    },
  }),
  patch(`${STS}/one/status`, {
    status: {
      replicas: 1,
      readyReplicas: 2,
      currentReplicas: 3,
      updatedReplicas: 4,
      availableReplicas: 5,
    },
  }),
  patch(`${STS}/one/status`, {
    status: { replicas: -1, collisionCount: -1, observedGeneration: -1 },
  }),
  patch(`${STS}/one/status`, { status: { replicas: 1, collisionCount: 2 } }),
  patch(`${STS}/one/status`, { status: { collisionCount: 1 } }),
  patch(`${STS}/one/status`, { status: { collisionCount: null } }),
  get(STS, { accept: TABLE }),
];

const pod = (name: string, spec: object = {}): object =>
  named(name, { containers: [c()], ...spec });
const binding = (name: string, more: object = {}, metadata: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'Binding',
  metadata: { name, ...metadata },
  target: { kind: 'Node', name: 'n' },
  ...more,
});
const bindingOf = (name: string): string => `${PODS}/${name}/binding`;

const bindings: readonly Case[] = [
  post(PODS, pod('free')),
  post(bindingOf('free'), binding('free', {}, { uid: '11111111-2222-3333-4444-555555555555' })),
  post(bindingOf('free'), binding('free', {}, { resourceVersion: '1' })),
  post(bindingOf('free'), binding('other')),
  post(bindingOf('free'), binding('free', { target: { kind: 'Pod', name: 'n' } })),
  post(bindingOf('free'), binding('free', { target: { kind: 'Node' } })),
  post(bindingOf('free'), binding('free', { target: { kind: 'Pod' } })),
  post(bindingOf('free'), binding('free', { kind: 'Pod' })),
  post(bindingOf('free'), binding('free', {}, { namespace: 'elsewhere' })),
  post(`${bindingOf('free')}?dryRun=All`, binding('free')),
  post(`${bindingOf('free')}?fieldValidation=Strict`, binding('free', { bar: 1 })),
  post(bindingOf('absent'), binding('absent')),
  get(`${PODS}/free`),
  patch(`${PODS}/free/status`, {
    status: {
      nominatedNodeName: 'm',
      conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' }],
    },
  }),
  post(
    bindingOf('free'),
    binding('free', {}, { uid: '{{uid}}', annotations: { x: 'y' }, labels: { zone: 'z' } }),
  ),
  get(`${PODS}/free`),
  post(bindingOf('free'), binding('free')),
  post(PODS, pod('gated', { schedulingGates: [{ name: 'g' }] })),
  post(bindingOf('gated'), binding('gated')),
  post(PODS, { ...pod('going'), metadata: { name: 'going', finalizers: ['a.b/c'] } }),
  remove(`${PODS}/going`),
  post(bindingOf('going'), binding('going')),
  post(PODS, pod('plain')),
  post(bindingOf('plain'), { target: { name: 'n' }, metadata: { name: 'plain' } }),
  get(`${PODS}/plain`),
  get(bindingOf('plain')),
  put(bindingOf('plain'), binding('plain')),
  { method: 'POST', path: bindingOf('plain'), raw: '{' },
];

export const CASES: readonly Case[] = [
  ...replicaSets,
  ...scales(RS),
  ...controllers,
  ...scales(RC),
  ...statefulSets,
  ...scales(STS),
  ...bindings,
];
