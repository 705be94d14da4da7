#!/usr/bin/env bash
# Lets a part of a PKI of openssl.sh run out years ago: its CA ("ca") or kube-apiserver's certificate ("server"),
# with the same names, keys and extensions. Usage: expired.sh DIR ca|server
set -euo pipefail
cd "$1"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
touch "$work/index.txt"
openssl x509 -x509toreq -in "$2.crt" -signkey "$2.key" -copy_extensions copyall -out "$work/again.csr"
cat > "$work/ca.conf" <<CONF
[ca]
default_ca = this
[this]
database = $work/index.txt
new_certs_dir = $work
rand_serial = yes
default_md = sha256
policy = any
copy_extensions = copyall
[any]
commonName = supplied
CONF
cp ca.crt "$work/ca.crt"
signer=(-cert "$work/ca.crt" -keyfile ca.key)
if [ "$2" = ca ]; then signer=(-selfsign -keyfile ca.key); fi
openssl ca -batch -notext -config "$work/ca.conf" "${signer[@]}" -in "$work/again.csr" \
  -startdate 20200101000000Z -enddate 20210101000000Z -out "$2.crt"
