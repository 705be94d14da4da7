/** The flags of `kubepki init` as facts of a cluster. */
import { isIP } from 'node:net';
import { type Host, ROLES, type Role } from '../../cluster/index.ts';
import { KubepkiError, quoted } from '../../errors.ts';
import type { GivenFacts } from '../../pki/index.ts';

export interface InitFlags {
  readonly from?: string;
  readonly output?: string;
  readonly force?: true;
  readonly name?: string;
  readonly kubernetesVersion?: string;
  readonly controlPlaneEndpoint?: string;
  readonly host?: readonly Host[];
  readonly serviceCidr?: string;
  readonly serviceDnsDomain?: string;
  readonly apiserverCertExtraSans?: string;
  readonly layout?: string;
  readonly keyAlgorithm?: string;
  readonly caPassphraseFile?: string;
}

/** What of the flags says something about the cluster. */
export function givenFacts(flags: InitFlags): GivenFacts {
  const { name, kubernetesVersion, controlPlaneEndpoint, host, serviceCidr } = flags;
  const { serviceDnsDomain, apiserverCertExtraSans } = flags;
  return {
    ...(name === undefined ? {} : { name }),
    ...(kubernetesVersion === undefined ? {} : { kubernetesVersion }),
    ...(controlPlaneEndpoint === undefined ? {} : { endpoint: controlPlaneEndpoint }),
    ...(serviceDnsDomain === undefined ? {} : { dnsDomain: serviceDnsDomain }),
    ...(serviceCidr === undefined ? {} : { serviceSubnets: serviceCidr.split(',') }),
    ...(apiserverCertExtraSans === undefined
      ? {}
      : { extraSANs: apiserverCertExtraSans.split(',') }),
    ...(host === undefined ? {} : { hosts: host }),
  };
}

export const saysSomething = (flags: InitFlags): boolean =>
  Object.keys(givenFacts(flags)).length > 0 ||
  flags.layout !== undefined ||
  flags.keyAlgorithm !== undefined;

const FORM = 'NAME=ADDRESS[,ADDRESS…]:ROLE[,ROLE…]';

/** For commander: one `--host` more. Roles stand behind the last colon, so that IPv6 needs no brackets. */
export function collectHost(text: string, before: readonly Host[] = []): Host[] {
  const end = text.lastIndexOf(':');
  const names = text.slice(end + 1).split(',');
  const roles = names.map((name) => ROLES.find((role) => role === name));
  if (end < 0 || roles.includes(undefined)) {
    throw refuse(text, `roles are ${ROLES.join(', ')}`);
  }
  const host = parseHost(text.slice(0, end));
  if (host === undefined) throw refuse(text, 'for example cp-1=172.16.10.11:control-plane,etcd');
  return [...before, { ...host, roles: roles.filter((role) => role !== undefined) }];
}

const refuse = (text: string, hint: string): KubepkiError =>
  new KubepkiError('USAGE', `--host ${quoted(text)}: expected ${FORM}`, { hint });

/** `NAME=ADDRESS[,ADDRESS…]`; undefined where it is none. What the cluster file takes, `readCluster` says. */
export function parseHost(text: string): Omit<Host, 'roles'> | undefined {
  const [, name, list] = /^([^=\s]+)=(\S+)$/.exec(text) ?? [];
  if (name === undefined || list === undefined) return undefined;
  const addresses = list.split(',').map((one) => one.replace(/^\[(.*)\]$/, '$1'));
  return addresses.every((address) => isIP(address) !== 0) ? { name, addresses } : undefined;
}

export const withRoles = (hosts: readonly Omit<Host, 'roles'>[], roles: readonly Role[]): Host[] =>
  hosts.map((host) => ({ ...host, roles }));
