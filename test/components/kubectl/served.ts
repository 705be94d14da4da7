/** What a server says that can be created there, as kubectl names it: `roles.rbac.authorization.k8s.io`. */
import { z } from 'zod';
import type { Served } from './servers.ts';

const GROUPS = z.object({
  groups: z.array(
    z.object({ name: z.string(), preferredVersion: z.object({ groupVersion: z.string() }) }),
  ),
});
const RESOURCES = z.object({
  resources: z.array(z.object({ name: z.string(), verbs: z.array(z.string()) })),
});

export async function served(server: Served): Promise<ReadonlySet<string>> {
  const json = async (path: string): Promise<unknown> =>
    JSON.parse((await server.ask('GET', path)).body.toString());
  const { groups } = GROUPS.parse(await json('/apis'));
  const found = new Set<string>();
  const lists = [
    { suffix: '', path: '/api/v1' },
    ...groups.map(({ name, preferredVersion }) => ({
      suffix: `.${name}`,
      path: `/apis/${preferredVersion.groupVersion}`,
    })),
  ];
  for (const { suffix, path } of lists) {
    for (const { name, verbs } of RESOURCES.parse(await json(path)).resources) {
      if (!name.includes('/') && verbs.includes('create')) found.add(`${name}${suffix}`);
    }
  }
  return found;
}
