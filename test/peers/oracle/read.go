package main

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/url"
	"runtime"
	"time"
)

// attribute is one [object identifier, value] of a name.
type attribute [2]string

// extension is one [object identifier, critical, value in hex] of a certificate or request.
type extension [3]any

type publicKey struct {
	// RSA, ECDSA, Ed25519, or what Go calls an algorithm that it does not know.
	Type string `json:"type"`
	// Modulus or curve size in bits; 0 where Go does not know the algorithm.
	Bits       int    `json:"bits"`
	Curve      string `json:"curve,omitempty"`
	SPKISHA256 string `json:"spkiSha256"`
}

type names struct {
	DNS   []string `json:"dnsNames"`
	IP    []string `json:"ipAddresses"`
	URI   []string `json:"uris"`
	Email []string `json:"emailAddresses"`
}

type certificate struct {
	Version int `json:"version"`
	// Hex, lower case, without leading zeros; "-" in front of a negative one.
	Serial        string        `json:"serial"`
	Subject       [][]attribute `json:"subject"`
	Issuer        [][]attribute `json:"issuer"`
	SubjectText   string        `json:"subjectText"`
	IssuerText    string        `json:"issuerText"`
	CommonName    string        `json:"commonName"`
	Organizations []string      `json:"organizations"`
	NotBefore     string        `json:"notBefore"`
	NotAfter      string        `json:"notAfter"`
	names
	KeyUsage              []string    `json:"keyUsage"`
	ExtendedKeyUsage      []string    `json:"extendedKeyUsage"`
	BasicConstraintsValid bool        `json:"basicConstraintsValid"`
	IsCA                  bool        `json:"isCA"`
	MaxPathLen            *int        `json:"maxPathLen"`
	SubjectKeyID          string      `json:"subjectKeyId"`
	AuthorityKeyID        string      `json:"authorityKeyId"`
	Policies              []string    `json:"policies"`
	OCSPServers           []string    `json:"ocspServers"`
	IssuingURLs           []string    `json:"issuingUrls"`
	CRLURLs               []string    `json:"crlUrls"`
	PermittedDNSDomains   []string    `json:"permittedDnsDomains"`
	SignatureAlgorithm    string      `json:"signatureAlgorithm"`
	PublicKey             publicKey   `json:"publicKey"`
	Extensions            []extension `json:"extensions"`
	UnhandledCritical     []string    `json:"unhandledCritical"`
	SHA256                string      `json:"sha256"`
}

// readCertificate answers {op:"certificate", der}.
func readCertificate(der []byte) (*certificate, error) {
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	subject, err := rdns(c.RawSubject)
	if err != nil {
		return nil, fmt.Errorf("subject: %w", err)
	}
	issuer, err := rdns(c.RawIssuer)
	if err != nil {
		return nil, fmt.Errorf("issuer: %w", err)
	}
	a := &certificate{
		Version:               c.Version,
		Serial:                c.SerialNumber.Text(16),
		Subject:               subject,
		Issuer:                issuer,
		SubjectText:           c.Subject.String(),
		IssuerText:            c.Issuer.String(),
		CommonName:            c.Subject.CommonName,
		Organizations:         list(c.Subject.Organization),
		NotBefore:             c.NotBefore.UTC().Format(time.RFC3339),
		NotAfter:              c.NotAfter.UTC().Format(time.RFC3339),
		names:                 namesOf(c.DNSNames, c.IPAddresses, c.URIs, c.EmailAddresses),
		KeyUsage:              keyUsages(c.KeyUsage),
		ExtendedKeyUsage:      extendedKeyUsages(c.ExtKeyUsage, c.UnknownExtKeyUsage),
		BasicConstraintsValid: c.BasicConstraintsValid,
		IsCA:                  c.IsCA,
		SubjectKeyID:          hex.EncodeToString(c.SubjectKeyId),
		AuthorityKeyID:        hex.EncodeToString(c.AuthorityKeyId),
		Policies:              texts(c.Policies),
		OCSPServers:           list(c.OCSPServer),
		IssuingURLs:           list(c.IssuingCertificateURL),
		CRLURLs:               list(c.CRLDistributionPoints),
		PermittedDNSDomains:   list(c.PermittedDNSDomains),
		SignatureAlgorithm:    c.SignatureAlgorithm.String(),
		PublicKey:             publicKeyOf(c.PublicKey, c.PublicKeyAlgorithm, c.RawSubjectPublicKeyInfo),
		Extensions:            extensionsOf(c.Extensions),
		UnhandledCritical:     texts(c.UnhandledCriticalExtensions),
		SHA256:                digest(c.Raw),
	}
	if c.BasicConstraintsValid && (c.MaxPathLen > 0 || c.MaxPathLenZero) {
		a.MaxPathLen = &c.MaxPathLen
	}
	return a, nil
}

type certificateRequest struct {
	Version       int           `json:"version"`
	Subject       [][]attribute `json:"subject"`
	SubjectText   string        `json:"subjectText"`
	CommonName    string        `json:"commonName"`
	Organizations []string      `json:"organizations"`
	names
	SignatureAlgorithm string      `json:"signatureAlgorithm"`
	PublicKey          publicKey   `json:"publicKey"`
	Extensions         []extension `json:"extensions"`
	// "" when the request is signed by its own key, else what CheckSignature said.
	SignatureError string `json:"signatureError"`
}

// readRequest answers {op:"csr", der}.
func readRequest(der []byte) (*certificateRequest, error) {
	c, err := x509.ParseCertificateRequest(der)
	if err != nil {
		return nil, err
	}
	subject, err := rdns(c.RawSubject)
	if err != nil {
		return nil, fmt.Errorf("subject: %w", err)
	}
	a := &certificateRequest{
		Version:            c.Version,
		Subject:            subject,
		SubjectText:        c.Subject.String(),
		CommonName:         c.Subject.CommonName,
		Organizations:      list(c.Subject.Organization),
		names:              namesOf(c.DNSNames, c.IPAddresses, c.URIs, c.EmailAddresses),
		SignatureAlgorithm: c.SignatureAlgorithm.String(),
		PublicKey:          publicKeyOf(c.PublicKey, c.PublicKeyAlgorithm, c.RawSubjectPublicKeyInfo),
		Extensions:         extensionsOf(c.Extensions),
	}
	if err := c.CheckSignature(); err != nil {
		a.SignatureError = err.Error()
	}
	return a, nil
}

type privateKey struct {
	// The PEM label of the block that held the key.
	Block     string    `json:"block"`
	PublicKey publicKey `json:"publicKey"`
}

// readKey answers {op:"key", pem}.
func readKey(text string) (*privateKey, error) {
	label, key, err := firstKey(text)
	if err != nil {
		return nil, err
	}
	public := publicOf(key)
	spki, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, err
	}
	return &privateKey{label, publicKeyOf(public, x509.UnknownPublicKeyAlgorithm, spki)}, nil
}

// firstKey decides as client-go's keyutil.ParsePrivateKeyPEM does: the first block that its label's
// parser accepts wins; other blocks are passed over, and so is one that does not parse.
func firstKey(text string) (label string, key any, err error) {
	rest := []byte(text)
	for {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		if block == nil {
			return "", nil, errors.New("data does not contain a valid RSA or ECDSA private key")
		}
		if key, err := parseKey(block); err == nil {
			return block.Type, key, nil
		}
	}
}

func parseKey(block *pem.Block) (any, error) {
	switch block.Type {
	case "EC PRIVATE KEY":
		return x509.ParseECPrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		return x509.ParsePKCS1PrivateKey(block.Bytes)
	case "PRIVATE KEY":
		return x509.ParsePKCS8PrivateKey(block.Bytes)
	default:
		return nil, fmt.Errorf("no key: %s", block.Type)
	}
}

func publicOf(key any) any {
	switch k := key.(type) {
	case *rsa.PrivateKey:
		return &k.PublicKey
	case *ecdsa.PrivateKey:
		return &k.PublicKey
	case ed25519.PrivateKey:
		return k.Public()
	default:
		return nil
	}
}

type pair struct {
	Certificates int `json:"certificates"`
}

// readPair answers {op:"pair", certificate, key}: whether a server could serve with these two files.
func readPair(certificate, key string) (*pair, error) {
	p, err := tls.X509KeyPair([]byte(certificate), []byte(key))
	if err != nil {
		return nil, err
	}
	return &pair{len(p.Certificate)}, nil
}

type block struct {
	Type    string            `json:"type"`
	Headers map[string]string `json:"headers"`
	Bytes   []byte            `json:"bytes"`
}

type blocks struct {
	Blocks []block `json:"blocks"`
}

// readBlocks answers {op:"pem", pem}.
func readBlocks(text string) blocks {
	a := blocks{[]block{}}
	rest := []byte(text)
	for {
		var b *pem.Block
		b, rest = pem.Decode(rest)
		if b == nil {
			return a
		}
		a.Blocks = append(a.Blocks, block{b.Type, b.Headers, b.Bytes})
	}
}

type version struct {
	Go string `json:"go"`
}

func goVersion() version { return version{runtime.Version()} }

func rdns(raw []byte) ([][]attribute, error) {
	var sequence pkix.RDNSequence
	if rest, err := asn1.Unmarshal(raw, &sequence); err != nil {
		return nil, err
	} else if len(rest) > 0 {
		return nil, errors.New("trailing data")
	}
	out := [][]attribute{}
	for _, rdn := range sequence {
		one := []attribute{}
		for _, a := range rdn {
			one = append(one, attribute{a.Type.String(), fmt.Sprint(a.Value)})
		}
		out = append(out, one)
	}
	return out, nil
}

func namesOf(dns []string, ips []net.IP, uris []*url.URL, emails []string) names {
	n := names{DNS: list(dns), IP: []string{}, URI: []string{}, Email: list(emails)}
	for _, ip := range ips {
		n.IP = append(n.IP, ip.String())
	}
	for _, u := range uris {
		n.URI = append(n.URI, u.String())
	}
	return n
}

func publicKeyOf(key any, algorithm x509.PublicKeyAlgorithm, spki []byte) publicKey {
	a := publicKey{SPKISHA256: digest(spki)}
	switch k := key.(type) {
	case *rsa.PublicKey:
		a.Type, a.Bits = "RSA", k.N.BitLen()
	case *ecdsa.PublicKey:
		a.Type, a.Bits, a.Curve = "ECDSA", k.Curve.Params().BitSize, k.Curve.Params().Name
	case ed25519.PublicKey:
		a.Type, a.Bits = "Ed25519", 256
	default:
		a.Type = algorithm.String()
	}
	return a
}

func extensionsOf(in []pkix.Extension) []extension {
	out := []extension{}
	for _, e := range in {
		out = append(out, extension{e.Id.String(), e.Critical, hex.EncodeToString(e.Value)})
	}
	return out
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// list never answers null, so that readers need not tell null and [] apart.
func list(in []string) []string {
	if in == nil {
		return []string{}
	}
	return in
}

func texts[T fmt.Stringer](in []T) []string {
	out := []string{}
	for _, v := range in {
		out = append(out, v.String())
	}
	return out
}
