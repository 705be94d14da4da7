/**
 * `node scripts/kubernetes-types.ts`: writes `src/kubernetes/types/tables/` from the Go modules that the
 * test peers are built of. A system test fails while the tables differ from what it would write.
 *
 * Facts only: names, numbers, types and tags of fields. The format of a row is described in
 * `src/kubernetes/types/rows.ts`.
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { moduleFolders } from './go-modules.ts';
import { type GoField, type GoPackage, type GoStruct, readGoPackage } from './go-structs.ts';

const root = join(import.meta.dirname, '..');
const TABLES = join(root, 'src/kubernetes/types/tables');

/** The kinds that are wanted, by package; what they are made of comes with them, and their lists. */
const WANTED: Readonly<Record<string, string>> = {
  'k8s.io/apimachinery/pkg/apis/meta/v1': `APIGroup APIGroupList APIResourceList APIVersions CreateOptions
    DeleteOptions GetOptions LabelSelector ListOptions PartialObjectMetadata PatchOptions Status UpdateOptions
    WatchEvent`,
  'k8s.io/apimachinery/pkg/apis/meta/v1beta1': 'PartialObjectMetadataList',
  'k8s.io/api/core/v1': `Binding ConfigMap Endpoints Event Namespace Node PersistentVolume PersistentVolumeClaim Pod
    PodTemplate ReplicationController Secret Service ServiceAccount`,
  'k8s.io/api/admissionregistration/v1': `MutatingAdmissionPolicy MutatingAdmissionPolicyBinding
    MutatingWebhookConfiguration ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding
    ValidatingWebhookConfiguration`,
  'k8s.io/api/apidiscovery/v2': 'APIGroupDiscoveryList',
  'k8s.io/api/apps/v1': 'ReplicaSet StatefulSet',
  'k8s.io/api/authentication/v1': 'SelfSubjectReview TokenRequest TokenReview',
  'k8s.io/api/authorization/v1': `LocalSubjectAccessReview SelfSubjectAccessReview SelfSubjectRulesReview
    SubjectAccessReview`,
  'k8s.io/api/autoscaling/v1': 'Scale',
  'k8s.io/api/certificates/v1': 'CertificateSigningRequest',
  'k8s.io/api/certificates/v1alpha1': 'ClusterTrustBundle',
  'k8s.io/api/certificates/v1beta1': 'ClusterTrustBundle PodCertificateRequest',
  'k8s.io/api/coordination/v1': 'Lease',
  'k8s.io/api/discovery/v1': 'EndpointSlice',
  'k8s.io/api/events/v1': 'Event',
  'k8s.io/api/flowcontrol/v1': 'FlowSchema PriorityLevelConfiguration',
  'k8s.io/api/node/v1': 'RuntimeClass',
  'k8s.io/api/policy/v1': 'Eviction PodDisruptionBudget',
  'k8s.io/api/rbac/v1': 'ClusterRole ClusterRoleBinding Role RoleBinding',
  'k8s.io/api/resource/v1': 'DeviceClass ResourceClaim ResourceClaimTemplate ResourceSlice',
  'k8s.io/api/scheduling/v1': 'PriorityClass',
  'k8s.io/api/storage/v1': 'CSIDriver CSINode CSIStorageCapacity StorageClass VolumeAttachment',
  'k8s.io/kube-aggregator/pkg/apis/apiregistration/v1': 'APIService',
};

/** Types with a form of their own, by where they are declared. */
const SPECIAL: Readonly<Record<string, string>> = {
  'k8s.io/apimachinery/pkg/apis/meta/v1.Time': 'time',
  'k8s.io/apimachinery/pkg/apis/meta/v1.MicroTime': 'microtime',
  'k8s.io/apimachinery/pkg/apis/meta/v1.FieldsV1': 'json',
  'k8s.io/apimachinery/pkg/runtime.RawExtension': 'json',
  'k8s.io/apimachinery/pkg/api/resource.Quantity': 'quantity',
  'k8s.io/apimachinery/pkg/util/intstr.IntOrString': 'int-or-string',
};
const SCALARS = new Set(['string', 'bool', 'int32', 'int64']);

const MODULES = ['k8s.io/api', 'k8s.io/apimachinery', 'k8s.io/kube-aggregator'];

class Reader {
  readonly #folders = moduleFolders(MODULES);
  readonly #packages = new Map<string, GoPackage>();
  /** Rows by package and type. */
  readonly tables = new Map<string, Map<string, readonly string[]>>();
  /** Values of those that fields are of, by package and name. */
  readonly enums = new Map<string, Map<string, readonly string[]>>();

  package(path: string): GoPackage {
    const known = this.#packages.get(path);
    if (known !== undefined) return known;
    const [module, folder] =
      [...this.#folders].find(([name]) => path.startsWith(`${name}/`)) ?? missing(path);
    const read = readGoPackage(join(folder, path.slice(module.length)));
    this.#packages.set(path, read);
    return read;
  }

  /** A struct and everything in it. */
  add(path: string, name: string): void {
    const table = this.tables.get(path) ?? new Map<string, readonly string[]>();
    this.tables.set(path, table);
    if (table.has(name)) return;
    const struct = this.package(path).structs.get(name) ?? missing(`${path}.${name}`);
    table.set(name, []);
    const atomic = struct.markers.get('structType')?.[0] === 'atomic' ? ['atomic'] : [];
    table.set(name, [
      ...atomic,
      ...unionRow(struct),
      ...struct.fields.flatMap((field) => this.#row(path, field)),
    ]);
    this.#check(path, name, struct);
  }

  /** One row, or none for what is not in JSON. */
  #row(path: string, field: GoField): readonly string[] {
    const [json = '', ...options] = (field.tags.get('json') ?? '-').split(',');
    if (json === '-') return [];
    const number = field.tags.get('protobuf')?.split(',')[1] ?? '0';
    const inline = options.includes('inline');
    const type = this.#type(path, field.type);
    const { constants } = this.package(path);
    const all = inline
      ? []
      : [...flags(field, options, constants), ...this.#enum(path, field.type)];
    return [[inline ? '...' : json, number, type, ...all].join(' ')];
  }

  /** The flag of a field, or of a list's or a map's values, of which only some texts are good. */
  #enum(path: string, written: string): readonly string[] {
    const plain = written.replace(/^(?:\*|\[\]|map\[[\w.]+\])*/, '');
    const [alias, other] = plain.split('.');
    const at = other === undefined ? path : this.package(path).imports.get(alias ?? '');
    const name = other ?? plain;
    if (at === undefined || SPECIAL[`${at}.${name}`] !== undefined) return [];
    if (!MODULES.some((module) => at.startsWith(`${module}/`))) return [];
    const { enums, named } = this.package(at);
    const values = enums.get(name);
    if (values === undefined) {
      const behind = named.get(name);
      return behind === undefined || SCALARS.has(behind) ? [] : this.#enum(at, behind);
    }
    const known = this.enums.get(at) ?? new Map<string, readonly string[]>();
    const texts = values.map((written) => this.#text(at, written));
    this.enums.set(at, known.set(name, [...new Set(texts)].sort()));
    return [`enum=${at === path ? name : `${aliasOf(at)}.${name}`}`];
  }

  /** What stands in a row for a type of Go. */
  #type(path: string, written: string): string {
    if (written.startsWith('*')) return `*${this.#type(path, written.slice(1))}`;
    if (written === '[]byte') return 'bytes';
    if (written.startsWith('[]')) return `[]${this.#type(path, written.slice(2))}`;
    const map = /^map\[([\w.]+)\](.+)$/.exec(written);
    if (map !== null) return `{}${this.#type(path, map[2] ?? '')}`;
    if (SCALARS.has(written)) return written;
    if (written === 'int') return 'int64';
    const [alias, name] = written.includes('.') ? written.split('.') : [undefined, written];
    const { imports } = this.package(path);
    const target =
      alias === undefined ? path : (imports.get(alias) ?? missing(`${path}: ${alias}`));
    return this.#named(path, target, name ?? '');
  }

  #named(from: string, path: string, name: string): string {
    const special = SPECIAL[`${path}.${name}`];
    if (special !== undefined) return special;
    const { named, messages } = this.package(path);
    const behind = named.get(name);
    // A list that is a message of its own (`+protobuf.nullable`).
    if (behind === '[]string' && messages.has(name)) return 'strings';
    if (behind !== undefined) return this.#type(path, behind);
    this.add(path, name);
    return path === from ? name : `${aliasOf(path)}.${name}`;
  }

  /** `"TCP"`, or the constant of another package. */
  #text(path: string, written: string): string {
    if (written.startsWith('"')) return written.slice(1, -1);
    const [alias = '', name = ''] = written.split('.');
    const other = this.package(path).imports.get(alias) ?? missing(`${path}: ${written}`);
    return this.package(other).constants.get(name) ?? missing(`${other}.${name}`);
  }

  /** The numbers in the tags are those of the message, and no number is left out. */
  #check(path: string, name: string, { fields }: GoStruct): void {
    const message = this.package(path).messages.get(name);
    if (message === undefined) return;
    const ours = new Set(
      fields.flatMap(({ tags }) => tags.get('protobuf')?.split(',')[1] ?? []).map(Number),
    );
    const differing = [...ours, ...message.keys()].filter(
      (number) => !ours.has(number) || !message.has(number),
    );
    if (differing.length > 0) {
      throw new Error(`${path}.${name}: only one of Go and protobuf has ${differing.join()}`);
    }
  }
}

/** `union <discriminator or -> <field>=<member>…`: exactly one of these fields is to be set. */
function unionRow({ fields, markers }: GoStruct): readonly string[] {
  if (!markers.has('union')) return [];
  const json = ({ tags }: GoField): string => tags.get('json')?.split(',', 1).join('') ?? '';
  const discriminator = fields.find((field) => field.markers.has('unionDiscriminator'));
  const members = fields
    .filter((field) => field !== discriminator)
    .map((field) => `${json(field)}=${field.name}`);
  return [['union', discriminator === undefined ? '-' : json(discriminator), ...members].join(' ')];
}

function flags(
  { tags, markers }: GoField,
  options: readonly string[],
  constants: ReadonlyMap<string, string>,
): readonly string[] {
  const isOptional =
    !markers.has('required') && (markers.has('optional') || options.includes('omitempty'));
  const [listType = '', , ...more] = markers.get('listType') ?? [];
  if (more.length > 0) throw new Error('more than one listType');
  const keys = markers.get('listMapKey') ?? [];
  const fallback = markers
    .get('default')?.[0]
    ?.replace(/^ref\((\w+)\)$/, (_, name: string) => JSON.stringify(constants.get(name)));
  const strategy = tags.get('patchStrategy');
  const mergeKey = tags.get('patchMergeKey');
  return [
    ...(isOptional ? [] : ['required']),
    ...(options.includes('omitempty') ? [] : ['always']),
    ...(options.includes('omitzero') ? ['omitzero'] : []),
    ...(listType === '' ? [] : [listType === 'map' ? `map=${keys.join(',')}` : listType]),
    ...(markers.get('mapType')?.[0] === 'atomic' || markers.get('structType')?.[0] === 'atomic'
      ? ['atomic']
      : []),
    ...(markers.get('mapType')?.[0] === 'granular' || markers.get('structType')?.[0] === 'granular'
      ? ['granular']
      : []),
    ...(strategy === undefined ? [] : [`patch=${strategy}`]),
    ...(mergeKey === undefined ? [] : [`key=${mergeKey}`]),
    ...(fallback === undefined || !/^["\d]|^true$|^false$/.test(fallback)
      ? []
      : [`default=${fallback}`]),
  ];
}

/** `core/v1` of `k8s.io/api/core/v1`. */
const aliasOf = (path: string): string => path.split('/').slice(-2).join('/');

/** `io.k8s.api.core.v1`: how OpenAPI calls the package. */
function openApiName(path: string): string {
  const [domain = '', ...rest] = path.split('/');
  return [...domain.split('.').reverse(), ...rest].join('.');
}

/** What `apiVersion` says for the kinds of a package; its `register.go` names the group. */
const GROUPS: Readonly<Record<string, string>> = {
  core: '',
  meta: 'meta.k8s.io',
  admissionregistration: 'admissionregistration.k8s.io',
  apidiscovery: 'apidiscovery.k8s.io',
  apiregistration: 'apiregistration.k8s.io',
  apps: 'apps',
  authentication: 'authentication.k8s.io',
  authorization: 'authorization.k8s.io',
  autoscaling: 'autoscaling',
  certificates: 'certificates.k8s.io',
  coordination: 'coordination.k8s.io',
  discovery: 'discovery.k8s.io',
  events: 'events.k8s.io',
  flowcontrol: 'flowcontrol.apiserver.k8s.io',
  node: 'node.k8s.io',
  policy: 'policy',
  rbac: 'rbac.authorization.k8s.io',
  resource: 'resource.k8s.io',
  scheduling: 'scheduling.k8s.io',
  storage: 'storage.k8s.io',
};

function apiVersionOf(path: string): string {
  const [group = '', version = ''] = aliasOf(path).split('/');
  const name = GROUPS[group] ?? missing(`a group for ${path}`);
  return name === '' ? version : `${name}/${version}`;
}

function missing(what: string): never {
  throw new Error(`cannot find ${what}`);
}

const fileOf = (path: string): string => `${aliasOf(path).replace('/', '-')}.ts`;
const constantOf = (path: string): string =>
  aliasOf(path).replace('/', '_').toUpperCase().replaceAll('-', '_');

const texts = (of: ReadonlyMap<string, readonly string[]>): string =>
  [...of]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, lines]) => `    ${name}: \`\n${lines.join('\n')}\`,\n`)
    .join('');

function tableFile(
  path: string,
  types: ReadonlyMap<string, readonly string[]>,
  enums: ReadonlyMap<string, readonly string[]> = new Map(),
): string {
  return `/** Generated by scripts/kubernetes-types.ts from ${path}: the fields of its types. */
import type { TypeTable } from '../rows.ts';

export const ${constantOf(path)}: TypeTable = {
  openApi: '${openApiName(path)}',
  alias: '${aliasOf(path)}',
  apiVersion: '${apiVersionOf(path)}',
  types: {
${texts(types)}  },
${enums.size === 0 ? '' : `  enums: {\n${texts(enums)}  },\n`}};
`;
}

function indexFile(paths: readonly string[]): string {
  const sorted = paths.toSorted((one, other) => (fileOf(one) < fileOf(other) ? -1 : 1));
  return `/** Generated by scripts/kubernetes-types.ts: the tables of all packages. */
import type { TypeTable } from '../rows.ts';
${sorted.map((path) => `import { ${constantOf(path)} } from './${fileOf(path)}';\n`).join('')}
export const TABLES: readonly TypeTable[] = [
${sorted.map((path) => `  ${constantOf(path)},\n`).join('')}];
`;
}

/** The files of the tables, by name. */
export function kubernetesTypeFiles(): ReadonlyMap<string, string> {
  const reader = new Reader();
  for (const [path, names] of Object.entries(WANTED)) {
    for (const name of names.split(/\s+/)) {
      reader.add(path, name);
      if (reader.package(path).structs.has(`${name}List`)) reader.add(path, `${name}List`);
    }
  }
  const tables = [...reader.tables].map(
    ([path, types]) => [fileOf(path), tableFile(path, types, reader.enums.get(path))] as const,
  );
  return new Map([['index.ts', indexFile([...reader.tables.keys()])], ...tables]);
}

if (import.meta.main) {
  mkdirSync(TABLES, { recursive: true });
  for (const name of readdirSync(TABLES)) rmSync(join(TABLES, name));
  for (const [name, text] of kubernetesTypeFiles()) writeFileSync(join(TABLES, name), text);
}
