/** The matrix of refusals, without a cluster: it is complete, and the documentation has what it says. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CATALOGUE, CREDENTIAL_IDS } from '../../src/cluster/index.ts';
import { connectionReference } from './connections-table.ts';
import { CONNECTION_IDS, CONNECTIONS, KINDS } from './refusals.ts';
import { readResults } from './results.ts';

describe('the matrix of refusals', () => {
  it('has every connection once', () => {
    expect(CONNECTIONS.map(({ id }) => id)).toEqual(CONNECTION_IDS);
  });

  it('S14: has both sides of every arrow verify the other with a CA', () => {
    const arrows = ['S1', 'S3', 'S5', 'S6', 'S7', 'S8', 'S9', 'S13'];
    const lacking = arrows.flatMap((arrow) =>
      (['client', 'server'] as const)
        .filter(
          (side) =>
            !CONNECTIONS.some(
              ({ arrows: of, verifier }) => of.includes(arrow) && verifier === side,
            ),
        )
        .map((side) => `${arrow}, ${side}`),
    );
    expect(lacking).toEqual([]);
    // The two arrows of one connection: what kube-apiserver verifies of kubelets, and they of it.
    const kubelet = CONNECTIONS.filter(({ server }) => server === 'kubelet');
    expect(kubelet.map(({ arrows: of, verifier }) => [...of, verifier])).toEqual([
      ['S11', 'server'],
      ['S10', 'client'],
    ]);
  });

  it.each(CONNECTIONS)(
    '$id: refuses another CA, expired, and for another usage',
    ({ outcomes }) => {
      expect(outcomes.right?.layer).toBe('accepted');
      for (const kind of ['none', 'wrong-ca', 'expired', 'wrong-usage'] as const) {
        expect(outcomes[kind]?.layer, kind).toMatch(/^(tls|401|403)$/);
      }
      expect(outcomes['wrong-name']).toBeDefined();
    },
  );

  it.each(CONNECTIONS)(
    '$id: has a reason for what is accepted and should not be',
    ({ outcomes }) => {
      for (const kind of KINDS) {
        const accepted = outcomes[kind]?.layer === 'accepted' && kind !== 'right';
        expect(outcomes[kind]?.accepted !== undefined, kind).toBe(accepted);
      }
    },
  );

  it('names the flag that the catalogue has for the verifier', () => {
    const unknown = CONNECTIONS.filter(
      ({ credential, flag }) =>
        credential !== null && !CATALOGUE[credential].verifiers.some((one) => one.flag === flag),
    );
    expect(unknown.map(({ id }) => id)).toEqual([]);
  });

  it('covers every credential that is presented', () => {
    const covered = new Set(
      CONNECTIONS.flatMap(({ credential, otherRole }) => [credential, otherRole]),
    );
    // Clients of kube-apiserver are all verified alike; of them admin stands for the others.
    const alike = ['controller-manager', 'scheduler', 'kubelet-client', 'super-admin'];
    const lacking = CREDENTIAL_IDS.filter(
      (id) => CATALOGUE[id].kind !== 'ca' && !covered.has(id) && !alike.includes(id),
    );
    expect(lacking).toEqual([]);
  });
});

describe('the documentation (npm run docs; KUBEPKI_UPDATE=1 npm run test:kubernetes)', () => {
  it('has the results that the matrix expects', () => {
    const expected = CONNECTIONS.flatMap(({ id, outcomes }) =>
      KINDS.filter((kind) => outcomes[kind] !== undefined).map((kind) => ({
        connection: id,
        kind,
        layer: outcomes[kind]?.layer,
        message: expect.stringContaining(outcomes[kind]?.message ?? ''),
        ...(outcomes[kind]?.alert === undefined ? {} : { alert: outcomes[kind].alert }),
      })),
    );
    expect(readResults()).toEqual(expected);
  });

  it('has the reference of connections', () => {
    const page = join(import.meta.dirname, '../../docs/reference/connections.md');
    expect(readFileSync(page, 'utf8')).toBe(connectionReference());
  });
});
