/**
 * The policy where neither a file nor a cluster file is given: usages and keys are the usual ones, names
 * only those that somebody has allowed. Names are rights: a CA that signs whatever it is handed, as
 * `openssl x509 -req` does, makes an administrator of whoever asks to be one.
 */
import { KubepkiError, quoted } from '../../errors.ts';
import { type IpRange, isDnsEntry, parseIpRange } from './names.ts';
import {
  LEAST_RSA_BITS,
  POLICY_KEY_ALGORITHMS,
  POLICY_USAGES,
  type PolicyRule,
  type SigningPolicy,
  USUAL_KEY_ALGORITHMS,
} from './policy.ts';

export interface AllowFlags {
  readonly commonNames: readonly string[];
  readonly organizations: readonly string[];
  readonly dns: readonly string[];
  readonly ip: readonly string[];
  readonly keyAlgorithms: readonly string[];
  readonly requestedNames: boolean;
}

/** Seconds; what `--validity` says takes its place. */
const USUAL_VALIDITY = 365 * 24 * 3600;

/**
 * @param validity seconds that the signer wants, who is the one to decide here
 * @throws KubepkiError `USAGE` for a value that no flag of this name takes
 */
export function flagPolicy(allow: AllowFlags, validity = USUAL_VALIDITY): SigningPolicy {
  for (const entry of allow.dns) {
    if (!isDnsEntry(entry)) {
      throw wrong(
        '--allow-dns',
        entry,
        'give a DNS name in lower case, .example.com for every name below it, or *.example.com',
      );
    }
  }
  const added = allow.keyAlgorithms.map((name) => {
    const known = POLICY_KEY_ALGORITHMS.find((one) => one === name);
    if (known !== undefined) return known;
    throw wrong('--allow-key-algorithm', name, `one of ${POLICY_KEY_ALGORITHMS.join(', ')}`);
  });
  return {
    commonNames: allow.commonNames,
    organizations: allow.organizations,
    attributes: {},
    dns: allow.dns,
    ip: allow.ip.map(rangeOf),
    namesAsAsked: allow.requestedNames,
    usages: POLICY_USAGES,
    keyAlgorithms: [...USUAL_KEY_ALGORITHMS, ...added],
    minimumRsaBits: LEAST_RSA_BITS,
    validity,
    origin: () => 'allowed by no flag',
    remedy,
  };
}

function rangeOf(text: string): IpRange {
  const range = parseIpRange(text);
  if (range !== undefined) return range;
  throw wrong(
    '--allow-ip',
    text,
    'give an address, or a subnet such as 10.0.0.0/8 without host bits',
  );
}

const wrong = (flag: string, value: string, hint: string): KubepkiError =>
  new KubepkiError('USAGE', `${flag} ${quoted(value, 80)} is not understood`, { hint });

const FLAGS: Readonly<Partial<Record<PolicyRule, string>>> = {
  commonNames: '--allow-common-name',
  organizations: '--allow-organization',
  dns: '--allow-dns',
  ip: '--allow-ip',
  keyAlgorithms: '--allow-key-algorithm',
  attributes: '--allow-requested-names',
};

function remedy(rule: PolicyRule, value: string): string | undefined {
  const flag = FLAGS[rule];
  if (flag === undefined || rule === 'attributes') return flag;
  if (rule === 'keyAlgorithms' && !POLICY_KEY_ALGORITHMS.some((one) => one === value))
    return undefined;
  return `${flag} ${shellWord(value)}`;
}

const shellWord = (text: string): string =>
  /^[\w./@%+,:=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
