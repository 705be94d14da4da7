/**
 * The approver in kubepki's server where that binds credentials of nodes to their addresses: a node gets a
 * serving certificate for where it speaks from, with no subnet allowed by anybody.
 */
import { expect, it, onTestFinished } from 'vitest';
import type { ApiServerOptions } from '../../src/apiserver/index.ts';
import { createClient, loopbackTransport, systemClock } from '../../src/client/index.ts';
import { ControllerMetrics, runControllers } from '../../src/controllers/index.ts';
import {
  type CertificateSigningRequest,
  conditionsOf,
  KUBELET_SERVING_SIGNER,
} from '../../src/kubernetes/index.ts';
import { type Certificate, createRequest, makeName } from '../../src/x509/index.ts';
import { ADMIN, type Answer, answer, apiServer, CA } from '../apiserver/front/server.ts';
import { pair } from '../http/material.ts';
import { specRequest } from '../kubernetes/certificates/requests.ts';
import { keyOf } from '../x509/support.ts';
import { eventually } from './own-api.ts';

const CSRS = '/apis/certificates.k8s.io/v1/certificatesigningrequests';

interface Machine {
  /** As the node, from this address. */
  readonly send: (
    method: string,
    url: string,
    body: unknown,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<Answer>;
  readonly register: (...addresses: readonly string[]) => Promise<void>;
  /** Asks for a serving certificate; answers the request when it was decided or an Event tells why not. */
  readonly serve: (
    name: string,
    ip: readonly string[],
    more?: { readonly headers?: Readonly<Record<string, string>>; readonly extra?: object },
  ) => Promise<string>;
}

async function bench(options: Partial<ApiServerOptions> = {}) {
  const { api, ask } = await apiServer({ bindNodes: { declared: () => new Map() }, ...options });
  const stop = new AbortController();
  const metrics = new ControllerMetrics();
  const running = runControllers({
    client: createClient(loopbackTransport(api.loopback(ADMIN))),
    clock: systemClock,
    signal: stop.signal,
    metrics,
    controllers: ['servingapproving'],
    serving: { allowedCidrs: [], allowedDnsSuffixes: [], reserved: [] },
  });
  onTestFinished(async () => {
    stop.abort(new Error('the test is over'));
    await running;
  });

  /** What has become of a request: the reason in its condition, or in its Event. */
  const outcome = async (name: string): Promise<string> =>
    eventually(
      async () => {
        const { json } = await ask('GET', `${CSRS}/${name}`);
        const [condition] = conditionsOf(json);
        if (condition !== undefined) return condition.reason ?? '';
        const url = `/api/v1/namespaces/default/events?fieldSelector=involvedObject.name=${name}`;
        const { items } = (await ask('GET', url)).json;
        return items.at(-1)?.reason ?? '';
      },
      (reason) => reason !== '',
    );

  const machine = (node: string, address: string): Machine => {
    const name = `system:node:${node}`;
    const named = { commonName: name, organizations: ['system:nodes'] };
    const { der } = pair(CA, named);
    const peer = { address, certificates: [der] };
    const send: Machine['send'] = async (method, url, body, headers = {}) =>
      answer(
        await api.handle({
          method,
          url,
          peer,
          headers: { 'content-type': 'application/json', ...headers },
          body: Buffer.from(JSON.stringify(body)),
        }),
      );
    return {
      send,
      async register(...addresses) {
        const { status, text } = await send('POST', '/api/v1/nodes', {
          kind: 'Node',
          apiVersion: 'v1',
          metadata: { name: node },
          status: {
            addresses: addresses.map((one) => ({ type: 'InternalIP', address: one })),
          },
        });
        if (status !== 201) throw new Error(text);
      },
      async serve(request, ip, { headers, extra } = {}) {
        const subject = makeName({ commonName: name, organizations: ['system:nodes'] });
        const { status, text } = await send(
          'POST',
          CSRS,
          {
            kind: 'CertificateSigningRequest',
            apiVersion: 'certificates.k8s.io/v1',
            metadata: { name: request },
            spec: {
              request: specRequest(
                createRequest({ subject, subjectAltNames: { ip: [...ip] } }, keyOf('ECDSA-P256')),
              ),
              signerName: KUBELET_SERVING_SIGNER,
              usages: ['digital signature', 'server auth'],
              ...(extra === undefined ? {} : { extra }),
            },
          },
          headers,
        );
        return status === 201 ? outcome(request) : text;
      },
    };
  };
  return { ask, machine };
}

it('a node gets the address that it speaks from, and no other that it claims', async () => {
  const { machine } = await bench();
  const node = machine('worker-1', '10.20.0.5');
  await node.register('10.20.0.5', '10.20.0.6', 'fd00::5');
  expect(await node.serve('own', ['10.20.0.5'])).toBe('AutoApproved');
  expect(await node.serve('peer', ['10.20.0.6'])).toBe('NotItsSource');
  expect(await node.serve('both', ['10.20.0.5', '10.20.0.6'])).toBe('NotItsSource');
  expect(await node.serve('six', ['fd00::5'])).toBe('NotItsSource');
});

it('a node that others copy the address of is not blocked by it', async () => {
  const { machine } = await bench();
  const intruder = machine('worker-2', '10.20.0.6');
  await intruder.register('10.20.0.5', '10.20.0.6');
  const node = machine('worker-1', '10.20.0.5');
  await node.register('10.20.0.5');
  expect(await node.serve('own', ['10.20.0.5'])).toBe('AutoApproved');
  expect(await intruder.serve('stolen', ['10.20.0.5'])).toBe('NotItsSource');
});

it('a node with many addresses gets those that are declared for it', async () => {
  const declared = new Map([['worker-1', ['10.20.0.5', 'fd00::5', '192.0.2.5']]]);
  const { machine } = await bench({ bindNodes: { declared: () => declared } });
  const node = machine('worker-1', '10.20.0.5');
  await node.register('10.20.0.5', 'fd00::5', '192.0.2.5', '192.0.2.6');
  expect(await node.serve('all', ['10.20.0.5', 'fd00::5', '192.0.2.5'])).toBe('AutoApproved');
  expect(await node.serve('more', ['192.0.2.6'])).toBe('NotItsSource');
});

it.each([
  ['X-Forwarded-For', '10.20.0.6'],
  ['X-Real-Ip', '10.20.0.6'],
  ['X-Remote-User', 'system:node:worker-2'],
  ['X-Remote-Extra-kubepki.dev%2Fsource-address', '10.20.0.6'],
  ['Impersonate-Extra-kubepki.dev%2Fsource-address', '10.20.0.6'],
  ['Impersonate-Extra-kubepki.dev%2fBound-Addresses', '10.20.0.6'],
])('%s does not move a node to another address', async (header, value) => {
  const { machine } = await bench();
  const node = machine('worker-1', '10.20.0.5');
  await node.register('10.20.0.6');
  const outcome = await node.serve('a', ['10.20.0.6'], {
    headers: { [header.toLowerCase()]: value },
  });
  expect(outcome).toMatch(/^NotItsSource$|impersonat/i);
});

it('nor does what it writes into its request, then or later', async () => {
  const { machine, ask } = await bench();
  const node = machine('worker-1', '10.20.0.5');
  await node.register('10.20.0.6');
  const extra = {
    'kubepki.dev/source-address': ['10.20.0.6'],
    'kubepki.dev/bound-addresses': ['10.20.0.6'],
  };
  expect(await node.serve('a', ['10.20.0.6'], { extra })).toBe('NotItsSource');
  const { json } = await ask('GET', `${CSRS}/a`);
  const csr: CertificateSigningRequest = json;
  expect(csr.spec.extra?.['kubepki.dev/source-address']).toEqual(['10.20.0.5']);
});

it('the server tells by which certificates nodes come in, once a connection', async () => {
  const seen: [string, Certificate['notAfter']][] = [];
  const { machine } = await bench({
    onNode: (node, { notAfter }) => seen.push([node, notAfter]),
  });
  const node = machine('worker-1', '10.20.0.5');
  await node.register('10.20.0.5');
  await node.send('POST', '/apis/authorization.k8s.io/v1/selfsubjectreviews', {});
  expect(seen).toEqual([['worker-1', expect.any(Date)]]);
});
