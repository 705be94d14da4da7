/** The other side of the simulation: the real API server on its real storage, the real controllers, and an operator. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ApiServer, createApiServer, versionInfo } from '../../src/apiserver/index.ts';
import { createClient, type KubernetesClient, loopbackTransport } from '../../src/client/index.ts';
import { runControllers } from '../../src/controllers/index.ts';
import {
  BOOTSTRAP_BINDINGS,
  BOOTSTRAP_GROUP,
  CERTIFICATE_SIGNING_REQUESTS,
  CLUSTER_ROLE_BINDINGS,
  formatKubeconfig,
  isDecided,
  makeKubeconfig,
  SECRETS,
  withCondition,
} from '../../src/kubernetes/index.ts';
import { openSqliteStorage, type Storage, startCompaction } from '../../src/storage/index.ts';
import { encodeBootstrapTokenSecret } from '../../src/tokens/index.ts';
import {
  createIssuer,
  encodePem,
  generatePrivateKey,
  type Issuer,
  makeName,
  parseCertificate,
  selfSign,
} from '../../src/x509/index.ts';
import { reasonOf } from '../apiserver/front/server.ts';
import type { Seeded } from '../seeded.ts';
import { MachineClock, type SimulatedTime } from './clock.ts';
import type { Wire } from './wire.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
const YEAR = 365 * DAY;
export const URL_OF_SERVER = 'https://api.soak:6443';

export interface ClusterOptions {
  readonly directory: string;
  readonly time: SimulatedTime;
  readonly wire: Wire;
  readonly random: Seeded;
  /** Of certificates, in milliseconds. */
  readonly lifetime: number;
}

interface Ca {
  readonly pem: string;
  readonly issuer: Issuer;
}

/**
 * What the server and the controllers do every minute or five whether anything happens or not, they do every
 * quarter of an hour and more: else half of the run would be that. Retries are shorter, and stay as they are.
 */
class HouseClock extends MachineClock {
  override async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    await super.sleep(ms >= MINUTE ? ms * 15 : ms, signal);
  }
}

/** Clients of the operator and the controllers: not over the network, so that they do not count as nodes. */
const SELF = { name: 'system:apiserver', groups: ['system:masters', 'system:authenticated'] };

export class Cluster {
  /** Whom nodes trust; what their bootstrap kubeconfigs name. */
  readonly caFile: string;
  readonly #options: ClusterOptions;
  readonly #clock: HouseClock;
  readonly #faults: string[] = [];
  #serverCa: Ca;
  #nextCa: Ca | undefined;
  #signerCa: Ca;
  #storage: Storage | undefined;
  #api: ApiServer | undefined;
  #own: KubernetesClient | undefined;
  #controllers: { readonly stop: AbortController; readonly ended: Promise<void> } | undefined;
  #background = new AbortController();
  #compaction: Promise<void> = Promise.resolve();
  #tokens = 0;

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.#clock = new HouseClock(options.time);
    this.#serverCa = this.#newCa('kubernetes');
    this.#signerCa = this.#serverCa;
    this.caFile = join(options.directory, 'ca.crt');
    writeFileSync(this.caFile, this.#serverCa.pem);
  }

  /** What the server and the controllers have complained of and should not have. */
  get faults(): readonly string[] {
    return this.#faults;
  }

  get roots(): string {
    return this.#signerCa.pem;
  }

  get isUp(): boolean {
    return this.#api !== undefined;
  }

  /** And the controllers work. */
  get isWell(): boolean {
    return this.isUp && this.#controllers !== undefined;
  }

  /** Puts the server into the state in which nodes can join. */
  async begin(): Promise<void> {
    await this.startServer();
    for (const one of BOOTSTRAP_BINDINGS) await this.#client.create(CLUSTER_ROLE_BINDINGS, one);
    this.startControllers();
  }

  async startServer(): Promise<void> {
    const { directory, time, wire } = this.#options;
    this.#storage = await openSqliteStorage(join(directory, 'state', 'state.db'), {
      now: () => this.#clock.now(),
      timer: time.timer,
    });
    const api = await createApiServer({
      storage: this.#storage,
      clientCa: this.#signerCa.pem,
      bootstrapTokens: true,
      anonymousAuth: true,
      version: versionInfo('0.0.0'),
      clock: this.#clock,
      log: (message, error) => {
        if (error !== undefined) this.#faults.push(`${message}: ${reasonOf(error)}`);
      },
    });
    await api.ready();
    this.#api = api;
    this.#own = createClient(this.#counted(api), { clock: this.#clock });
    this.#background = new AbortController();
    const { signal } = this.#background;
    this.#compaction = startCompaction(this.#storage, { clock: this.#clock, signal });
    wire.server = { api, certificate: this.#serverCertificate() };
  }

  /** The controllers live in the server's process. */
  async stopServer(): Promise<void> {
    this.#options.wire.server = undefined;
    await this.stopControllers();
    this.#background.abort();
    await this.#compaction;
    await this.#own?.close();
    await this.#api?.close();
    await this.#storage?.close();
    this.#api = undefined;
    this.#own = undefined;
  }

  startControllers(): void {
    if (this.#controllers !== undefined || this.#api === undefined) return;
    const stop = new AbortController();
    const ended = runControllers({
      client: createClient(this.#counted(this.#api), { clock: this.#clock }),
      clock: this.#clock,
      random: () => this.#options.random.next(),
      signal: stop.signal,
      signing: {
        authorities: async () => this.#signerCa.issuer,
        duration: this.#options.lifetime,
      },
      serving: { allowedCidrs: ['10.0.0.0/8'], allowedDnsSuffixes: [], reserved: [] },
      controllers: ['csrsigning', 'csrapproving', 'servingapproving', 'csrcleaner', 'tokencleaner'],
      log: ({ level, message, ...more }) => {
        if (level === 'error') this.#faults.push(`${message} ${JSON.stringify(more)}`);
      },
    });
    ended.catch((error: unknown) =>
      this.#faults.push(`the controllers have ended: ${String(error)}`),
    );
    this.#controllers = { stop, ended };
  }

  async stopControllers(): Promise<void> {
    const running = this.#controllers;
    this.#controllers = undefined;
    running?.stop.abort(new Error('stopped'));
    await running?.ended.catch(() => undefined);
  }

  /** A bootstrap kubeconfig with a token for a day: `kubepki token create --kubeconfig-out`. */
  async bootstrapKubeconfig(): Promise<string> {
    const id = `t${(this.#tokens++).toString().padStart(5, '0')}`;
    const secret = 'abcdefghijklmnop';
    await this.#client.create(
      SECRETS,
      encodeBootstrapTokenSecret({
        id,
        secret,
        usages: ['authentication'],
        groups: [BOOTSTRAP_GROUP],
        expiration: new Date(this.#clock.now().getTime() + DAY),
      }),
    );
    const config = makeKubeconfig({
      cluster: 'soak',
      server: URL_OF_SERVER,
      certificateAuthority: Buffer.from(this.#serverCa.pem),
      user: 'u',
      token: `${id}.${secret}`,
    });
    const cluster = config.clusters.get('soak');
    if (cluster === undefined) throw new TypeError('expected the cluster that was given');
    const { certificateAuthorityData: _, ...rest } = cluster;
    config.clusters.set('soak', { ...rest, certificateAuthority: this.caFile });
    return formatKubeconfig(config);
  }

  /** `kubectl certificate approve`, for a node whose Node is there already. */
  async approve(name: string): Promise<void> {
    const csr = await this.#client.get(CERTIFICATE_SIGNING_REQUESTS, { name });
    if (isDecided(csr)) return;
    const condition = {
      type: 'Approved',
      status: 'True',
      reason: 'Operator',
      message: '',
    } as const;
    const approved = withCondition(csr, condition);
    await this.#client.update(CERTIFICATE_SIGNING_REQUESTS, approved, { subresource: 'approval' });
  }

  async requestsThere(): Promise<number> {
    return (await this.#client.list(CERTIFICATE_SIGNING_REQUESTS)).items.length;
  }

  /** Trust first: nodes are told of the CA that comes. */
  announceNewCa(): void {
    this.#nextCa = this.#newCa('kubernetes-2');
    writeFileSync(this.caFile, this.#serverCa.pem + this.#nextCa.pem);
  }

  /** From its next start on, the server proves itself with a certificate of the new CA. */
  useNewCa(): void {
    this.#serverCa = this.#nextCa ?? this.#serverCa;
  }

  forgetOldCa(): void {
    writeFileSync(this.caFile, this.#serverCa.pem);
  }

  get #client(): KubernetesClient {
    if (this.#own === undefined) throw new TypeError('the server has not been started');
    return this.#own;
  }

  /** Its requests are waited for before time goes on. */
  #counted(api: ApiServer) {
    const { wire } = this.#options;
    const handle = api.loopback(SELF);
    return loopbackTransport(async (request) => {
      wire.underWay++;
      try {
        return await handle(request);
      } finally {
        wire.underWay--;
      }
    });
  }

  #newCa(commonName: string): Ca {
    const key = generatePrivateKey('ECDSA-P256');
    const now = this.#clock.now().getTime();
    const der = selfSign(
      {
        subject: makeName({ commonName }),
        notBefore: new Date(now - YEAR),
        notAfter: new Date(now + 10 * YEAR),
        basicConstraints: { ca: true },
        keyUsage: ['digitalSignature', 'keyCertSign'],
        extendedKeyUsage: [],
      },
      key,
    );
    return { pem: encodePem('CERTIFICATE', der), issuer: createIssuer(parseCertificate(der), key) };
  }

  #serverCertificate() {
    const key = generatePrivateKey('ECDSA-P256');
    const now = this.#clock.now().getTime();
    const template = {
      subject: makeName({ commonName: 'kube-apiserver' }),
      notBefore: new Date(now - YEAR / 2),
      notAfter: new Date(now + 3 * YEAR),
      basicConstraints: { ca: false },
      keyUsage: ['digitalSignature'],
      extendedKeyUsage: ['serverAuth'],
      subjectAltNames: { dns: ['api.soak'] },
    } as const;
    return parseCertificate(this.#serverCa.issuer.issue(template, key.spki));
  }
}
