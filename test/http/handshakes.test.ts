import { describe, expect, it } from 'vitest';
import { idOf, PendingHandshakes } from '../../src/http/handshakes.ts';

function connections(address: string, count: number, ended: string[]) {
  return Array.from({ length: count }, (_, index) => ({
    remoteAddress: address,
    remotePort: 1000 + index,
    localAddress: '192.0.2.1',
    destroy: () => ended.push(`${address} ${1000 + index}`),
  }));
}

describe('connections before their handshake', () => {
  it('the oldest goes when there are too many', () => {
    const ended: string[] = [];
    const pending = new PendingHandshakes(3);
    const all = connections('127.0.0.1', 5, ended);
    for (const one of all) pending.add(one);
    expect(ended).toEqual(['127.0.0.1 1000', '127.0.0.1 1001']);
  });

  it('those that are through or closed have no place any more', () => {
    const ended: string[] = [];
    const pending = new PendingHandshakes(2);
    const [first, second, third, fourth, fifth] = connections('127.0.0.1', 5, ended);
    if (!first || !second || !third || !fourth || !fifth) throw new Error('expected five');
    pending.add(first);
    pending.add(second);
    pending.finished({ ...first });
    pending.closed(idOf(second), second);
    pending.add(third);
    pending.add(fourth);
    expect(ended).toEqual([]);
    pending.closed(idOf(third), fifth);
    pending.add(fifth);
    expect(ended).toEqual(['127.0.0.1 1002']);
  });

  it('one address has a tenth of the places, and takes none of another’s', () => {
    const ended: string[] = [];
    const pending = new PendingHandshakes(1000);
    for (const one of connections('192.0.2.9', 1, ended)) pending.add(one);
    for (const one of connections('192.0.2.7', 1100, ended)) pending.add(one);
    expect(ended).toHaveLength(1000);
    expect(ended.filter((one) => one.startsWith('192.0.2.9'))).toEqual([]);
    const few: string[] = [];
    const small = new PendingHandshakes(100);
    for (const one of connections('192.0.2.7', 65, few)) small.add(one);
    expect(few).toEqual(['192.0.2.7 1000']);
  });

  it('nodes on this machine may all start at once', () => {
    const ended: string[] = [];
    const pending = new PendingHandshakes(1000);
    for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1']) {
      for (const one of connections(address, 300, ended)) pending.add(one);
    }
    expect(ended).toEqual([]);
  });

  it('those of a balancer are nobody’s until it has said whose they are', () => {
    const ended: string[] = [];
    const pending = new PendingHandshakes(1000);
    const all = connections('192.0.2.5', 300, ended);
    for (const one of all) pending.addUntold(one);
    expect(ended).toEqual([]);
    all.forEach((one, at) => pending.told(one, `198.51.100.${at % 2}`));
    expect(ended).toHaveLength(100);
    for (const one of all) pending.finished(one);
    pending.addUntold(all[0] ?? { destroy: () => undefined });
    expect(ended).toHaveLength(100);
  });
});
