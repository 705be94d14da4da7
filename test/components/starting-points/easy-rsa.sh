#!/usr/bin/env bash
# A cluster's PKI as an administrator makes it with easy-rsa 3: one CA, a server certificate as Kubernetes'
# documentation does it ("Generate Certificates Manually"), etcd's, and a client certificate each. easy-rsa knows
# neither the service accounts' key nor kubeconfigs. Usage: easy-rsa.sh DIR; DIR/pki is made. Needs easy-rsa.
set -euo pipefail
mkdir -p "$1" && cd "$1"
export EASYRSA_BATCH=1 EASYRSA_PKI="$PWD/pki"
rsa() { "${EASYRSA:-/usr/share/easy-rsa/easyrsa}" "$@"; }

rsa init-pki
rsa --req-cn=172.16.10.11@1780000000 build-ca nopass

rsa --subject-alt-name=IP:172.16.10.11,IP:10.96.0.1,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster,DNS:kubernetes.default.svc.cluster.local \
  --days=10000 build-server-full server nopass

for name in etcd-server etcd-peer; do
  rsa --subject-alt-name=DNS:cp-1,DNS:localhost,IP:172.16.10.11,IP:127.0.0.1,IP:::1 build-serverClient-full "$name" nopass
done

# The name of a request's file is its common name unless it is made in two steps.
client() { # FILE NAME [ORGANIZATION]
  rsa --req-cn="$2" ${3:+--dn-mode=org --req-org="$3" --req-c= --req-st= --req-city= --req-email= --req-ou=} gen-req "$1" nopass
  rsa sign-req client "$1"
}
client apiserver-etcd-client kube-apiserver-etcd-client
client apiserver-kubelet-client kube-apiserver-kubelet-client system:masters
client admin admin system:masters
client kube-controller-manager system:kube-controller-manager
client kube-scheduler system:kube-scheduler
client kube-proxy system:kube-proxy
client worker-1 system:node:worker-1 system:nodes
