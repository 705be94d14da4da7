/** What somebody has put into a directory that is adopted is no model for what will be made. */
import { describe, expect, it } from 'vitest';
import { planned, Workshop } from './adopt-fixture.ts';

describe('a certificate that no CA of the directory has issued', () => {
  function planted(): Workshop {
    const shop = new Workshop();
    const ca = shop.ca('ca', 'kubernetes');
    shop.leaf('admin', ca, 'kubernetes-admin', { org: ['kubeadm:cluster-admins'] });
    const other = shop.ca(undefined, 'kubernetes');
    shop.leaf('scheduler', other, 'system:kube-scheduler', {
      org: ['system:masters'],
      until: 3650,
    });
    return shop;
  }

  it('gives no rights, no names and no lifetime to what apply will make', () => {
    const { cluster, text } = planted().adopt();
    expect(text).not.toContain('system:masters');
    expect(cluster.credentials.scheduler).toBeUndefined();
    expect(cluster.validity.leaf).toBe(365 * 86_400);
  });

  it('is refused where it lies', async () => {
    expect(await planned(planted().adopt())).toEqual(
      expect.arrayContaining([expect.stringMatching(/^refuse scheduler\.crt: its signature/)]),
    );
  });
});
