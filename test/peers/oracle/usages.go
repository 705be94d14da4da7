package main

import (
	"crypto/x509"
	"encoding/asn1"
	"fmt"
)

// Names as RFC 5280, section 4.2.1.3 gives them, by bit.
var keyUsageNames = []struct {
	bit  x509.KeyUsage
	name string
}{
	{x509.KeyUsageDigitalSignature, "digitalSignature"},
	{x509.KeyUsageContentCommitment, "contentCommitment"},
	{x509.KeyUsageKeyEncipherment, "keyEncipherment"},
	{x509.KeyUsageDataEncipherment, "dataEncipherment"},
	{x509.KeyUsageKeyAgreement, "keyAgreement"},
	{x509.KeyUsageCertSign, "keyCertSign"},
	{x509.KeyUsageCRLSign, "cRLSign"},
	{x509.KeyUsageEncipherOnly, "encipherOnly"},
	{x509.KeyUsageDecipherOnly, "decipherOnly"},
}

func keyUsages(usage x509.KeyUsage) []string {
	out := []string{}
	for _, u := range keyUsageNames {
		if usage&u.bit != 0 {
			out = append(out, u.name)
		}
	}
	return out
}

// Names as RFC 5280, section 4.2.1.12 gives them; Go's others are answered by their Go number.
var extendedKeyUsageNames = map[x509.ExtKeyUsage]string{
	x509.ExtKeyUsageAny:             "anyExtendedKeyUsage",
	x509.ExtKeyUsageServerAuth:      "serverAuth",
	x509.ExtKeyUsageClientAuth:      "clientAuth",
	x509.ExtKeyUsageCodeSigning:     "codeSigning",
	x509.ExtKeyUsageEmailProtection: "emailProtection",
	x509.ExtKeyUsageTimeStamping:    "timeStamping",
	x509.ExtKeyUsageOCSPSigning:     "OCSPSigning",
}

// extendedKeyUsages lists those that Go knows first, then the object identifiers of the others.
func extendedKeyUsages(known []x509.ExtKeyUsage, unknown []asn1.ObjectIdentifier) []string {
	out := []string{}
	for _, u := range known {
		name, ok := extendedKeyUsageNames[u]
		if !ok {
			name = fmt.Sprint("go:", int(u))
		}
		out = append(out, name)
	}
	return append(out, texts(unknown)...)
}

func extendedKeyUsageOf(name string) (x509.ExtKeyUsage, error) {
	for usage, n := range extendedKeyUsageNames {
		if n == name {
			return usage, nil
		}
	}
	return 0, fmt.Errorf("bad request: unknown usage %q", name)
}
