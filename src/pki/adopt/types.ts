/** What an adoption answers. */
import type { Cluster, CredentialId, Host } from '../../cluster/index.ts';
import type { Place } from '../place.ts';
import type { LeftOvers } from './leftover.ts';

/** What the operator says of a cluster; it counts more than what files say. */
export interface GivenFacts {
  readonly name?: string;
  readonly kubernetesVersion?: string;
  /** `host`, `host:port` or `[IPv6]:port`. */
  readonly endpoint?: string;
  readonly dnsDomain?: string;
  readonly serviceSubnets?: readonly string[];
  readonly extraSANs?: readonly string[];
  readonly hosts?: readonly Host[];
}

export interface AdoptOptions {
  readonly now: Date;
  readonly given?: GivenFacts;
  /** Opens encrypted keys, so that it can be told whose they are. */
  readonly passphrase?: Uint8Array;
  readonly onProgress?: (done: number, total: number) => void;
}

/** A credential that was recognised. */
export interface Match {
  readonly id: CredentialId;
  /** Relative to `root`; `{host}` where each host has its own. */
  readonly files: readonly string[];
  /** How many hosts have their own; 1 for one that all share. */
  readonly count: number;
  /** The earliest end of its certificates. */
  readonly notAfter?: Date;
  readonly why: string;
}

export interface Proposal {
  /** What the directory was recognised as, in words. */
  readonly recognised: string;
  /** What paths are relative to. */
  readonly root: string;
  /** The cluster file. */
  readonly text: string;
  readonly cluster: Cluster;
  /** That a CA's key is encrypted, and was not opened: plan asks for its passphrase. */
  readonly isLocked: boolean;
  /** Where plan looks for what was recognised. */
  readonly place: Place;
  readonly matched: readonly Match[];
  /** Listed under a name that fits in, and not there. */
  readonly missing: readonly CredentialId[];
  /** What could not be told, and what was written instead. */
  readonly untold: readonly string[];
  /** What is wrong or odd with what is there. */
  readonly problems: readonly string[];
  readonly leftOver: LeftOvers;
  readonly counts: {
    readonly files: number;
    readonly certificates: number;
    readonly keys: number;
    readonly kubeconfigs: number;
    readonly unrelated: number;
  };
}
