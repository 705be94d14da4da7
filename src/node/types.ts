/** What the node agent takes and what it tells: options, the world it works in, events. */
import type { Clock, KubernetesClient } from '../client/index.ts';
import type { Disk } from './disk.ts';

/** An API server and who one is to it: what a kubeconfig's current context says, files read. */
export interface ApiTarget {
  /** `https://host:port`. */
  readonly server: string;
  /** PEM; without it the system's CAs count. */
  readonly certificateAuthority?: string;
  readonly insecureSkipTlsVerify?: boolean;
  /** Name to verify the server's certificate against, instead of the host of `server`. */
  readonly tlsServerName?: string;
  /** PEM, leaf first; comes with `key`. */
  readonly certificate?: string;
  /** PEM. */
  readonly key?: string;
  /** Bearer token. */
  readonly token?: string;
}

/** Makes a client; connects when it is first used. */
export type Connect = (target: ApiTarget) => KubernetesClient;

/** The two certificates of a node. */
export type CertificateKind = 'client' | 'serving';

/** Flags of the kubelet by their names there, in camel case; paths are absolute. */
export interface NodeAgentOptions {
  /** As `nodeName` of this folder makes it. */
  readonly nodeName: string;
  /** Where the kubeconfig of the node is, or is written once it bootstraps. */
  readonly kubeconfig: string;
  /** Absent: the kubeconfig must be there and hold credentials. */
  readonly bootstrapKubeconfig?: string;
  /** Leaves the bootstrap kubeconfig where it is, as the kubelet itself does. */
  readonly keepBootstrapKubeconfig?: boolean;
  readonly certDir: string;
  /** One address, or one of each family. Absent: found out, and followed when it changes. */
  readonly nodeIps?: readonly string[];
  /** Where the HTTPS endpoint listens; `0.0.0.0` unless said. */
  readonly address?: string;
  /** 0: any that is free. */
  readonly port: number;
  /** PEM bundle that verifies callers of the HTTPS endpoint; read again when it changes. */
  readonly clientCaFile?: string;
  readonly registerNode: boolean;
  readonly nodeLabels?: Readonly<Record<string, string>>;
  readonly rotateCertificates: boolean;
  readonly rotateServerCertificates: boolean;
  /** Ends when the client certificate is stored and proven and the Node is registered. */
  readonly exitAfterBootstrap?: boolean;
  /** How long the Node's Lease lasts; it is renewed after a quarter of that. 40 unless given, as the kubelet's. */
  readonly nodeLeaseDurationSeconds?: number;
  /** How often the Node's status is written though nothing has changed. Five minutes unless given, as the kubelet's. */
  readonly nodeStatusReportFrequencyMs?: number;
  /** How often files that others may change are looked at, and whether the clock was set. 20 seconds unless given, as the kubelet's. */
  readonly fileCheckFrequencyMs?: number;
  /** Of kubepki, as the Node's `kubeletVersion` shows it. */
  readonly version: string;
}

/** What is the agent's neither to decide nor to hold globally. */
export interface NodeAgentWorld {
  readonly clock: Clock;
  /** In [0, 1), as Math.random. */
  readonly random: () => number;
  readonly connect: Connect;
  /** Ends the agent, in order. */
  readonly signal: AbortSignal;
  /** What a human may want to know beside the events; one line, no secrets. */
  readonly log: (line: string) => void;
  readonly onEvent?: (event: NodeEvent) => void;
  /** What the Node says of its machine; looked up unless given. One value does for many agents of one machine. */
  readonly machine?: MachineInfo;
  /** Where the node keeps its files; the system's unless given. */
  readonly disk?: Disk;
}

/** `status.nodeInfo`, what is known of it. */
export interface MachineInfo {
  readonly machineID: string;
  readonly systemUUID: string;
  readonly bootID: string;
  readonly kernelVersion: string;
  readonly osImage: string;
  /** Go's names: `linux`, `amd64`, `arm64`. */
  readonly operatingSystem: string;
  readonly architecture: string;
}

/** What happened, in the order of the story. */
export type NodeEvent =
  /** `because`: why the node's own kubeconfig does not do. */
  | { readonly type: 'bootstrapping'; readonly file: string; readonly because: string }
  | { readonly type: 'kubeconfig-written'; readonly file: string }
  | {
      readonly type: 'csr-created';
      readonly kind: CertificateKind;
      readonly name: string;
      readonly signerName: string;
      /** As `spec.request` of what was sent: for who has to know it again. */
      readonly request: string;
    }
  /** A request that was made before a restart, or could not be stored: it is waited for again. */
  | { readonly type: 'csr-resumed'; readonly kind: CertificateKind; readonly name: string }
  /** Nobody has approved for a while: what a human may have to do something about. */
  | { readonly type: 'waiting'; readonly kind: CertificateKind; readonly name: string }
  | { readonly type: 'csr-approved'; readonly kind: CertificateKind; readonly name: string }
  | ({ readonly type: 'certificate-stored' } & StoredCertificate)
  /** As `certificate-stored`, where there was one before. */
  | ({ readonly type: 'renewed' } & StoredCertificate)
  /** A new certificate is not valid yet by this machine's clock, or to be renewed as soon as it is there. */
  | {
      readonly type: 'odd-dates';
      readonly kind: CertificateKind;
      readonly notBefore: Date;
      readonly notAfter: Date;
      readonly now: Date;
    }
  | {
      readonly type: 'attempt-failed';
      readonly kind: CertificateKind;
      readonly message: string;
      readonly retryInMs: number;
    }
  /** `existed`: the Node was there already. */
  | { readonly type: 'registered'; readonly node: string; readonly existed: boolean }
  | { readonly type: 'bootstrap-kubeconfig-deleted'; readonly file: string }
  /** Beside a kubelet: it has this client certificate, seen for the first time. */
  | { readonly type: 'kubelet-certificate'; readonly serial: string; readonly notAfter: Date }
  /** Beside a kubelet: it should have renewed that by now. */
  | { readonly type: 'kubelet-overdue'; readonly serial: string; readonly notAfter: Date }
  /** The kubeconfig or its CAs were changed: requests from now on go by what they say. */
  | { readonly type: 'server-changed'; readonly file: string; readonly server: string }
  /** Negative: it was set back. Positive: it was set, or the machine has slept. */
  | { readonly type: 'clock-jumped'; readonly byMs: number }
  /** The HTTPS endpoint has a certificate to prove. */
  | {
      readonly type: 'serving';
      readonly address: string;
      readonly port: number;
      readonly serial: string;
    };

export interface StoredCertificate {
  readonly kind: CertificateKind;
  /** Hex. */
  readonly serial: string;
  readonly notAfter: Date;
  /** The dated file; `kubelet-client-current.pem` or `kubelet-server-current.pem` leads to it. */
  readonly file: string;
}
