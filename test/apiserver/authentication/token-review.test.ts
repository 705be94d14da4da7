/** TokenReview: whom a token stands for. */
import { describe, expect, it } from 'vitest';
import { createAuthenticator, reviewToken } from '../../../src/apiserver/authentication/index.ts';
import type { UserInfo } from '../../../src/kubernetes/index.ts';
import { NOW } from './credentials.ts';

const alice: UserInfo = { name: 'alice', uid: '7', groups: ['dev'], extra: { a: ['b'] } };

const server = (tokenFile?: ReadonlyMap<string, UserInfo>) =>
  createAuthenticator({
    clientCa: () => [],
    anonymous: true,
    now: () => NOW,
    ...(tokenFile === undefined ? {} : { tokenFile: () => tokenFile }),
  });
const withTokens = server(
  new Map([
    ['good', alice],
    ['zoë', { name: 'zoe', groups: [] }],
  ]),
);

const review = (token: string, audiences?: string[]) => ({
  apiVersion: 'authentication.k8s.io/v1',
  kind: 'TokenReview',
  metadata: {},
  spec: { token, ...(audiences === undefined ? {} : { audiences }) },
});
const statusOf = async (token: string, audiences?: string[], own: string[] = []) =>
  (await reviewToken(review(token, audiences), withTokens, own)).status;

describe('a token', () => {
  const user = {
    username: 'alice',
    uid: '7',
    groups: ['dev', 'system:authenticated'],
    extra: { a: ['b'] },
  };

  it('that is good names its user', async () => {
    expect(await reviewToken(review('good'), withTokens, [])).toEqual({
      ...review('good'),
      status: { authenticated: true, user },
    });
    expect(await statusOf('zoë')).toMatchObject({ user: { username: 'zoe' } });
  });

  it('that is not good names nobody', async () => {
    for (const token of ['bad', 'Good', 'zoe', '07401b.f395accd246ae52d', 'good\u0000']) {
      expect(await statusOf(token)).toEqual({ user: {}, error: 'invalid bearer token' });
    }
  });

  it('is read as from a header', async () => {
    expect(await statusOf('good and more')).toMatchObject({ authenticated: true });
    expect(await statusOf(' good')).toEqual({ user: {} });
  });

  it('must be there', async () => {
    await expect(statusOf('')).rejects.toMatchObject({
      reason: 'BadRequest',
      message: 'token is required for TokenReview in authentication',
    });
  });

  it('is for the audiences of the server, of which some may be asked for', async () => {
    const own = ['https://one', 'https://two'];
    expect(await statusOf('good', undefined, own)).toMatchObject({ audiences: own });
    expect(await statusOf('good', ['x', 'https://two'], own)).toEqual({
      authenticated: true,
      user,
      audiences: ['https://two'],
    });
    for (const audiences of [own, []]) {
      expect(await statusOf('good', ['https://three'], audiences)).toEqual({
        user: {},
        error: 'invalid bearer token',
      });
    }
  });
});

it('finds nobody where no tokens are known', async () => {
  expect((await reviewToken(review('good'), server(), [])).status).toEqual({ user: {} });
});
