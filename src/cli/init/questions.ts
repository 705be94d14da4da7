/** Asks for what a cluster file has to say, on a terminal. */
import type { Readable, Writable } from 'node:stream';
import { type Host, readCluster } from '../../cluster/index.ts';
import { KubepkiError } from '../../errors.ts';
import { parseHost, withRoles } from './flags.ts';
import { type StarterFacts, starter } from './starter.ts';

export interface Terminal {
  readonly input: Readable;
  readonly output: Writable;
}

/** Somebody has pressed Ctrl-C or Escape. */
const CANCELLED = Symbol('cancelled');

/** The answers, or undefined where they were broken off. */
export async function ask(terminal: Terminal): Promise<StarterFacts | undefined> {
  // Loaded here and nowhere else: no other command asks questions.
  const prompts = await import('@clack/prompts');
  prompts.intro('kubepki init', terminal);
  const given = (answer: string | symbol): string => {
    if (typeof answer === 'string') return answer;
    throw CANCELLED;
  };
  const text = async (
    message: string,
    initialValue: string,
    problemOf: (value: string) => string | undefined,
  ): Promise<string> => {
    const validate = (value: string | undefined): string | undefined =>
      problemOf(value?.trim() ?? '');
    return given(await prompts.text({ message, initialValue, validate, ...terminal })).trim();
  };
  const choice = async (
    message: string,
    options: readonly { value: string; label: string }[],
  ): Promise<string> =>
    given(await prompts.select({ message, options: [...options], ...terminal }));
  try {
    const facts = await questions(text, choice);
    prompts.outro('Done.', terminal);
    return facts;
  } catch (error) {
    if (error !== CANCELLED) throw error;
    prompts.cancel('Nothing was written.', terminal);
    return undefined;
  }
}

type Text = (
  message: string,
  initialValue: string,
  problemOf: (value: string) => string | undefined,
) => Promise<string>;
type Choice = (
  message: string,
  options: readonly { value: string; label: string }[],
) => Promise<string>;

async function questions(text: Text, choice: Choice): Promise<StarterFacts> {
  const name = await text('Name of the cluster', 'kubernetes', (value) =>
    problemOf({ name: value }),
  );
  const planes = await text(
    'Control planes, as NAME=ADDRESS with blanks between them',
    'cp-1=172.16.10.11',
    (value) => hostsProblem(value, false),
  );
  const controlPlanes = hostsIn(planes);
  const where = await choice('etcd', [
    { value: 'stacked', label: 'on the control planes' },
    { value: 'external', label: 'on machines of its own' },
  ]);
  const members =
    where === 'stacked'
      ? []
      : hostsIn(
          await text('Machines of etcd', 'etcd-1=172.16.10.31', (value) =>
            hostsProblem(value, false),
          ),
        );
  const workers = hostsIn(
    await text('Workers; may be empty, more can be added later', '', (value) =>
      hostsProblem(value, true),
    ),
  );
  const hosts: Host[] = [
    ...withRoles(controlPlanes, members.length > 0 ? ['control-plane'] : ['control-plane', 'etcd']),
    ...withRoles(members, ['etcd']),
    ...withRoles(workers, ['worker']),
  ];
  const address = controlPlanes[0]?.addresses[0] ?? '';
  const proposed = address.includes(':') ? `[${address}]:6443` : `${address}:6443`;
  const endpoint = await text(
    'Where clients find kube-apiserver (of several control planes: the load balancer before them)',
    controlPlanes.length > 1 ? '' : proposed,
    (value) =>
      value === ''
        ? 'host:port, such as api.example.com:6443'
        : problemOf({ name, hosts, endpoint: value }),
  );
  const layout = await choice('Names of files', [
    { value: 'kubeadm', label: "kubeadm's: /etc/kubernetes/pki/ca.crt, admin.conf" },
    { value: 'binary', label: "installations' from binaries: ca.pem, admin.kubeconfig" },
  ]);
  const keyAlgorithm = await choice('Keys', [
    { value: 'ECDSA-P256', label: 'ECDSA-P256: small, fast' },
    { value: 'ECDSA-P384', label: 'ECDSA-P384' },
    { value: 'RSA-2048', label: 'RSA-2048: as kubeadm' },
    { value: 'RSA-4096', label: 'RSA-4096' },
  ]);
  const kubeletCertificates = await choice("Kubelets' certificates", [
    { value: 'bootstrap', label: 'kubelets ask for them (TLS bootstrapping)' },
    { value: 'files', label: 'made ahead, as files' },
  ]);
  return { name, hosts, endpoint, layout, keyAlgorithm, kubeletCertificates };
}

const parts = (value: string): string[] => value.split(/\s+/).filter((part) => part !== '');

const hostsIn = (value: string): Omit<Host, 'roles'>[] =>
  parts(value).flatMap((part) => parseHost(part) ?? []);

function hostsProblem(value: string, mayBeEmpty: boolean): string | undefined {
  const list = parts(value);
  if (list.length === 0 && !mayBeEmpty) return 'at least one';
  const wrong = list.find((part) => parseHost(part) === undefined);
  if (wrong !== undefined) return `${wrong}: not NAME=ADDRESS, such as cp-1=172.16.10.11`;
  return list.length === 0
    ? undefined
    : problemOf({
        hosts: withRoles(hostsIn(value), ['control-plane', 'etcd']),
        endpoint: '192.0.2.1:6443',
      });
}

/** What a cluster file with these facts would be refused for. */
function problemOf(facts: StarterFacts): string | undefined {
  try {
    readCluster(starter(facts).text, 'answers');
    return undefined;
  } catch (error) {
    if (!(error instanceof KubepkiError)) throw error;
    return error.issues[0]?.message ?? error.message;
  }
}
