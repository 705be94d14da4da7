#!/usr/bin/env bash
# Packs dist/npm as npm would publish it, installs it into an empty folder and uses it, command and library.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
export PATH="$root/node_modules/.bin:$PATH"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

npm pack --silent --pack-destination "$work" "$root/dist/npm" >/dev/null
cd "$work"
echo '{ "private": true, "type": "module" }' >package.json
npm install --silent --no-audit --no-fund ./kubepki-*.tgz
if ls node_modules | grep -v '^kubepki$'; then
  echo 'try-package: the published package brings others with it' >&2
  exit 1
fi

node_modules/.bin/kubepki --version
node_modules/.bin/kubepki apply -f "$root/examples/ha.yaml" -d pki >/dev/null
node_modules/.bin/kubepki plan -f "$root/examples/ha.yaml" -d pki --detailed-exitcode
node_modules/.bin/kubepki inspect pki >/dev/null
# RSA makes it start its worker threads.
sed 's/  layout: binary/  layout: binary\n  keyAlgorithm: RSA-2048/' "$root/examples/seed.yaml" >rsa.yaml
node_modules/.bin/kubepki apply -f rsa.yaml -d rsa >/dev/null
node_modules/.bin/kubepki plan -f rsa.yaml -d rsa --detailed-exitcode
# So does a large cluster file, to read it.
{
  cat "$root/examples/external-etcd.yaml" | sed '/^  credentials:/,$d'
  for i in $(seq 1 3000); do echo "    - { name: w-$i, addresses: [10.1.$((i / 250)).$((i % 250))], roles: [worker] }"; done
} >large.yaml
node_modules/.bin/kubepki plan -f large.yaml -d large >/dev/null
node_modules/.bin/kubepki up --exit --data-dir up --secure-port 26443 | tail -1

cat >library.ts <<'TS'
import { cluster, x509 } from 'kubepki';
import { readFileSync } from 'node:fs';
const [ca] = x509.readCertificates(readFileSync('pki/authorities/ca.crt'));
if (ca === undefined || x509.commonName(ca.subject) !== 'kubernetes') throw new Error('the library does not read the CA');
if (cluster.CREDENTIAL_IDS.length < 15) throw new Error('the catalogue is short');
TS
node library.ts

# The node agent as a library, with a token of a server that runs.
node_modules/.bin/kubepki up --data-dir up --secure-port 26443 >up.log 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
for _ in $(seq 100); do grep -q 'serving certificate' up.log && break; sleep 0.2; done
node_modules/.bin/kubepki token create --kubeconfig up/admin.conf --kubeconfig-out bootstrap.conf >/dev/null
cat >node.ts <<'TS'
import { describeEvent, type NodeEvent, startNode } from 'kubepki/node';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
const told: NodeEvent[] = [];
const node = startNode(
  {
    nodeName: 'library',
    bootstrapKubeconfig: resolve('bootstrap.conf'),
    kubeconfig: resolve('node.conf'),
    certDir: resolve('node-pki'),
    rotateServerCertificates: false,
    version: '1.0.0',
  },
  { onEvent: (event) => told.push(event), log: console.error },
);
await node.joined;
const { status } = await node.client().raw({ method: 'GET', url: '/api/v1/nodes/library', headers: {} });
await node.stop();
if (status !== 200 || existsSync('bootstrap.conf')) throw new Error(told.map(describeEvent).join('\n'));
TS
timeout 60 node node.ts
kill "$server"
wait "$server" || true
"$root/node_modules/.bin/tsc" --noEmit --strict --module nodenext --target es2024 --types node --typeRoots "$root/node_modules/@types" library.ts node.ts
echo 'try-package: the published package works'
