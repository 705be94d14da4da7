#!/bin/sh
# kubepki apply … --signer-command 'examples/signers/pkcs11-tool.sh MODULE TOKEN ID'
#
# Signs with a key in a PKCS#11 token through OpenSC's pkcs11-tool: MODULE is the token's library, TOKEN
# its label, ID the key's id in hex. The PIN is in the environment: PKCS11_PIN. With a key for each CA,
# choose ID by $KUBEPKI_AUTHORITY (ca, etcd-ca, front-proxy-ca).
set -eu
module=$1 token=$2 id=$3

sign() {
  pkcs11-tool --module "$module" --token-label "$token" --login --pin env:PKCS11_PIN \
    --sign --id "$id" "$@"
}

case $KUBEPKI_SIGNATURE_ALGORITHM in
# Few tokens hash for ECDSA themselves; "openssl" is the form that certificates hold.
ecdsa-with-SHA256) openssl dgst -sha256 -binary | sign --mechanism ECDSA --signature-format openssl ;;
ecdsa-with-SHA384) openssl dgst -sha384 -binary | sign --mechanism ECDSA --signature-format openssl ;;
sha256WithRSAEncryption) sign --mechanism SHA256-RSA-PKCS ;;
*) echo "no mechanism for $KUBEPKI_SIGNATURE_ALGORITHM" >&2; exit 1 ;;
esac
