package main

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net"
	"time"
)

// issueRequest describes one certificate. It exists for wrong certificates, those that kubepki itself
// would refuse to make: expired, of another CA, for another role.
type issueRequest struct {
	CommonName    string   `json:"commonName"`
	Organizations []string `json:"organizations"`
	DNSNames      []string `json:"dnsNames"`
	IPAddresses   []string `json:"ipAddresses"`
	Usages        []string `json:"usages"`
	NotBefore     string   `json:"notBefore"`
	NotAfter      string   `json:"notAfter"`
	IsCA          bool     `json:"isCA"`
	// A name of keyNames.
	KeyAlgorithm string `json:"keyAlgorithm"`
	// Both PEM; both empty for a certificate that signs itself.
	Issuer    string `json:"issuer"`
	IssuerKey string `json:"issuerKey"`
}

type issued struct {
	Certificate string `json:"certificate"`
	Key         string `json:"key"`
}

// issue answers {op:"issue", issue: issueRequest}.
func issue(r *issueRequest) (*issued, error) {
	if r == nil {
		return nil, errors.New("bad request: issue: missing")
	}
	template, err := templateOf(r)
	if err != nil {
		return nil, fmt.Errorf("bad request: issue: %w", err)
	}
	signer, err := generate(r.KeyAlgorithm)
	if err != nil {
		return nil, fmt.Errorf("bad request: issue: %w", err)
	}
	issuer, issuerKey := template, signer
	if r.Issuer != "" {
		if issuer, issuerKey, err = readAuthority(r.Issuer, r.IssuerKey); err != nil {
			return nil, fmt.Errorf("bad request: issue: %w", err)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer, signer.Public(), issuerKey)
	if err != nil {
		return nil, err
	}
	key, err := pkcs8(signer)
	return &issued{encode("CERTIFICATE", der), key}, err
}

func templateOf(r *issueRequest) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	t := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: r.CommonName, Organization: r.Organizations},
		DNSNames:              r.DNSNames,
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		BasicConstraintsValid: true,
		IsCA:                  r.IsCA,
	}
	if r.IsCA {
		t.KeyUsage |= x509.KeyUsageCertSign
	}
	if t.NotBefore, err = time.Parse(time.RFC3339, r.NotBefore); err != nil {
		return nil, err
	}
	if t.NotAfter, err = time.Parse(time.RFC3339, r.NotAfter); err != nil {
		return nil, err
	}
	for _, name := range r.Usages {
		usage, err := extendedKeyUsageOf(name)
		if err != nil {
			return nil, err
		}
		t.ExtKeyUsage = append(t.ExtKeyUsage, usage)
	}
	for _, text := range r.IPAddresses {
		ip := net.ParseIP(text)
		if ip == nil {
			return nil, fmt.Errorf("not an address: %q", text)
		}
		t.IPAddresses = append(t.IPAddresses, ip)
	}
	return t, nil
}

func readAuthority(certificate, key string) (*x509.Certificate, crypto.Signer, error) {
	list, err := certificates(certificate)
	if err != nil {
		return nil, nil, err
	}
	if len(list) == 0 {
		return nil, nil, errors.New("issuer: no certificate")
	}
	_, private, err := firstKey(key)
	if err != nil {
		return nil, nil, err
	}
	signer, ok := private.(crypto.Signer)
	if !ok {
		return nil, nil, errors.New("issuerKey: cannot sign")
	}
	return list[0], signer, nil
}
