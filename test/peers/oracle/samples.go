package main

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"net/url"
	"strings"
	"time"
)

type sample struct {
	// certificate, csr or key.
	Kind string `json:"kind"`
	// What was drawn, for the message of a failing test.
	Description string `json:"description"`
	DER         []byte `json:"der"`
	PEM         string `json:"pem"`
	// The private key that belongs to it, PKCS#8.
	Key string `json:"key"`
	// Who signed a certificate; its own text when it signed itself, "" for the other kinds.
	Issuer string `json:"issuer"`
}

type sampleSet struct {
	Samples []sample `json:"samples"`
}

type authority struct {
	certificate *x509.Certificate
	pair        keyPair
}

// maker draws fields from a seeded source. Keys, and so signatures, come from crypto/rand and differ
// from run to run: crypto/x509 lets nobody hand in the randomness.
type maker struct {
	random      *mathrand.Rand
	keys        *keyRing
	exotic      bool
	authorities []authority
}

// issueSamples answers {op:"issue-samples", seed, count, exotic}: about six certificates for every
// three requests and two keys. Exotic adds what kubepki reads but never makes: P-521 and RSA-PSS.
func issueSamples(seed uint64, count int, exotic bool) (*sampleSet, error) {
	if count < 1 || count > 10_000 {
		return nil, errors.New("bad request: count: expected 1 to 10000")
	}
	m := &maker{random: mathrand.New(mathrand.NewPCG(seed, 0)), keys: newKeyRing(), exotic: exotic}
	set := &sampleSet{[]sample{}}
	for i := range count {
		one, err := m.sample(i % 11)
		if err != nil {
			return nil, fmt.Errorf("sample %d of seed %d: %w", i, seed, err)
		}
		set.Samples = append(set.Samples, *one)
	}
	return set, nil
}

func (m *maker) sample(turn int) (*sample, error) {
	pair, err := m.keys.draw(m.random, m.exotic)
	if err != nil {
		return nil, err
	}
	var one *sample
	switch {
	case turn < 6:
		one, err = m.certificate(pair, turn == 0)
	case turn < 9:
		one, err = m.request(pair)
	default:
		one, err = m.key(pair)
	}
	if err != nil {
		return nil, err
	}
	one.Key, err = pkcs8(pair.signer)
	one.Description = pair.name + ": " + one.Description
	return one, err
}

func (m *maker) certificate(pair keyPair, root bool) (*sample, error) {
	ca := root || m.chance(4)
	template := &x509.Certificate{
		SerialNumber:          m.serial(),
		BasicConstraintsValid: ca || m.chance(2),
		IsCA:                  ca,
		KeyUsage:              x509.KeyUsage(m.random.IntN(1 << 9)),
		ExtraExtensions:       m.extensions(),
	}
	var err error
	if template.RawSubject, err = m.subject(); err != nil {
		return nil, err
	}
	template.NotBefore, template.NotAfter = m.validity()
	template.DNSNames, template.IPAddresses, template.URIs, template.EmailAddresses = m.names()
	template.ExtKeyUsage, template.UnknownExtKeyUsage = m.usages()
	if ca {
		m.constrain(template)
	}
	m.pointers(template)

	issuer := authority{template, pair}
	if !root && len(m.authorities) > 0 && !m.chance(5) {
		issuer = m.authorities[m.random.IntN(len(m.authorities))]
	}
	template.SignatureAlgorithm = m.signatureAlgorithm(issuer.pair)
	der, err := x509.CreateCertificate(rand.Reader, template, issuer.certificate, pair.signer.Public(), issuer.pair.signer)
	if err != nil {
		return nil, err
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	one := &sample{Kind: "certificate", DER: der, PEM: encode("CERTIFICATE", der)}
	if issuer.certificate == template {
		one.Issuer = one.PEM
	} else {
		one.Issuer = encode("CERTIFICATE", issuer.certificate.Raw)
	}
	one.Description = fmt.Sprintf("%s by %s, ca %v", made.Subject, made.SignatureAlgorithm, ca)
	if ca {
		m.authorities = append(m.authorities, authority{made, pair})
	}
	return one, nil
}

func (m *maker) request(pair keyPair) (*sample, error) {
	template := &x509.CertificateRequest{
		SignatureAlgorithm: m.signatureAlgorithm(pair),
		ExtraExtensions:    m.extensions(),
	}
	var err error
	if template.RawSubject, err = m.subject(); err != nil {
		return nil, err
	}
	template.DNSNames, template.IPAddresses, template.URIs, template.EmailAddresses = m.names()
	der, err := x509.CreateCertificateRequest(rand.Reader, template, pair.signer)
	if err != nil {
		return nil, err
	}
	return &sample{
		Kind:        "csr",
		Description: fmt.Sprintf("request by %s", template.SignatureAlgorithm),
		DER:         der,
		PEM:         encode("CERTIFICATE REQUEST", der),
	}, nil
}

func (m *maker) key(pair keyPair) (*sample, error) {
	label, der, err := m.keyForm(pair.signer)
	if err != nil {
		return nil, err
	}
	text := encode(label, der)
	switch m.random.IntN(4) {
	case 0:
		text = "a line before\n\n" + text + "a line behind\n"
	case 1:
		text = strings.ReplaceAll(text, "\n", "\r\n")
	case 2:
		text = encode("EC PARAMETERS", []byte{0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07}) + text
	}
	return &sample{Kind: "key", Description: label, DER: der, PEM: text}, nil
}

// chance is true once in n draws.
func (m *maker) chance(n int) bool { return m.random.IntN(n) == 0 }

func (m *maker) bytes(n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(m.random.Uint32())
	}
	return out
}

// serial is 1 to 20 bytes long as RFC 5280, section 4.1.2.2 allows, and often has a high first byte.
func (m *maker) serial() *big.Int {
	raw := m.bytes(1 + m.random.IntN(20))
	if len(raw) == 20 {
		raw[0] &= 0x7f
	}
	serial := new(big.Int).SetBytes(raw)
	if serial.Sign() == 0 {
		serial.SetInt64(128)
	}
	return serial
}

// validity crosses 2050, where UTCTime ends and GeneralizedTime begins (RFC 5280, section 4.1.2.5).
func (m *maker) validity() (time.Time, time.Time) {
	at := func(year, month, day, hour, minute, second int) time.Time {
		return time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC)
	}
	starts := []time.Time{at(1950, 1, 1, 0, 0, 0), at(1999, 12, 31, 23, 59, 59), at(2020, 2, 29, 12, 0, 0), at(2026, 7, 1, 8, 30, 5)}
	ends := []time.Time{at(2027, 1, 1, 0, 0, 0), at(2049, 12, 31, 23, 59, 59), at(2050, 1, 1, 0, 0, 0), at(9999, 12, 31, 23, 59, 59)}
	end := ends[m.random.IntN(len(ends))]
	return starts[m.random.IntN(len(starts))], end.Add(-time.Duration(m.random.IntN(2)) * time.Second)
}

func (m *maker) names() (dns []string, ips []net.IP, uris []*url.URL, emails []string) {
	for i := range m.random.IntN(4) {
		dns = append(dns, fmt.Sprintf("%shost-%d.sample.example", []string{"", "*."}[m.random.IntN(2)], i))
	}
	for range m.random.IntN(3) {
		ips = append(ips, net.IP(m.bytes([]int{4, 16}[m.random.IntN(2)])))
	}
	if m.chance(3) {
		uris = append(uris, &url.URL{Scheme: "spiffe", Host: "sample.example", Path: fmt.Sprint("/ns/", m.random.IntN(9))})
	}
	if m.chance(4) {
		emails = append(emails, "someone@sample.example")
	}
	return dns, ips, uris, emails
}

func (m *maker) usages() (known []x509.ExtKeyUsage, unknown []asn1.ObjectIdentifier) {
	bits := m.random.Uint32()
	for usage := x509.ExtKeyUsageAny; usage <= x509.ExtKeyUsageOCSPSigning; usage++ {
		if _, ok := extendedKeyUsageNames[usage]; ok && bits>>usage&3 == 3 {
			known = append(known, usage)
		}
	}
	if m.chance(5) {
		unknown = append(unknown, asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999, 1 + m.random.IntN(300)})
	}
	return known, unknown
}

// constrain gives an authority what it needs to issue, and sometimes limits.
func (m *maker) constrain(template *x509.Certificate) {
	template.KeyUsage |= x509.KeyUsageCertSign
	template.MaxPathLen = m.random.IntN(4) - 1
	template.MaxPathLenZero = template.MaxPathLen == 0
	if m.chance(4) {
		template.PermittedDNSDomainsCritical = m.chance(2)
		template.PermittedDNSDomains = []string{"sample.example", ".under.example"}
	}
}

// pointers adds the extensions that hold addresses and policies.
func (m *maker) pointers(template *x509.Certificate) {
	if m.chance(4) {
		template.OCSPServer = []string{"http://ocsp.sample.example/"}
		template.IssuingCertificateURL = []string{"http://ca.sample.example/ca.crt"}
	}
	if m.chance(4) {
		template.CRLDistributionPoints = []string{"http://crl.sample.example/ca.crl"}
	}
	if m.chance(4) {
		policy, err := x509.OIDFromInts([]uint64{1, 3, 6, 1, 4, 1, 99999, m.random.Uint64()})
		if err == nil {
			template.Policies = []x509.OID{policy}
		}
	}
}

// extensions that nobody knows, to see that they are kept.
func (m *maker) extensions() []pkix.Extension {
	var out []pkix.Extension
	for i := range m.random.IntN(3) {
		out = append(out, pkix.Extension{
			Id:       asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999, 100 + i},
			Critical: m.chance(2),
			Value:    m.bytes(m.random.IntN(300)),
		})
	}
	return out
}

func encode(label string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der}))
}

func pkcs8(key crypto.Signer) (string, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	return encode("PRIVATE KEY", der), err
}
