/** Roles, decisions and refusals of ours beside those of the real kube-apiserver. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createEscalationGuard,
  createRbacAuthorizer,
  defaultRbacObjects,
} from '../../src/apiserver/authorization/index.ts';
import { connectTransport, createClient, type KubernetesClient } from '../../src/client/index.ts';
import {
  CLUSTER_ROLE_BINDINGS,
  CLUSTER_ROLES,
  type ClusterRole,
  type KubernetesObject,
  type ResourceType,
  ROLE_BINDINGS,
  ROLES,
  type RoleBinding,
  StatusError,
  SUBJECT_ACCESS_REVIEWS,
} from '../../src/kubernetes/index.ts';
import {
  asks,
  binding,
  clusterBinding,
  clusterRole,
  Objects,
  role,
  rule,
  toGroup,
  urls,
  user,
} from '../apiserver/authorization/rbac-objects.ts';
import { type RealApiserver, startRealApiserver } from '../client/real-apiserver.ts';
import { seeded } from '../seeded.ts';

let server: RealApiserver;
let admin: KubernetesClient;
/** `token-user` of `token-group`. */
let person: KubernetesClient;

beforeAll(async () => {
  // As our server has it: a role each goes with what is served.
  server = await startRealApiserver(async () => [
    '--feature-gates=ClusterTrustBundle=true,PodCertificateRequest=true',
    '--runtime-config=certificates.k8s.io/v1beta1/clustertrustbundles=true,certificates.k8s.io/v1beta1/podcertificaterequests=true',
  ]);
  const { url, authority, token } = server;
  const common = { server: url, ca: authority.ca, userAgent: 'kubepki-test' };
  admin = createClient(connectTransport({ ...common, ...server.admin }));
  person = createClient(connectTransport({ ...common, token }));
});
afterAll(async () => {
  await admin?.close();
  await person?.close();
  await server?.stop();
});

type RbacObject = ClusterRole & Partial<RoleBinding>;

const keyOf = ({ metadata: { namespace = '', name } }: KubernetesObject): string =>
  `${namespace}/${name}`;

/** What makes a role or binding what it is; of an aggregated role the rules are its controller's matter. */
function essence({ metadata, rules, subjects, roleRef, aggregationRule }: RbacObject) {
  const { labels, annotations } = metadata;
  return {
    labels,
    annotations,
    subjects,
    roleRef,
    aggregationRule,
    ...(aggregationRule === undefined ? { rules } : {}),
  };
}

async function realOnes(type: ResourceType<RbacObject>): Promise<Map<string, RbacObject>> {
  const { items } = await admin.list(type);
  return new Map(items.map((item) => [keyOf(item), item]));
}

describe('the default objects', () => {
  const ours = defaultRbacObjects();

  it.each<[string, ResourceType<RbacObject>, readonly RbacObject[]]>([
    ['ClusterRoles', CLUSTER_ROLES, ours.clusterRoles],
    ['ClusterRoleBindings', CLUSTER_ROLE_BINDINGS, ours.clusterRoleBindings],
    ['Roles', ROLES, ours.roles],
    ['RoleBindings', ROLE_BINDINGS, ours.roleBindings],
  ])('are the real %s', async (_, type, objects) => {
    const real = await realOnes(type);
    for (const object of objects) {
      const other = real.get(keyOf(object));
      expect(other, keyOf(object)).toBeDefined();
      if (other !== undefined) expect(essence(object), keyOf(object)).toEqual(essence(other));
    }
    expect(objects.map(keyOf).sort()).toEqual([...real.keys()].sort());
  });
});

describe('the authorizer', () => {
  it('decides as the real one on the same objects', async () => {
    const random = seeded('access reviews');
    const pick = <T>(values: readonly T[]): T =>
      values[Math.floor(random.next() * values.length)] as T;
    const all = (
      await Promise.all(
        [CLUSTER_ROLES, CLUSTER_ROLE_BINDINGS, ROLES, ROLE_BINDINGS].map(
          async (type) => (await admin.list(type as ResourceType<RbacObject>)).items,
        ),
      )
    ).flat();
    const rbac = createRbacAuthorizer(new Objects(...(all as ClusterRole[])));
    const rules = all.flatMap((object) => object.rules ?? []);
    const subjects = all.flatMap((object) => object.subjects ?? []);
    let allowed = 0;
    for (let i = 0; i < 400; i++) {
      const given = pick(rules);
      const other = pick(rules);
      const subject = pick(subjects);
      const name =
        subject.kind === 'ServiceAccount'
          ? `system:serviceaccount:${subject.namespace}:${subject.name}`
          : subject.kind === 'User'
            ? subject.name
            : 'somebody';
      const groups = subject.kind === 'Group' ? [subject.name] : ['system:authenticated'];
      const [resource = '', subresource = ''] = pick(given.resources ?? ['pods/log']).split('/');
      const spec = {
        user: name,
        groups,
        resourceAttributes: {
          verb: pick([...given.verbs, ...other.verbs]),
          group: pick([...(given.apiGroups ?? []), '']),
          resource,
          subresource: pick([subresource, subresource, 'status', '']),
          name: pick(given.resourceNames ?? ['', 'x']),
          namespace: pick(['', 'kube-system', 'kube-public', 'default']),
        },
      };
      const review = await admin.create(SUBJECT_ACCESS_REVIEWS, {
        metadata: {},
        spec,
      });
      const { resourceAttributes: a } = spec;
      const decision = await rbac.authorize({
        ...asks(user(name, ...groups), a.verb, a.resource, a),
        subresource: a.subresource,
      });
      expect(decision.allowed, JSON.stringify(spec)).toBe(review.status?.allowed);
      if (decision.allowed) allowed += 1;
    }
    expect(allowed).toBeGreaterThan(40);
  });
});

describe('the guard against escalation', () => {
  it('lets pass and refuses what the real one does, in its words', async () => {
    const mayWrite = rule('create', 'roles,clusterroles,rolebindings,clusterrolebindings', {
      apiGroups: ['rbac.authorization.k8s.io'],
    });
    const base = [
      clusterRole('writer', [
        mayWrite,
        rule('get,list', 'pods'),
        rule('get', 'secrets', { resourceNames: ['a'] }),
        urls('get', '/x*'),
      ]),
      clusterRole('strong', [rule('*', '*', { apiGroups: ['*'] })]),
    ];
    const written = clusterBinding('writer', 'writer', toGroup('token-group'));
    for (const role of base) await admin.create(CLUSTER_ROLES, role);
    await admin.create(CLUSTER_ROLE_BINDINGS, written);

    // Without the default roles, which give the person nothing here that counts.
    const rbac = createRbacAuthorizer(new Objects(...base, written));
    const guard = createEscalationGuard({ rbac, authorizer: rbac });
    const who = user('token-user', 'token-group', 'system:authenticated');
    const outcome = async (work: () => Promise<unknown>): Promise<unknown> => {
      try {
        await work();
        return 'passes';
      } catch (error) {
        if (error instanceof StatusError) return error.status;
        throw error;
      }
    };
    const wanted: (ClusterRole | RoleBinding)[] = [
      clusterRole('a', [rule('get', 'pods')]),
      clusterRole('b', [rule('get,list,delete,patch', 'pods,nodes')]),
      clusterRole('c', [
        rule('get', 'secrets', { resourceNames: ['a', 'b'] }),
        urls('get,post', '/x1,/y'),
      ]),
      clusterRole('d', [rule('*', '*', { apiGroups: ['*'] })]),
      clusterRole('e', [], {
        aggregationRule: { clusterRoleSelectors: [{ matchLabels: { x: 'y' } }] },
      }),
      clusterBinding('a', 'writer', toGroup('g')),
      clusterBinding('b', 'strong', toGroup('g')),
      clusterBinding('c', 'gone', toGroup('g')),
      role('default', 'a', [rule('get', 'pods')]),
      role('default', 'b', [rule('get', 'nodes')]),
      binding('default', 'a', 'cluster/writer', toGroup('g')),
      binding('default', 'b', 'cluster/strong', toGroup('g')),
      binding('default', 'c', 'gone', toGroup('g')),
      binding('default', 'd', 'cluster/gone', toGroup('g')),
    ];
    for (const object of wanted) {
      const type = [CLUSTER_ROLES, CLUSTER_ROLE_BINDINGS, ROLES, ROLE_BINDINGS].find(
        ({ kind }) => kind === object.kind,
      );
      if (type === undefined) throw new Error(`no resource for ${object.kind}`);
      const { namespace = '' } = object.metadata;
      const real = await outcome(async () => person.create(type, object));
      // The first attempts fail while the real one has not seen the binding yet.
      expect(JSON.stringify(real)).not.toContain('cannot create resource');
      const attributes = asks(who, 'create', type.resource, { group: type.group, namespace });
      const ours = await outcome(async () => guard({ attributes, object, dryRun: false }));
      expect(ours, `${object.kind} ${object.metadata.name}`).toEqual(real);
    }
  });
});
