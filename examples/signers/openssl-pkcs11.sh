#!/bin/sh
# kubepki apply … --signer-command 'examples/signers/openssl-pkcs11.sh TOKEN PIN_FILE'
#
# Signs with a key in a PKCS#11 token through OpenSSL's engine pkcs11 (Debian: libengine-pkcs11-openssl;
# PKCS11_MODULE_PATH names the token's library where p11-kit does not know it). The key's label is the
# id of the CA: ca, etcd-ca, front-proxy-ca. With the provider of OpenSSL 3 (pkcs11-provider), `-provider
# pkcs11 -provider default` takes the place of `-engine pkcs11 -keyform engine`.
set -eu
uri="pkcs11:token=$1;object=$KUBEPKI_AUTHORITY;type=private"

case $KUBEPKI_SIGNATURE_ALGORITHM in
ecdsa-with-SHA256 | sha256WithRSAEncryption) digest=sha256 ;;
ecdsa-with-SHA384) digest=sha384 ;;
*) echo "no digest for $KUBEPKI_SIGNATURE_ALGORITHM" >&2; exit 1 ;;
esac
# Not pin-source: that takes a line break at the end of the file for a part of the PIN, and each wrong PIN
# brings the token nearer to being locked. In the environment other users do not see it.
PKCS11_PIN=$(tr -d '\r\n' < "$2")
[ -n "$PKCS11_PIN" ] || { echo "$2 holds no PIN" >&2; exit 1; }
export PKCS11_PIN
exec openssl dgst "-$digest" -engine pkcs11 -keyform engine -passin env:PKCS11_PIN -sign "$uri"
