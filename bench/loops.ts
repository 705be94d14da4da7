/**
 * PKIs made by a loop of commands, as shell scripts and guides do it: for each node a kubelet client,
 * a kube-proxy client and a kubelet server certificate.
 *
 * Left out in favour of the commands: kubeconfigs, and any care for a power cut.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fleetHosts } from './fleet.ts';
import { type Run, run } from './programs.ts';

/** What each loop makes in the directory of a node. */
export const LOOP_CERTIFICATES = ['kubelet-client', 'kube-proxy', 'kubelet'] as const;

const EXTENSIONS = {
  client: 'extendedKeyUsage = clientAuth',
  server: 'extendedKeyUsage = serverAuth',
} as const;
const COMMON_EXTENSIONS =
  'basicConstraints = critical, CA:FALSE\\nkeyUsage = critical, digitalSignature';

export interface Loop {
  /** What stands behind a certificate's name in the name of its key's file. */
  readonly keySuffix: string;
  /** Written below the directory. */
  readonly files: Readonly<Record<string, string>>;
  readonly setUp: string;
  /** For `$node` and `$address`. */
  readonly body: string;
}

const opensslPair = (name: string, subject: string, extensions: string): string => `
openssl ecparam -name prime256v1 -genkey -noout -out $node/${name}.key
openssl req -new -sha256 -key $node/${name}.key -subj "${subject}" -out $node/${name}.csr
printf '${COMMON_EXTENSIONS}\\n${extensions}\\n' > $node/${name}.cnf
openssl x509 -req -sha256 -days 365 -CA ca.pem -CAkey ca-key.pem -CAcreateserial \\
  -in $node/${name}.csr -extfile $node/${name}.cnf -out $node/${name}.pem`;

/** OpenSSL's command: a key, a request and a certificate are three of them. */
export function opensslLoop(): Loop {
  return {
    keySuffix: '.key',
    files: {},
    setUp: `
openssl ecparam -name prime256v1 -genkey -noout -out ca-key.pem
openssl req -x509 -new -sha256 -key ca-key.pem -subj /CN=kubernetes -days 3650 \\
  -addext 'keyUsage = critical, keyCertSign, cRLSign' -out ca.pem`,
    body: [
      opensslPair('kubelet-client', '/O=system:nodes/CN=system:node:$node', EXTENSIONS.client),
      opensslPair('kube-proxy', '/CN=system:kube-proxy', EXTENSIONS.client),
      opensslPair(
        'kubelet',
        '/O=system:nodes/CN=system:node:$node',
        `${EXTENSIONS.server}\\nsubjectAltName = DNS:'$node', IP:'$address'`,
      ),
    ].join('\n'),
  };
}

const CFSSL_PROFILE = (usage: string) => ({
  expiry: '8760h',
  usages: ['signing', 'digital signature', usage],
});

/** cfssl's two commands, as the guides for installing from binaries use them. */
export function cfsslLoop(cfssl: string, cfssljson: string): Loop {
  const key = { algo: 'ecdsa', size: 256 };
  const request = (commonName: string, organization?: string): string =>
    JSON.stringify({
      CN: commonName,
      key,
      ...(organization === undefined ? {} : { names: [{ O: organization }] }),
    });
  const one = (name: string, json: string, profile: string, more = '') => `
printf '%s' '${json.replaceAll('$node', "'$node'")}' > $node/${name}-csr.json
'${cfssl}' gencert -loglevel=5 -ca=ca.pem -ca-key=ca-key.pem -config=ca-config.json \\
  -profile=${profile}${more} $node/${name}-csr.json | '${cfssljson}' -bare $node/${name}`;
  const kubelet = request('system:node:$node', 'system:nodes');
  return {
    keySuffix: '-key.pem',
    files: {
      'ca-csr.json': JSON.stringify({ CN: 'kubernetes', key, ca: { expiry: '87600h' } }),
      'ca-config.json': JSON.stringify({
        signing: {
          default: { expiry: '8760h' },
          profiles: { client: CFSSL_PROFILE('client auth'), server: CFSSL_PROFILE('server auth') },
        },
      }),
    },
    setUp: `'${cfssl}' gencert -loglevel=5 -initca ca-csr.json | '${cfssljson}' -bare ca`,
    body: [
      one('kubelet-client', kubelet, 'client'),
      one('kube-proxy', request('system:kube-proxy'), 'client'),
      one('kubelet', kubelet, 'server', ' -hostname=$node,$address'),
    ].join('\n'),
  };
}

/**
 * Makes a CA, then runs the loop over `nodes` workers.
 *
 * @returns the loop's run; making the CA is not part of it
 */
export function runLoop(directory: string, loop: Loop, nodes: number): Run {
  mkdirSync(directory);
  for (const [name, text] of Object.entries(loop.files)) writeFileSync(join(directory, name), text);
  const workers = fleetHosts(nodes).filter(({ controlPlane }) => !controlPlane);
  const words = workers.map(({ name, address }) => `${name}=${address}`).join(' ');
  const script = `set -eu
for entry in ${words}; do
node=\${entry%%=*}
address=\${entry#*=}
mkdir $node
${loop.body}
done
`;
  writeFileSync(join(directory, 'loop.sh'), script);
  run(['sh', '-c', loop.setUp], directory);
  return run(['sh', 'loop.sh'], directory);
}
