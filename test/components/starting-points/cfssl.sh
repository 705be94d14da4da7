#!/usr/bin/env bash
# A cluster's PKI under the names of the guides that make one with cfssl: one CA, one profile for servers and
# clients, kubernetes.pem for kube-apiserver and etcd alike, a pair and a kubeconfig for each component.
# Usage: cfssl.sh DIR; needs cfssl, cfssljson and kubectl.
set -euo pipefail
mkdir -p "$1" && cd "$1"
umask 077

cat > ca-config.json <<'JSON'
{ "signing": { "default": { "expiry": "8760h" }, "profiles": { "kubernetes": {
  "usages": ["signing", "key encipherment", "server auth", "client auth"], "expiry": "8760h" } } } }
JSON

request() { # NAME ORGANIZATION
  printf '{ "CN": "%s", "key": { "algo": "rsa", "size": 2048 }, "names": [{ "C": "US", "L": "Portland", "O": "%s", "OU": "Lab", "ST": "Oregon" }] }\n' "$1" "$2"
}

sign() { # FILE NAME ORGANIZATION [HOSTNAME,...]
  request "$2" "$3" > "$1-csr.json"
  cfssl gencert -loglevel=3 -ca=ca.pem -ca-key=ca-key.pem -config=ca-config.json -profile=kubernetes \
    ${4:+-hostname="$4"} "$1-csr.json" | cfssljson -bare "$1"
}

kubeconfig() { # FILE USER SERVER
  kubectl --kubeconfig="$1.kubeconfig" config set-cluster lab --server="$3" --certificate-authority=ca.pem --embed-certs
  kubectl --kubeconfig="$1.kubeconfig" config set-credentials "$2" --client-certificate="$1.pem" --client-key="$1-key.pem" --embed-certs
  kubectl --kubeconfig="$1.kubeconfig" config set-context default --cluster=lab --user="$2"
  kubectl --kubeconfig="$1.kubeconfig" config use-context default
}

request Kubernetes Kubernetes > ca-csr.json
cfssl gencert -loglevel=3 -initca ca-csr.json | cfssljson -bare ca

sign admin admin system:masters
sign worker-1 system:node:worker-1 system:nodes worker-1,172.16.10.21
sign worker-2 system:node:worker-2 system:nodes worker-2,172.16.10.22
sign kube-controller-manager system:kube-controller-manager system:kube-controller-manager
sign kube-proxy system:kube-proxy system:node-proxier
sign kube-scheduler system:kube-scheduler system:kube-scheduler
sign kubernetes kubernetes Kubernetes 10.32.0.1,172.16.10.11,127.0.0.1,cp-1,kubernetes,kubernetes.default,kubernetes.default.svc,kubernetes.default.svc.cluster,kubernetes.svc.cluster.local
sign service-account service-accounts Kubernetes

public=https://172.16.10.11:6443
kubeconfig worker-1 system:node:worker-1 "$public"
kubeconfig worker-2 system:node:worker-2 "$public"
kubeconfig kube-proxy system:kube-proxy "$public"
for who in kube-controller-manager kube-scheduler; do kubeconfig "$who" "system:$who" https://127.0.0.1:6443; done
kubeconfig admin admin https://127.0.0.1:6443
