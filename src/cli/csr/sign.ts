/** What `kubepki csr sign` does: flags become a CA and a policy, signed requests become files. */
import { basename, dirname, join, resolve } from 'node:path';
import { AUTHORITY_IDS, type AuthorityId, type Cluster } from '../../cluster/index.ts';
import { KubepkiError, quoted } from '../../errors.ts';
import {
  type AuthorityFiles,
  authorityOfCluster,
  authorityOfDirectory,
  catalogueJudge,
  certificateEnding,
  flagPolicy,
  type GivenRequest,
  judgeByPolicy,
  parseSignerCommand,
  readAuthority,
  readPolicy,
  requireFree,
  requireHost,
  type SignedRequest,
  type SigningAuthority,
  type SigningOptions,
  signRequests,
  type Wishes,
  whereItLies,
  writeSingleFile,
} from '../../pki/index.ts';
import { print } from '../output.ts';
import { DEFAULT_DIRECTORY } from '../pki.ts';
import { credentialOf, refuseWith, usagesOf, validityOf } from './flags.ts';
import { inputName, readInput } from './input.ts';
import type { TextFormat } from './options.ts';
import { printSigned } from './report.ts';
import { requireOther, requireReplaceable } from './target.ts';

export interface SignOptions {
  readonly filename?: string;
  readonly directory?: string;
  readonly ca?: string;
  readonly caCert?: string;
  readonly caKey?: string;
  readonly caPassphraseFile?: string;
  readonly signerCommand?: string;
  readonly policy?: string;
  readonly credential?: string;
  readonly host?: string;
  readonly allowCommonName?: readonly string[];
  readonly allowOrganization?: readonly string[];
  readonly allowDns?: readonly string[];
  readonly allowIp?: readonly string[];
  readonly allowKeyAlgorithm?: readonly string[];
  readonly allowRequestedNames?: true;
  readonly usage?: readonly string[];
  readonly validity?: string;
  readonly out?: string;
  readonly outDir?: string;
  readonly force?: true;
  readonly output: TextFormat;
}

/** A request with the place that its certificate goes to. */
interface Job extends GivenRequest {
  readonly path: string;
}

export async function signCommand(paths: readonly string[], options: SignOptions): Promise<void> {
  checkFlags(paths, options);
  const cluster = await readClusterFile(options.filename);
  const jobs: Job[] = [];
  for (const path of paths) {
    jobs.push({ path, name: inputName(path), bytes: await readInput(path) });
  }
  const judge = await judgeOf(options, cluster);
  const signer =
    options.signerCommand === undefined ? undefined : parseSignerCommand(options.signerCommand);
  const now = new Date();
  const inUse = new Set(filesInUse(options));
  const { withCaPassphrase } = await import('../passphrase.ts');
  const signed = await withCaPassphrase(options.caPassphraseFile, async (passphrase) =>
    signRequests(jobs, {
      judge,
      authority: authorities(options, cluster, (files) => {
        for (const path of [files.certificatePath, files.keyPath]) {
          if (path !== undefined) inUse.add(path);
        }
        return readAuthority(files, { passphrase, signer }, now);
      }),
      check: targetChecker(options, cluster, inUse),
      hint: hintOf(options),
      now,
    }),
  );
  const targets = signed.map((one) => ({
    one,
    target: targetOf(one.given, one.leaf, options, cluster),
  }));
  for (const { one, target } of targets) {
    if (target === undefined) print(one.text);
    else {
      const replace = options.force === true;
      writeSingleFile({ path: target, content: one.text, mode: 0o644, replace });
    }
  }
  await printSigned(targets, options.output);
}

function checkFlags(paths: readonly string[], options: SignOptions): void {
  const { filename, policy, ca, caCert, caKey, signerCommand, directory, out, outDir, output } =
    options;
  const allow = {
    '--allow-common-name': options.allowCommonName,
    '--allow-organization': options.allowOrganization,
    '--allow-dns': options.allowDns,
    '--allow-ip': options.allowIp,
    '--allow-key-algorithm': options.allowKeyAlgorithm,
    '--allow-requested-names': options.allowRequestedNames,
  };
  if (filename !== undefined) {
    refuseWith('-f: the cluster file is the policy', {
      ...allow,
      '--policy': policy,
      '--usage': options.usage,
    });
  } else {
    refuseWith('a signing without -f', {
      '--credential': options.credential,
      '--host': options.host,
    });
  }
  if (policy !== undefined) refuseWith('--policy', allow, 'change the policy file');
  if (caCert === undefined) {
    refuseWith('a directory', { '--ca-key': caKey }, 'name the certificate with --ca-cert');
    if (filename === undefined && directory === undefined) {
      throw new KubepkiError('USAGE', 'no CA to sign with', {
        hint: 'give --ca-cert and --ca-key, or -d DIR and --ca, or -f cluster.yaml',
      });
    }
    if (filename === undefined && ca === undefined) {
      throw new KubepkiError('USAGE', '-d needs --ca', {
        hint: `one of ${AUTHORITY_IDS.join(', ')}`,
      });
    }
  } else {
    // With -f the directory says which tree is the administrator's.
    if (filename === undefined) refuseWith('--ca-cert', { '--directory': directory });
    if (caKey !== undefined) refuseWith('--ca-key', { '--signer-command': signerCommand });
    else if (signerCommand === undefined) {
      throw new KubepkiError('USAGE', '--ca-cert needs --ca-key or --signer-command');
    }
    if (filename !== undefined && ca === undefined) {
      throw new KubepkiError('USAGE', '--ca-cert with -f needs --ca', {
        hint: `which of the cluster's CAs it is: ${AUTHORITY_IDS.join(', ')}`,
      });
    }
  }
  if (ca !== undefined) authorityId(ca);
  if (out !== undefined) refuseWith('--out', { '--out-dir': outDir });
  if (out !== undefined && paths.length > 1) {
    throw new KubepkiError('USAGE', '--out is for one request', { hint: 'give --out-dir DIR' });
  }
  if (new Set(paths.map((path) => (path === '-' ? path : resolve(path)))).size < paths.length) {
    throw new KubepkiError('USAGE', 'a request is named twice');
  }
  if (toStdout(paths, options) && output !== 'text') {
    throw new KubepkiError(
      'USAGE',
      `-o ${output} does not go with a certificate on standard output`,
      {
        hint: 'give --out FILE',
      },
    );
  }
}

const toStdout = (paths: readonly string[], { out, outDir }: SignOptions): boolean =>
  out === '-' || (paths.includes('-') && out === undefined && outDir === undefined);

async function readClusterFile(filename: string | undefined): Promise<Cluster | undefined> {
  if (filename === undefined) return undefined;
  const { loadCluster } = await import('../cluster-file.ts');
  return await loadCluster(filename);
}

function authorityId(text: string): AuthorityId {
  const known = AUTHORITY_IDS.find((id) => id === text);
  if (known !== undefined) return known;
  throw new KubepkiError('USAGE', `--ca ${quoted(text, 80)} is not the name of an authority`, {
    hint: `one of ${AUTHORITY_IDS.join(', ')}; the file of a CA goes with --ca-cert`,
  });
}

async function judgeOf(
  options: SignOptions,
  cluster: Cluster | undefined,
): Promise<SigningOptions<Job>['judge']> {
  const { filename, policy: policyFile, host, ca, credential } = options;
  const wishes: Wishes = {
    usages: options.usage === undefined ? undefined : usagesOf(options.usage),
    validity: options.validity === undefined ? undefined : validityOf(options.validity),
  };
  if (cluster !== undefined) {
    requireHost(cluster, host);
    const where = inputName(filename ?? '');
    const judge = catalogueJudge(cluster, where, {
      host,
      credential: credential === undefined ? undefined : credentialOf(credential),
      issuer: ca === undefined ? undefined : authorityId(ca),
    });
    const directory = {
      path: options.directory ?? DEFAULT_DIRECTORY,
      isGiven: options.directory !== undefined,
    };
    return (asked, { path }) =>
      judge(asked, wishes, path === '-' ? undefined : whereItLies(cluster, path, directory, where));
  }
  const policy =
    policyFile === undefined
      ? flagPolicy(
          {
            commonNames: options.allowCommonName ?? [],
            organizations: options.allowOrganization ?? [],
            dns: options.allowDns ?? [],
            ip: options.allowIp ?? [],
            keyAlgorithms: options.allowKeyAlgorithm ?? [],
            requestedNames: options.allowRequestedNames === true,
          },
          wishes.validity,
        )
      : readPolicy((await readInput(policyFile)).toString('utf8'), inputName(policyFile));
  return (asked) => judgeByPolicy(asked, policy, wishes);
}

/** What to do where flags are the policy and have allowed too little. */
function hintOf({ filename, policy, allowRequestedNames }: SignOptions): string | undefined {
  if (filename !== undefined || policy !== undefined || allowRequestedNames) return undefined;
  return 'names are rights: allow them one by one, or all but those of Kubernetes itself with --allow-requested-names once you have read them';
}

/** Finds the CA of each request, and reads each CA once. */
function authorities(
  options: SignOptions,
  cluster: Cluster | undefined,
  read: (files: AuthorityFiles) => SigningAuthority,
): SigningOptions['authority'] {
  const known = new Map<string, SigningAuthority>();
  return (issuer) => {
    const id = options.ca === undefined ? (issuer ?? 'ca') : authorityId(options.ca);
    const found = known.get(id) ?? read(filesOf(id));
    known.set(id, found);
    return found;
  };

  function filesOf(id: AuthorityFiles['id']): AuthorityFiles {
    const { caCert, caKey, directory = DEFAULT_DIRECTORY } = options;
    if (caCert !== undefined) return { id, certificatePath: caCert, keyPath: caKey };
    const place = { kind: 'directory', directory: resolve(directory) } as const;
    return cluster === undefined
      ? authorityOfDirectory(place.directory, authorityId(id))
      : authorityOfCluster(cluster, place, id);
  }
}

/** The files of the command line that a certificate must not take the place of. */
const filesInUse = ({ filename, policy, caCert, caKey, caPassphraseFile }: SignOptions): string[] =>
  [filename, policy, caCert, caKey, caPassphraseFile].filter(
    (path): path is string => path !== undefined && path !== '-',
  );

/** Where a certificate goes; undefined for standard output. */
function targetOf(
  { path }: Job,
  leaf: SignedRequest['leaf'],
  { out, outDir }: SignOptions,
  cluster: Cluster | undefined,
): string | undefined {
  if (out !== undefined) return out === '-' ? undefined : out;
  if (path === '-' && outDir === undefined) return undefined;
  const ending =
    cluster === undefined || leaf === undefined ? '.crt' : certificateEnding(cluster, leaf.item);
  const name = path === '-' ? 'request' : basename(path).replace(/\.(?:csr|req)$/, '');
  return join(outDir ?? dirname(path), name + ending);
}

/** Refuses, before anything is signed, what could not be written or would replace something. */
function targetChecker(
  options: SignOptions,
  cluster: Cluster | undefined,
  inUse: ReadonlySet<string>,
): (job: Job, leaf: SignedRequest['leaf']) => void {
  const taken = new Map<string, string>();
  return (job, leaf) => {
    const target = targetOf(job, leaf, options, cluster);
    if (target === undefined) return;
    const path = resolve(target);
    const other = taken.get(path);
    if (other !== undefined) {
      throw new KubepkiError('USAGE', `${other} and ${job.name} would both become ${target}`);
    }
    taken.set(path, job.name);
    if (path === resolve(job.path)) {
      throw new KubepkiError('USAGE', `${target} is the request itself`);
    }
    requireOther(target, inUse);
    if (options.force === true) requireReplaceable(target);
    else requireFree(target, '--force replaces it, where it is a certificate');
  };
}
