#!/usr/bin/env bash
# A cluster's PKI as an administrator makes it with openssl alone: three CAs, one function that signs, and
# kubectl for the kubeconfigs. Usage: openssl.sh DIR; needs openssl and kubectl.
set -euo pipefail
mkdir -p "$1/etcd" && cd "$1"
umask 077

api=https://172.16.10.11:6443

ca() { # FILE NAME
  openssl genrsa -out "$1.key" 2048
  openssl req -x509 -new -noenc -sha256 -key "$1.key" -subj "/CN=$2" -days 3650 -out "$1.crt"
}

sign() { # CA FILE SUBJECT EXTENSION...
  local by=$1 file=$2 subject=$3
  shift 3
  openssl genrsa -out "$file.key" 2048
  openssl req -new -sha256 -key "$file.key" -subj "$subject" -out "$file.csr"
  openssl x509 -req -sha256 -in "$file.csr" -CA "$by.crt" -CAkey "$by.key" -CAcreateserial -days 365 \
    -extfile <(printf '%s\n' 'authorityKeyIdentifier=keyid' 'basicConstraints=CA:FALSE' "$@") -out "$file.crt"
}

usage='keyUsage=critical,digitalSignature,keyEncipherment'
client=("$usage" extendedKeyUsage=clientAuth)

kubeconfig() { # FILE
  kubectl --kubeconfig="$1.kubeconfig" config set-cluster lab --server="$api" \
    --certificate-authority=ca.crt --embed-certs
  kubectl --kubeconfig="$1.kubeconfig" config set-credentials "$1" \
    --client-certificate="$1.crt" --client-key="$1.key" --embed-certs
  kubectl --kubeconfig="$1.kubeconfig" config set-context default --cluster=lab --user="$1"
  kubectl --kubeconfig="$1.kubeconfig" config use-context default
}

ca ca lab-ca
ca etcd/ca lab-etcd-ca
ca front-proxy-ca lab-front-proxy-ca

sign ca server /CN=kube-apiserver "$usage" extendedKeyUsage=serverAuth \
  subjectAltName=IP:172.16.10.11,IP:10.96.0.1,DNS:cp-1,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local

member=subjectAltName=DNS:cp-1,DNS:localhost,IP:172.16.10.11,IP:127.0.0.1,IP:::1
sign etcd/ca etcd/server /CN=cp-1 "$usage" extendedKeyUsage=serverAuth,clientAuth "$member"
sign etcd/ca etcd/peer /CN=cp-1 "$usage" extendedKeyUsage=serverAuth,clientAuth "$member"
sign etcd/ca etcd/healthcheck-client /CN=etcd-healthcheck "${client[@]}"
sign etcd/ca apiserver-etcd-client /CN=kube-apiserver-etcd-client "${client[@]}"

sign ca apiserver-kubelet-client /O=system:masters/CN=kube-apiserver-kubelet-client "${client[@]}"
sign front-proxy-ca front-proxy-client /CN=front-proxy-client "${client[@]}"

sign ca admin /O=system:masters/CN=admin "${client[@]}"
sign ca kube-controller-manager /CN=system:kube-controller-manager "${client[@]}"
sign ca kube-scheduler /CN=system:kube-scheduler "${client[@]}"
sign ca kube-proxy /CN=system:kube-proxy "${client[@]}"
sign ca worker-1 /O=system:nodes/CN=system:node:worker-1 "${client[@]}"
for who in admin kube-controller-manager kube-scheduler kube-proxy worker-1; do kubeconfig "$who"; done

openssl genrsa -out sa.key 2048
openssl rsa -in sa.key -pubout -out sa.pub
