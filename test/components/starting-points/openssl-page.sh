#!/usr/bin/env bash
# What somebody has who did what Kubernetes' documentation says of openssl ("Generate Certificates Manually"):
# a CA, and kube-apiserver's certificate with the usages and names that it gives. Usage: openssl-page.sh DIR
set -euo pipefail
mkdir -p "$1" && cd "$1"
umask 077

openssl genrsa -out ca.key 2048
openssl req -x509 -new -noenc -key ca.key -subj /CN=172.16.10.11 -days 10000 -out ca.crt
openssl genrsa -out server.key 2048

cat > csr.conf <<'CONF'
[req]
default_bits = 2048
prompt = no
default_md = sha256
req_extensions = req_ext
distinguished_name = dn
[dn]
C = US
ST = Oregon
L = Portland
O = Lab
OU = Cluster
CN = 172.16.10.11
[req_ext]
subjectAltName = @names
[names]
DNS.1 = kubernetes
DNS.2 = kubernetes.default
DNS.3 = kubernetes.default.svc
DNS.4 = kubernetes.default.svc.cluster
DNS.5 = kubernetes.default.svc.cluster.local
IP.1 = 172.16.10.11
IP.2 = 10.96.0.1
[v3_ext]
authorityKeyIdentifier = keyid,issuer:always
basicConstraints = CA:FALSE
keyUsage = keyEncipherment,dataEncipherment
extendedKeyUsage = serverAuth,clientAuth
subjectAltName = @names
CONF
openssl req -new -key server.key -out server.csr -config csr.conf
openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out server.crt -days 10000 \
  -extensions v3_ext -extfile csr.conf -sha256
