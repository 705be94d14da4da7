#!/bin/sh
# kubepki apply … --signer-command 'examples/signers/aws-kms.sh alias/kubernetes-'
#
# Signs with a key of AWS KMS: the alias is the argument and the id of the CA behind it. The digest is
# made here, because KMS takes messages of no more than 4096 bytes.
set -eu

case $KUBEPKI_SIGNATURE_ALGORITHM in
ecdsa-with-SHA256) digest=sha256 algorithm=ECDSA_SHA_256 ;;
ecdsa-with-SHA384) digest=sha384 algorithm=ECDSA_SHA_384 ;;
sha256WithRSAEncryption) digest=sha256 algorithm=RSASSA_PKCS1_V1_5_SHA_256 ;;
*) echo "no signing algorithm for $KUBEPKI_SIGNATURE_ALGORITHM" >&2; exit 1 ;;
esac
message=$(mktemp)
trap 'rm -f "$message"' EXIT
openssl dgst "-$digest" -binary > "$message"
signature=$(aws kms sign --key-id "$1$KUBEPKI_AUTHORITY" --message-type DIGEST \
  --message "fileb://$message" --signing-algorithm "$algorithm" --query Signature --output text)
printf %s "$signature" | base64 -d
