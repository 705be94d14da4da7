/** What plan says of what it finds is true: each reason names what is really wrong, and where. */
import { copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodePem, encodePem } from '../../src/x509/index.ts';
import { type Fixture, later, lines, pki } from './fixture.ts';

const HOST = 'hosts/cp-1/etc/kubernetes';
const APISERVER = `${HOST}/pki/apiserver.crt`;

const derOf = (pem: string): Uint8Array => Uint8Array.from(decodePem(pem)[0]?.bytes ?? []);

async function after(change: (fixture: Fixture) => unknown, spec = {}): Promise<string[]> {
  const fixture = pki(spec);
  await fixture.apply();
  await change(fixture);
  return lines(await fixture.plan(), fixture.directory);
}

describe('plan, of a certificate near its end', () => {
  const planAt = async (days: number, validity: Record<string, string>): Promise<string[]> => {
    const fixture = pki({ validity });
    await fixture.apply();
    const report = await fixture.plan(later(days));
    expect(report.counts.refuse).toBe(0);
    return lines(report, fixture.directory);
  };

  it.each([
    [335, []],
    [335.5, ['expires in 29 days']],
    [356, ['expires in 9 days']],
    [363.9, ['expires in 1 day']],
    [364.5, ['expires in less than a day']],
  ])('of a year, after %s days: %j', async (days, notes) => {
    const said = await planAt(days, { ca: '10y', leaf: '1y' });
    expect([...new Set(said.map((line) => line.split(': ')[1]))]).toEqual(notes);
    if (notes.length > 0) expect(said).toContain(`keep ${HOST}/scheduler.conf: ${notes.join()}`);
  });

  it.each([
    [5, []],
    [7, ['expires in 2 days']],
  ])('of nine days, after %s days: %j', async (days, notes) => {
    const said = await planAt(days, { ca: '10y', leaf: '9d' });
    expect([...new Set(said.map((line) => line.split(': ')[1]))]).toEqual(notes);
  });

  it('tells it of a CA as well', async () => {
    const said = await planAt(80, { ca: '90d', leaf: '90d' });
    expect(said).toContain('keep authorities/ca.crt: expires in 10 days');
    expect(said).not.toContain(`keep ${HOST}/pki/ca.crt: expires in 10 days`);
  });
});

describe('plan, of hosts that were made with separate authorities, for single ones', () => {
  const single = async (change: (fixture: Fixture) => unknown): Promise<string[]> => {
    const fixture = pki();
    await fixture.apply();
    change(fixture);
    const changed = pki({ authorities: 'single' }, fixture.directory);
    return lines(await changed.plan(), fixture.directory);
  };

  it('refuses what is of the etcd CA, and nothing else', async () => {
    const said = await single(() => undefined);
    const trust = 'etc/kubernetes/pki/etcd/ca.crt';
    expect(said).toEqual([
      `refuse hosts/cp-1/${trust}: not the one of ca in the authorities`,
      ...['etcd/peer', 'etcd/server', 'etcd/healthcheck-client', 'apiserver-etcd-client'].map(
        (name) =>
          `refuse ${HOST}/pki/${name}.crt: ${trust} on this host is not the one of ca, see there`,
      ),
    ]);
  });

  it('makes what the cluster CA issues', async () => {
    const said = await single((fixture) => rmSync(fixture.path(`${HOST}/scheduler.conf`)));
    expect(said).toContain(`create ${HOST}/scheduler.conf: not there`);
  });
});

describe('plan, of a damaged file', () => {
  it('says what inspect says of a certificate that is cut off', async () => {
    const cut = (name: string) => (fixture: Fixture) =>
      writeFileSync(fixture.path(name), fixture.read(name).slice(0, 300));
    expect(await after(cut(APISERVER))).toEqual([
      `refuse ${APISERVER}: certificate: cut off: there is no END line`,
    ]);
    const said = await after(cut('hosts/worker-1/etc/kubernetes/pki/ca.crt'));
    expect(said[0]).toContain(': cut off: there is no END line');
    expect(said[1]).toMatch(/kube-proxy\.conf: \S+\/ca\.crt on this host is not the one of ca/);
  });

  it('says what lies there instead', async () => {
    const instead = (content: (fixture: Fixture) => string | Uint8Array) =>
      after((fixture) => writeFileSync(fixture.path(APISERVER), content(fixture)));
    expect(await instead((fixture) => fixture.read('authorities/sa.pub'))).toEqual([
      `refuse ${APISERVER}: certificate: expected a PEM block "CERTIFICATE", found "PUBLIC KEY"`,
    ]);
    expect(await instead((fixture) => derOf(fixture.read(APISERVER)))).toEqual([
      `refuse ${APISERVER}: certificate: in DER, where components read PEM`,
    ]);
  });

  it('takes a signature that does not verify for damage, or for another CA', async () => {
    const said = await after((fixture) => {
      const der = derOf(fixture.read(APISERVER));
      der[der.length - 1] = (der.at(-1) ?? 0) ^ 1;
      writeFileSync(fixture.path(APISERVER), encodePem('CERTIFICATE', der));
    });
    expect(said).toEqual([
      `refuse ${APISERVER}: its signature does not verify with ca: it is damaged, or issued by another CA of the name "kubernetes"`,
    ]);
  });

  it('does not blame a host that trusts us for a bundle, or for another key beside it', async () => {
    const said = await after(async (fixture) => {
      const other = pki();
      await other.apply();
      const path = fixture.path(`${HOST}/pki/ca.crt`);
      writeFileSync(path, fixture.read(`${HOST}/pki/ca.crt`) + other.read('authorities/ca.crt'));
      copyFileSync(other.path('authorities/sa.key'), fixture.path(`${HOST}/pki/ca.key`));
    });
    expect(said).toEqual([
      expect.stringContaining(`refuse ${HOST}/pki/ca.crt: it holds 2 certificates`),
      `refuse ${HOST}/pki/ca.key: not the key of ca in the authorities`,
    ]);
  });
});

describe('plan, of the service accounts’ key pair without its key', () => {
  it('keeps the copies of its public key, and of the key', async () => {
    expect(await after((fixture) => rmSync(fixture.path('authorities/sa.key')))).toEqual([
      'keep authorities/sa.pub: its key is not here: no host can get it from here',
    ]);
  });

  it('still finds the copies of another', async () => {
    const said = await after(async (fixture) => {
      rmSync(fixture.path('authorities/sa.key'));
      const other = pki();
      await other.apply();
      for (const name of ['sa.key', 'sa.pub'])
        copyFileSync(other.path(`authorities/${name}`), fixture.path(`${HOST}/pki/${name}`));
    });
    expect(said.slice(1)).toEqual([
      `refuse ${HOST}/pki/sa.key: not the key of sa in the authorities`,
      `refuse ${HOST}/pki/sa.pub: not the one of sa in the authorities`,
    ]);
  });
});
