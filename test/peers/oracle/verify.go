package main

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"time"
)

type verification struct {
	// Each chain from the leaf to a root, by the SHA-256 of its certificates.
	Chains [][]string `json:"chains"`
}

// verify answers {op:"verify", leaf, intermediates, roots, time, usages, dnsName}. The leaf is the
// first certificate of its text and those that follow it count as intermediates, as in a TLS
// handshake. No usages given means serverAuth, as in crypto/x509; dnsName may be an address.
func verify(r request) (*verification, error) {
	leaf, err := certificates(r.Leaf)
	if err != nil {
		return nil, fmt.Errorf("bad request: leaf: %w", err)
	}
	if len(leaf) == 0 {
		return nil, errors.New("bad request: leaf: no certificate")
	}
	more, err := certificates(r.Intermediates)
	if err != nil {
		return nil, fmt.Errorf("bad request: intermediates: %w", err)
	}
	roots, err := certificates(r.Roots)
	if err != nil {
		return nil, fmt.Errorf("bad request: roots: %w", err)
	}
	at, err := time.Parse(time.RFC3339, r.Time)
	if err != nil {
		return nil, fmt.Errorf("bad request: %w", err)
	}
	options := x509.VerifyOptions{
		Roots:         pool(roots),
		Intermediates: pool(append(more, leaf[1:]...)),
		CurrentTime:   at,
		DNSName:       r.DNSName,
	}
	for _, name := range r.Usages {
		usage, err := extendedKeyUsageOf(name)
		if err != nil {
			return nil, err
		}
		options.KeyUsages = append(options.KeyUsages, usage)
	}
	chains, err := leaf[0].Verify(options)
	if err != nil {
		return nil, err
	}
	a := &verification{[][]string{}}
	for _, chain := range chains {
		one := []string{}
		for _, c := range chain {
			one = append(one, digest(c.Raw))
		}
		a.Chains = append(a.Chains, one)
	}
	return a, nil
}

func pool(list []*x509.Certificate) *x509.CertPool {
	p := x509.NewCertPool()
	for _, c := range list {
		p.AddCert(c)
	}
	return p
}

func certificates(text string) ([]*x509.Certificate, error) {
	var out []*x509.Certificate
	rest := []byte(text)
	for {
		var b *pem.Block
		b, rest = pem.Decode(rest)
		if b == nil {
			return out, nil
		}
		if b.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(b.Bytes)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
}
