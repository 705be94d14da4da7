/** The operations of what is above the groups' versions: discovery and the version of the server. */
import { producedTypes } from './negotiate.ts';
import { API_GROUP, API_GROUP_LIST, API_VERSIONS, VERSION_INFO } from './open-api-meta.ts';
import { capital, type DocumentPaths, groupWord, type Path } from './open-api-operation.ts';

const JSON_ONLY = ['application/json'];

/** What is above the groups' versions, by where its document is: `api`, `apis`, `apis/<group>`, `version`. */
export function rootPaths(groups: Iterable<string>): ReadonlyMap<string, DocumentPaths> {
  const all = [...groups];
  const about = 'get information of a group';
  return new Map([
    ...(all.includes('')
      ? [root('api', 'core', 'getCoreAPIVersions', 'get available API versions', [API_VERSIONS])]
      : []),
    root('apis', 'apis', 'getAPIVersions', 'get available API versions', [API_GROUP_LIST]),
    ...all
      .filter((group) => group !== '')
      .map((group) => {
        const word = groupWord(group);
        return root(`apis/${group}`, word, `get${capital(word)}APIGroup`, about, [API_GROUP]);
      }),
    root('version', 'version', 'getCodeVersion', 'get the version information for this server', [
      VERSION_INFO,
      JSON_ONLY,
    ]),
  ]);
}

function root(
  at: string,
  tag: string,
  ...rest: [id: string, description: string, answer: Discovered]
): [string, DocumentPaths] {
  return [at, { tag, paths: [discovery(`/${at}/`, ...rest)] }];
}

type Discovered = readonly [schema: string, produces?: readonly string[]];

/** What answers at the path with nothing behind it: `/api/v1/`. */
export const discovery = (
  path: string,
  id: string,
  description: string,
  [schema, produces]: Discovered,
): Path => ({
  path,
  parameters: [],
  operations: [
    {
      method: 'get',
      id,
      description,
      parameters: [],
      answers: { 200: ['OK', schema] },
      consumes: produces ?? producedTypes(false),
      ...(produces === undefined ? {} : { produces }),
    },
  ],
});
