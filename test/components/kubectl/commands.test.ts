/** What kubectl does beside the verbs of every resource: the same commands to kube-apiserver and to our server. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Comparison, comparison, linesOf } from './compare.ts';
import { NAMESPACE, OWN, samples } from './objects.ts';
import { served } from './served.ts';
import { comparableText, type Servers, startServers } from './servers.ts';

let servers: Servers;
let compare: Comparison;
const same: Comparison['same'] = async (...rest) => compare.same(...rest);
const good: Comparison['good'] = async (...rest) => compare.good(...rest);
const sameLines: Comparison['sameLines'] = async (...rest) => compare.sameLines(...rest);

beforeAll(async () => {
  servers = await startServers();
  compare = comparison(servers);
  await good(`create namespace ${NAMESPACE}`);
});
afterAll(() => servers?.stop());

const configMap = (name: string, more: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: NAMESPACE, ...more },
});

describe('the generators of create', () => {
  it.each([
    'namespace made',
    'configmap made --from-literal=a=b --from-literal=c=d',
    'secret generic made --from-literal=password=x',
    'secret generic typed --type=example.com/x --from-literal=password=x',
    'secret docker-registry registry --docker-server=r.example.com --docker-username=u --docker-password=p',
    'serviceaccount made',
    'role made --verb=get,list --resource=configmaps,secrets --resource-name=a',
    'rolebinding made --role=made --user=jane --group=dev --serviceaccount=demo:made',
    'clusterrole made --verb=get --resource=nodes,nodes/status',
    'clusterrole paths --verb=get --non-resource-url=/logs/*',
    'clusterrole summed --aggregation-rule=example.com/sum=yes',
    'clusterrolebinding made --clusterrole=made --user=jane',
    'priorityclass made --value=7 --description=seven',
    'service clusterip made --tcp=80:8080',
    'service nodeport port --tcp=80:8080',
    'service loadbalancer balanced --tcp=80:8080',
    'service externalname elsewhere --external-name=example.com',
  ])('create %s', async (args) => {
    await good(`create ${args} -n ${NAMESPACE} --dry-run=server -o yaml`);
    await good(`create ${args} -n ${NAMESPACE}`);
    const again = await same(`create ${args} -n ${NAMESPACE}`);
    expect(again.code).toBe(1);
    await good(`create ${args} -n ${NAMESPACE} --dry-run=client -o yaml`);
  });

  it('run makes a pod', async () => {
    await good(`run quick --image=example.com/app:1 -n ${NAMESPACE}`);
    await good(`get pod quick -n ${NAMESPACE} -o yaml`);
    await good(`delete pod quick -n ${NAMESPACE} --now`);
  });

  it('set and expose change what is there', async () => {
    await good(`run shown --image=example.com/app:1 --port=80 -n ${NAMESPACE}`);
    await good(`expose pod shown --port=80 -n ${NAMESPACE}`);
    await good(`set image pod/shown shown=example.com/app:2 -n ${NAMESPACE}`);
    await good(`set selector service shown a=b -n ${NAMESPACE}`);
    await good(`set subject rolebinding made --user=joe -n ${NAMESPACE}`);
    await good(`get pod,service shown -n ${NAMESPACE} -o yaml`);
  });

  it('create token says that there are none', async () => {
    const { code, stderr } = await servers.ours.kubectl([
      'create',
      'token',
      'made',
      '-n',
      NAMESPACE,
    ]);
    expect(code).toBe(1);
    expect(stderr).toBe(
      'error: failed to create token: the server could not find the requested resource\n',
    );
  });
});

describe('lists', () => {
  beforeAll(async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const labelled = names.map((name) => configMap(name, { labels: { letter: name } }));
    await good(['create', '-f', compare.file('letters.json', labelled)]);
  });

  it.each([
    'get configmaps',
    'get configmaps --chunk-size=2',
    'get configmaps -l letter',
    'get configmaps -l letter in (a,b)',
    'get configmaps -l letter!=a,letter',
    'get configmaps --field-selector=metadata.name=a',
    'get configmaps --field-selector=metadata.name!=a,metadata.namespace=demo',
    'get configmaps --field-selector=data.a=b',
    'get configmaps -l a=b=c',
    'get configmaps --sort-by=.metadata.creationTimestamp',
    'get configmaps -o name --chunk-size=1',
    'get cm/a secret/made sa/made',
    'get cm,secret,sa,role,rolebinding',
    'get all',
    'get all -o name',
    'get configmap nobody',
    'get nothings',
    'get configmap a nobody b --ignore-not-found',
    'get configmaps --output-watch-events -o name --watch-only --request-timeout=1s',
    'get --raw /api/v1/namespaces/demo/configmaps/nobody',
    'get --raw /nothing',
    'describe configmaps -l letter=a',
    'describe configmap a',
    'describe configmap nobody',
    'get configmaps -o jsonpath={.items[*].metadata.name}',
    'get configmaps --server-print=false',
    'get configmap a -o yaml --show-managed-fields=false',
    'get configmaps -o kyaml -l letter=a',
  ])('%s', async (command) => {
    await same([...splitSelector(command), '-n', NAMESPACE]);
  });

  it('get -A', async () => {
    await good('get configmaps -A -l letter');
    // Some come only with what upstream has not switched on yet.
    const isUsual = (line: string): boolean => !/cluster-?trust-?bundle|podcertificate/.test(line);
    for (const resource of ['clusterroles', 'clusterrolebindings']) {
      const { theirs, mine } = await compare.both(`get ${resource} -o wide --no-headers`);
      expect(linesOf(mine.stdout).filter(isUsual)).toEqual(linesOf(theirs.stdout).filter(isUsual));
    }
    await good('get roles,rolebindings -n kube-system -o wide');
    await good('get priorityclasses');
  });

  it('get --watch shows what is there and what comes', async () => {
    const watch = compare.both(`get configmaps -n ${NAMESPACE} -l letter --watch`, { lines: 7 });
    await appearsInBoth('late', { labels: { letter: 'z' } });
    const { theirs, mine } = await watch;
    expect(linesOf(mine.stdout)).toEqual(linesOf(theirs.stdout));
    expect(linesOf(mine.stdout)).toContain('late 0 <age>');
  });

  it('get --watch-only shows what comes', async () => {
    const watch = compare.both(
      `get configmaps -n ${NAMESPACE} --watch-only -o name --output-watch-events`,
      { lines: 1 },
    );
    await appearsInBoth('later', {});
    const { theirs, mine } = await watch;
    expect(comparableText(mine.stdout)).toBe(comparableText(theirs.stdout));
    expect(mine.stdout).toContain('configmap/later');
  });
});

/** A selector may have spaces in it. */
function splitSelector(command: string): readonly string[] {
  const set = / -l (letter in \(a,b\))/.exec(command);
  if (set === null) return command.split(' ');
  return [...command.slice(0, set.index).split(' '), '-l', set[1] ?? ''];
}

/** Made again and again, since nobody says when a watch has begun. */
async function appearsInBoth(name: string, metadata: object): Promise<void> {
  const path = compare.file(`${name}.json`, configMap(name, metadata));
  for (let times = 0; times < 4; times++) {
    await good(['apply', '-f', path]);
    await good(['delete', '-f', path]);
  }
  await good(['create', '-f', path]);
}

describe('events', () => {
  it('are listed, with their newest last', async () => {
    // In a namespace of their own: kube-apiserver writes events about Services that it looks through now and then.
    const namespace = 'told';
    await good(`create namespace ${namespace}`);
    const event = JSON.stringify(samples().get('events') ?? {});
    const there: object = JSON.parse(event.replaceAll(`"${NAMESPACE}"`, `"${namespace}"`));
    await good(['create', '-f', compare.file('event.json', there)]);
    await good(`get events -n ${namespace}`);
    await good(`get events -n ${namespace} -o wide`);
    await good(`events -n ${namespace}`);
    await good(`events -n ${namespace} --types=Warning`);
    await good(`events -n ${namespace} --for configmap/sample`);
    await good(
      `get events -n ${namespace} --field-selector=involvedObject.name=sample,reason=Tested`,
    );
  });
});

describe('wait', () => {
  it('for a condition, a value, a deletion and a creation', async () => {
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'waited' } };
    await good(['create', '-f', compare.file('node.json', node)]);
    await same('wait --for=condition=Ready node/waited --timeout=1s');
    const ready = '{"status":{"conditions":[{"type":"Ready","status":"True"}]}}';
    await good(['patch', 'node', 'waited', '--subresource=status', '-p', ready]);
    await good('wait --for=condition=Ready node/waited --timeout=10s');
    await good('wait --for=jsonpath={.metadata.name}=waited node/waited --timeout=10s');
    await good(`wait --for=create configmap/a -n ${NAMESPACE} --timeout=10s`);
    await same(`wait --for=delete configmap/a -n ${NAMESPACE} --timeout=1s`);
    await good(`wait --for=delete configmap/nobody -n ${NAMESPACE} --timeout=10s`);
    // Says so only where the object was there when it began.
    const gone = compare.both(`wait --for=delete configmap/b -n ${NAMESPACE} --timeout=60s`);
    await good(`delete configmap b -n ${NAMESPACE}`);
    expect([(await gone).theirs.code, (await gone).mine.code]).toEqual([0, 0]);
    const come = good(`wait --for=create configmap/new -n ${NAMESPACE} --timeout=60s`);
    await good(`create configmap new -n ${NAMESPACE}`);
    await come;
  });
});

describe('nodes', () => {
  beforeAll(async () => {
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'kept' } };
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'placed', namespace: NAMESPACE },
      spec: {
        nodeName: 'kept',
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'main', image: 'example.com/app:1' }],
      },
    };
    await good(['create', '-f', compare.file('kept.json', [node, pod])]);
  });

  it.each([
    'cordon kept',
    'cordon kept',
    'get node kept',
    'describe node kept',
    'uncordon kept',
    'taint node kept example.com/a=b:NoSchedule',
    'taint node kept example.com/a=c:NoSchedule',
    'taint node kept example.com/a=c:NoSchedule --overwrite',
    'taint node kept example.com/a:NoSchedule-',
    'taint node kept example.com/a=b:Nonsense',
    'get node kept -o yaml',
    'drain kept --timeout=10s',
    'drain kept --force --disable-eviction --grace-period=0 --timeout=10s',
    'get pods -A -o wide',
    'uncordon nobody',
    'top node',
    'top pod',
  ])('%s', async (command) => {
    await same(command);
  });
});

describe('who may what', () => {
  it('auth can-i, whoami and --as', async () => {
    await sameLines('auth can-i --list');
    await sameLines(`auth can-i --list --as=jane -n ${NAMESPACE}`);
    await same(`auth can-i get configmaps --as=jane -n ${NAMESPACE}`);
    await same(`auth can-i get configmaps/a --as=nobody --as-group=dev -n ${NAMESPACE}`);
    await same(`auth can-i create nothings --as=jane`);
    await sameLines('auth whoami');
    await sameLines(
      'auth whoami --as=jane --as-group=a --as-group=b --as-uid=7 --as-user-extra=scopes=view',
    );
    await same('auth whoami --as=jane -o yaml');
    await same(`get configmaps -n ${NAMESPACE} --as=jane`);
    await same(`get secrets -n ${NAMESPACE} --as=nobody`);
    await same(`create namespace refused --as=jane`);
    await same(`delete configmap a -n ${NAMESPACE} --as=jane`);
    await same(`get configmaps -n ${NAMESPACE} --as-group=dev`);
  });

  it('auth reconcile', async () => {
    const rbac = 'rbac.authorization.k8s.io/v1';
    const rule = (verb: string): object => ({
      apiGroups: [''],
      resources: ['pods'],
      verbs: [verb],
    });
    const role = (verb: string): object => ({
      apiVersion: rbac,
      kind: 'Role',
      metadata: { name: 'kept', namespace: NAMESPACE },
      rules: [rule(verb)],
    });
    const binding = (...names: string[]): object => ({
      apiVersion: rbac,
      kind: 'RoleBinding',
      metadata: { name: 'kept', namespace: NAMESPACE },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'kept' },
      subjects: names.map((name) => ({
        kind: 'User',
        name,
        apiGroup: 'rbac.authorization.k8s.io',
      })),
    });
    const first = compare.file('first.json', [role('get'), binding('jane')]);
    const second = compare.file('second.json', [role('list'), binding('joe')]);
    await sameLines(`auth reconcile -f ${first}`);
    await sameLines(`auth reconcile -f ${second} --dry-run=server`);
    await sameLines(`auth reconcile -f ${second}`);
    await good(`get role,rolebinding kept -n ${NAMESPACE} -o yaml`);
    await sameLines(
      `auth reconcile -f ${first} --remove-extra-permissions --remove-extra-subjects`,
    );
    await good(`get role,rolebinding kept -n ${NAMESPACE} -o yaml`);
  });

  it('certificate approve and deny', async () => {
    const csr = samples().get('certificatesigningrequests.certificates.k8s.io');
    const called = (name: string): object => ({ ...csr, metadata: { name } });
    await good(['create', '-f', compare.file('csrs.json', [called('yes'), called('no')])]);
    await good('get csr');
    await good('certificate approve yes');
    await good('certificate approve yes');
    await good('certificate deny no');
    await same('certificate approve no');
    await same('certificate deny nobody');
    await good('get csr -o wide');
    await good('describe csr yes no');
    await good('get csr yes no -o yaml');
    await good('delete csr yes no');
  });
});

describe('deletions', () => {
  it.each(['background', 'foreground', 'orphan'])('--cascade=%s', async (cascade) => {
    await good(`create configmap gone-${cascade} -n ${NAMESPACE}`);
    await good(
      `delete configmap gone-${cascade} -n ${NAMESPACE} --cascade=${cascade} --wait=false`,
    );
  });

  it('of what is selected, and of all', async () => {
    await good(`delete configmaps -n ${NAMESPACE} -l letter=c`);
    await good(`delete configmaps -n ${NAMESPACE} --all --dry-run=server`);
    await good(`delete configmaps -n ${NAMESPACE} --field-selector=metadata.name=d`);
    await good(`delete configmaps -n ${NAMESPACE} --all`);
    await good(`get configmaps -n ${NAMESPACE}`);
    await same(`delete configmap nobody -n ${NAMESPACE}`);
    await same('delete namespace kube-system');
    await same('delete namespace default');
  });
});

describe('the server', () => {
  it('has the resources of kube-apiserver that it serves', async () => {
    const mine = await servers.ours.kubectl(['api-resources', '-o', 'wide', '--no-headers']);
    const theirs = await servers.real.kubectl(['api-resources', '-o', 'wide', '--no-headers']);
    const own = OWN.map((name) => name.split('.', 1).join(''));
    const ours = linesOf(mine.stdout).filter((line) => !own.some((name) => line.startsWith(name)));
    expect(linesOf(theirs.stdout)).toEqual(expect.arrayContaining([...ours]));
    expect(ours.length).toBeGreaterThan(30);
    const versions = await servers.ours.kubectl(['api-versions']);
    const all = await servers.real.kubectl(['api-versions']);
    const group = versions.stdout
      .trim()
      .split('\n')
      .filter((one) => !one.startsWith('kubepki.dev'));
    expect(all.stdout.trim().split('\n')).toEqual(expect.arrayContaining(group));
  });

  it('says its address and its version', async () => {
    await same('cluster-info');
    const { stdout } = await servers.ours.kubectl(['version', '-o', 'json']);
    expect(JSON.parse(stdout)).toMatchObject({
      serverVersion: { major: '1', minor: '36', gitVersion: expect.stringContaining('v1.36') },
    });
  });

  it('is reached through kubectl proxy', async () => {
    for (const server of [servers.real, servers.ours]) {
      const { child, line } = await server.start(['proxy', '--port=0']);
      try {
        const url = /127\.0\.0\.1:\d+/.exec(line)?.[0];
        const answer = await fetch(`http://${url}/api/v1/namespaces/${NAMESPACE}`);
        expect(await answer.json()).toMatchObject({ metadata: { name: NAMESPACE } });
      } finally {
        child.kill('SIGKILL');
      }
    }
  });
});

describe('explain', () => {
  it('has the fields and types of kube-apiserver for every resource, and a description for each', async () => {
    const names = [...(await served(servers.ours))].filter((name) => !OWN.includes(name));
    for (const name of names) {
      const args = ['explain', name, '--recursive'];
      const { theirs, mine } = await compare.both(args);
      expect(fieldsIn(mine.stdout), name).toEqual(fieldsIn(theirs.stdout));
      const shown = await servers.ours.kubectl(['explain', name]);
      expect(shown.stdout, name).not.toContain('<no description>');
    }
  });

  it.each([
    'pod.spec.containers',
    'pods.spec.containers.ports.protocol',
    'service.spec.type',
    'node.status.conditions',
    'clusterrole.rules',
    'csr.spec.usages',
    'pod.spec.nothing',
    'configmap --api-version=v1',
    'event --api-version=v1',
  ])('%s', async (field) => {
    const args = ['explain', ...field.split(' ')];
    const { theirs, mine } = await compare.both(args);
    expect(fieldsIn(mine.stdout)).toEqual(fieldsIn(theirs.stdout));
    expect(mine.code).toBe(theirs.code);
    if (mine.code !== 0) expect(mine.stderr).toBe(theirs.stderr);
  });
});

/** Names, types and values of fields; the words are our own. */
const fieldsIn = (text: string): readonly string[] =>
  text.split('\n').flatMap((line) => {
    const [field] = /^ *\S+\t<.*$|^(?:GROUP|KIND|VERSION|FIELD): .*$|^ *enum: .*$/.exec(line) ?? [];
    return field === undefined ? [] : [comparableText(field)];
  });
