import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createRequest,
  encodePem,
  generatePrivateKey,
  makeName,
  selfSign,
} from '../../../src/x509/index.ts';
import { causesOf, contextOf, type Fixture, fixture } from '../registry/fixture.ts';

const CSRS = 'certificatesigningrequests';
const I = 'FieldValueInvalid';
const R = 'FieldValueRequired';
const D = 'FieldValueDuplicate';
const N = 'FieldValueNotSupported';
const F = 'FieldValueForbidden';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const key = generatePrivateKey('ECDSA-P256');
const subject = makeName({ commonName: 'system:node:n1', organizations: ['system:nodes'] });
const PEM = encodePem('CERTIFICATE REQUEST', createRequest({ subject }, key));
const REQUEST = base64(PEM);
const CERTIFICATE_PEM = encodePem(
  'CERTIFICATE',
  selfSign(
    {
      subject,
      keyUsage: ['keyCertSign'],
      extendedKeyUsage: [],
      basicConstraints: { ca: true },
      notBefore: new Date('2026-01-01T00:00:00Z'),
      notAfter: new Date('2027-01-01T00:00:00Z'),
    },
    key,
  ),
);
const CERTIFICATE = base64(CERTIFICATE_PEM);

const csr = (spec: object = {}): Record<string, unknown> => ({
  metadata: { name: 'c' },
  spec: {
    request: REQUEST,
    signerName: 'kubernetes.io/kube-apiserver-client',
    usages: ['client auth'],
    ...spec,
  },
});

const TIME = '2026-01-01T00:00:00Z';
const condition = (type: string, more: object = {}): Record<string, unknown> => ({
  type,
  status: 'True',
  reason: 'r',
  message: 'm',
  lastUpdateTime: TIME,
  lastTransitionTime: TIME,
  ...more,
});

let api: Fixture;
beforeEach(async () => {
  api = await fixture();
});
afterEach(() => api.close());

const update = (part: 'approval' | 'status' | undefined, status: object) =>
  api.update(CSRS, 'c', { ...csr(), status }, part);

describe('a new request', () => {
  it('is of who makes it, whatever it says, and has no status', async () => {
    const user = {
      name: 'node',
      uid: '7',
      groups: ['system:bootstrappers', 'system:authenticated'],
      extra: { 'authentication.kubernetes.io/credential-id': ['x'] },
    };
    const made = await api.registry.create(
      api.definition(CSRS),
      undefined,
      api.decode(CSRS, {
        ...csr({ username: 'admin', uid: '1', groups: ['system:masters'], extra: { a: ['b'] } }),
        status: { conditions: [condition('Approved')], certificate: CERTIFICATE },
      }),
      contextOf({}, user),
    );
    expect(made.object).toMatchObject({
      spec: { username: 'node', uid: '7', groups: user.groups, extra: user.extra },
      status: {},
    });
    expect(made.object).toHaveProperty('status', {});
    expect(JSON.stringify(made.object)).not.toContain('system:masters');
  });

  it('has 256 KiB at most, and does not grow beyond', async () => {
    const labelled = (count: number) => ({
      ...csr(),
      metadata: {
        name: 'c',
        labels: Object.fromEntries(
          Array.from({ length: count }, (_, i) => [`l${i}`, 'x'.repeat(60)]),
        ),
      },
    });
    const large = 'FieldValueTooLong metadata';
    expect(await causesOf(api.create(CSRS, labelled(4_000)))).toEqual([large]);
    await expect(api.create(CSRS, labelled(4_000))).rejects.toThrow(
      'metadata: Too long: may not be more than 262144 bytes as JSON, together with spec and status',
    );
    await api.create(CSRS, labelled(3_000));
    expect(await causesOf(api.update(CSRS, 'c', labelled(4_000)))).toEqual([large]);
    await api.update(CSRS, 'c', labelled(3_001));
  });

  it('may have any name that a path can hold', async () => {
    const made = await api.create(CSRS, { ...csr(), metadata: { name: 'Node_1:x' } });
    expect(made.object.metadata.name).toBe('Node_1:x');
  });

  it.each([
    [{ request: '' }, [`${I} spec.request`]],
    [{ request: base64('x') }, [`${I} spec.request`]],
    [{ request: base64(CERTIFICATE_PEM) }, [`${I} spec.request`]],
    // A bit of the signed part is another: the signature is wrong.
    [
      { request: base64(PEM.replace(/(.{40})\n-----END/s, (all) => all.replace(/[A-P]/, 'Q'))) },
      [`${I} spec.request`],
    ],
    [{ usages: [] }, [`${R} spec.usages`]],
    [
      { usages: ['foo', 'client auth', 'client auth'] },
      [`${N} spec.usages[0]`, `${D} spec.usages[2]`],
    ],
    [{ signerName: '' }, [`${R} spec.signerName`]],
    [{ signerName: 'foo' }, [`${I} spec.signerName`]],
    [{ signerName: 'a/b/c' }, [`${I} spec.signerName`]],
    [{ signerName: 'foo/bar' }, [`${I} spec.signerName`]],
    [{ signerName: 'A.b/c' }, [`${I} spec.signerName`]],
    [{ signerName: 'a.b/C' }, [`${I} spec.signerName`]],
    [{ signerName: 'kubernetes.io/legacy-unknown' }, [`${I} spec.signerName`]],
    [{ expirationSeconds: 599 }, [`${I} spec.expirationSeconds`]],
    [{ expirationSeconds: 0 }, [`${I} spec.expirationSeconds`]],
  ])('is refused: %j', async (spec, causes) => {
    expect(await causesOf(api.create(CSRS, csr(spec)))).toEqual(causes);
  });

  it('may have text before and after its PEM block, and a lifetime of ten minutes', async () => {
    const request = base64(`for node n1\n${PEM}\nend`);
    const made = await api.create(CSRS, csr({ request, expirationSeconds: 600 }));
    expect(made.object).toMatchObject({ spec: { request, expirationSeconds: 600 } });
  });
});

describe('an update of the request itself', () => {
  it('changes metadata and nothing else', async () => {
    const made = await api.create(CSRS, csr());
    const { object } = await api.update(CSRS, 'c', {
      ...csr({ usages: ['server auth'], signerName: 'example.com/x' }),
      metadata: { name: 'c', labels: { a: 'b' } },
      status: { certificate: CERTIFICATE, conditions: [condition('Approved')] },
    });
    expect(object).toMatchObject({ metadata: { labels: { a: 'b' } }, status: {} });
    expect(object).toHaveProperty('spec', (made.object as unknown as { spec: object }).spec);
    expect(object).toHaveProperty('status', {});
  });
});

describe('the approval', () => {
  beforeEach(async () => {
    await api.create(CSRS, csr());
  });

  it('takes conditions and nothing else, and fills in their times', async () => {
    const { object } = await update('approval', {
      conditions: [{ type: 'Approved', status: 'True' }],
      certificate: CERTIFICATE,
    });
    expect(object).toHaveProperty('status', {
      conditions: [
        {
          type: 'Approved',
          status: 'True',
          lastUpdateTime: '2026-11-24T10:00:00Z',
          lastTransitionTime: '2026-11-24T10:00:00Z',
        },
      ],
    });
  });

  it('keeps the time of a transition as long as the status stays', async () => {
    await update('approval', { conditions: [condition('Custom', { status: 'False' })] });
    const changed = (status: string) =>
      update('approval', { conditions: [{ type: 'Custom', status, reason: status }] });
    expect((await changed('False')).object).toMatchObject({
      status: {
        conditions: [{ lastTransitionTime: TIME, lastUpdateTime: '2026-11-24T10:00:00Z' }],
      },
    });
    expect((await changed('Unknown')).object).toMatchObject({
      status: { conditions: [{ lastTransitionTime: '2026-11-24T10:00:00Z' }] },
    });
  });

  it.each([
    [[condition('Approved', { status: 'False' })], [`${N} status.conditions[0].status`]],
    [[condition('Approved'), condition('Denied')], [`${I} status.conditions`]],
    [[condition('Denied'), condition('Approved')], [`${I} status.conditions`]],
    [[condition('')], [`${R} status.conditions[0].type`]],
    [
      [condition('X', { status: '' }), condition('X', { status: 'Maybe' })],
      [
        `${R} status.conditions[0].status`,
        `${N} status.conditions[1].status`,
        `${D} status.conditions[1].type`,
      ],
    ],
  ])('is refused: %j', async (conditions, causes) => {
    expect(await causesOf(update('approval', { conditions }))).toEqual(causes);
  });

  it('cannot be taken back, but may be worded anew', async () => {
    await update('approval', { conditions: [condition('Approved')] });
    expect(await causesOf(update('approval', { conditions: [] }))).toEqual([
      `${F} status.conditions`,
    ]);
    expect(await causesOf(update('approval', { conditions: [condition('Denied')] }))).toEqual([
      `${F} status.conditions`,
    ]);
    const { object } = await update('approval', {
      conditions: [
        condition('Approved', { reason: 'changed' }),
        condition('Custom', { status: 'Unknown' }),
      ],
    });
    expect(object).toMatchObject({
      status: { conditions: [{ type: 'Approved', reason: 'changed' }, { type: 'Custom' }] },
    });
  });
});

describe('the status', () => {
  beforeEach(async () => {
    await api.create(CSRS, csr());
    await update('approval', { conditions: [condition('Approved')] });
  });

  it('takes the certificate once', async () => {
    const signed = { conditions: [condition('Approved')], certificate: CERTIFICATE };
    expect((await update('status', signed)).object).toMatchObject({
      status: { certificate: CERTIFICATE },
    });
    await update('status', signed);
    for (const certificate of [base64(`${CERTIFICATE_PEM}\n`), '']) {
      expect(await causesOf(update('status', { ...signed, certificate }))).toEqual([
        `${F} status.certificate`,
      ]);
    }
  });

  it('restores the decision as it was, and lets nobody decide', async () => {
    const { object } = await update('status', {
      conditions: [condition('Approved', { reason: 'mine' }), condition('Failed')],
    });
    expect(object).toMatchObject({
      status: { conditions: [{ type: 'Approved', reason: 'r' }, { type: 'Failed' }] },
    });
    expect(await causesOf(update('status', { conditions: [condition('Approved')] }))).toEqual([
      `${F} status.conditions`,
    ]);
    expect(await causesOf(update('status', {}))).toEqual([
      `${F} status.conditions`,
      `${F} status.conditions`,
    ]);
    await api.create(CSRS, { ...csr(), metadata: { name: 'd' } });
    const deciding = api.patch(
      CSRS,
      'd',
      'merge',
      { status: { conditions: [condition('Approved')] } },
      'status',
    );
    expect(await causesOf(deciding)).toEqual([`${F} status.conditions`]);
  });

  it.each([
    ['x'],
    [PEM],
    [CERTIFICATE_PEM.replace('-----BEGIN CERTIFICATE-----', '-----BEGIN CERTIFICATE-----\na: b\n')],
    [encodePem('CERTIFICATE', new Uint8Array(10))],
    [encodePem('CERTIFICATE', new Uint8Array(0))],
  ])('refuses a certificate that is none: %j', async (text) => {
    const status = { conditions: [condition('Approved')], certificate: base64(text) };
    expect(await causesOf(update('status', status))).toEqual([`${I} status.certificate`]);
  });

  it('takes a chain with text around it', async () => {
    const certificate = base64(`leaf\n${CERTIFICATE_PEM}root\n${CERTIFICATE_PEM}`);
    const status = { conditions: [condition('Approved')], certificate };
    expect((await update('status', status)).object).toMatchObject({ status: { certificate } });
  });
});

describe('what an old server has stored', () => {
  /** A request that no server would take today. */
  const OLD = {
    kind: 'CertificateSigningRequest',
    apiVersion: 'certificates.k8s.io/v1',
    metadata: { name: 'c', uid: 'u', creationTimestamp: TIME },
    spec: {
      request: base64('none'),
      signerName: 'kubernetes.io/legacy-unknown',
      usages: ['foo', 'foo'],
    },
    status: {
      conditions: [condition('Approved'), condition('Denied'), condition(''), condition('')],
      certificate: base64('none'),
    },
  };

  it('may stay as it is', async () => {
    await api.storage.create(`/registry/${CSRS}/c`, Buffer.from(JSON.stringify(OLD)));
    const labelled = await api.patch(CSRS, 'c', 'merge', { metadata: { labels: { a: 'b' } } });
    expect(labelled.object.metadata.labels).toEqual({ a: 'b' });
    const approved = await api.patch(
      CSRS,
      'c',
      'json',
      [{ op: 'add', path: '/status/conditions/-', value: condition('Custom') }],
      'approval',
    );
    expect(approved.object).toMatchObject({ spec: OLD.spec });
  });
});

describe('its table', () => {
  it.each([
    [[], '', 'Pending'],
    [['Approved'], '', 'Approved'],
    [['Denied'], '', 'Denied'],
    [['Approved', 'Denied'], '', 'Denied'],
    [['Approved', 'Failed'], '', 'Approved,Failed'],
    [['Approved'], 'x', 'Approved,Issued'],
    [['Approved', 'Failed'], 'x', 'Approved,Failed,Issued'],
  ])('says of %j %j: %s', (types, certificate, text) => {
    const definition = api.definition(CSRS);
    expect(definition.columns.map(({ name }) => name)).toEqual([
      'Name',
      'Age',
      'SignerName',
      'Requestor',
      'RequestedDuration',
      'Condition',
    ]);
    const object = {
      ...csr({ username: 'u', expirationSeconds: 3600 }),
      metadata: { name: 'c', creationTimestamp: TIME },
      status: { conditions: types.map((type) => condition(type)), certificate },
    };
    expect(definition.row(object, new Date('2026-01-01T00:01:30Z'))).toEqual([
      'c',
      '90s',
      'kubernetes.io/kube-apiserver-client',
      'u',
      '60m',
      text,
    ]);
  });
});
