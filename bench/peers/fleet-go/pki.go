package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net"
	"time"
)

// authority is a CA that signs.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pem, keyPem []byte
}

// authorities are the CAs of a cluster and its service accounts' key pair.
type authorities struct {
	now                  time.Time
	cluster, etcd, front *authority
	saKey, saPublic      []byte
}

// leaf describes a certificate; exactly what the catalogue of kubepki asks for.
type leaf struct {
	by           *authority
	commonName   string
	organization string
	usages       []x509.ExtKeyUsage
	dns          []string
	ips          []string
}

var (
	client = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	server = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	peer   = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
)

func newAuthorities(now time.Time) (*authorities, []file, error) {
	pki := &authorities{now: now.Truncate(time.Second)}
	var err error
	if pki.cluster, err = pki.newAuthority("kubernetes"); err != nil {
		return nil, nil, err
	}
	if pki.etcd, err = pki.newAuthority("etcd-ca"); err != nil {
		return nil, nil, err
	}
	if pki.front, err = pki.newAuthority("front-proxy-ca"); err != nil {
		return nil, nil, err
	}
	sa, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	if pki.saKey, err = keyPem(sa); err != nil {
		return nil, nil, err
	}
	public, err := x509.MarshalPKIXPublicKey(&sa.PublicKey)
	if err != nil {
		return nil, nil, err
	}
	pki.saPublic = pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})
	return pki, []file{
		secret("ca.key", pki.cluster.keyPem), open("ca.crt", pki.cluster.pem),
		secret("etcd/ca.key", pki.etcd.keyPem), open("etcd/ca.crt", pki.etcd.pem),
		secret("front-proxy-ca.key", pki.front.keyPem), open("front-proxy-ca.crt", pki.front.pem),
		secret("sa.key", pki.saKey), open("sa.pub", pki.saPublic),
	}, nil
}

func (pki *authorities) newAuthority(name string) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             pki.now.Add(-5 * time.Minute),
		NotAfter:              pki.now.Add(10 * 365 * 24 * time.Hour),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	text, err := keyPem(key)
	if err != nil {
		return nil, err
	}
	return &authority{certificate: certificate, key: key, pem: certificatePem(der), keyPem: text}, nil
}

// issue makes a key and its certificate, both PEM.
func (pki *authorities) issue(l leaf) (certificate, key []byte, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: l.commonName},
		NotBefore:             pki.now.Add(-5 * time.Minute),
		NotAfter:              pki.now.Add(365 * 24 * time.Hour),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           l.usages,
		BasicConstraintsValid: true,
		DNSNames:              l.dns,
	}
	if l.organization != "" {
		template.Subject.Organization = []string{l.organization}
	}
	for _, ip := range l.ips {
		template.IPAddresses = append(template.IPAddresses, net.ParseIP(ip))
	}
	der, err := x509.CreateCertificate(rand.Reader, template, l.by.certificate, &private.PublicKey, l.by.key)
	if err != nil {
		return nil, nil, err
	}
	text, err := keyPem(private)
	if err != nil {
		return nil, nil, err
	}
	return certificatePem(der), text, nil
}

func keyPem(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), nil
}

func certificatePem(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func secret(path string, content []byte) file {
	return file{path: path, content: content, mode: 0o600, key: true}
}

func open(path string, content []byte) file {
	return file{path: path, content: content, mode: 0o644}
}

// pair is a certificate and its key in two files.
func (pki *authorities) pair(base string, l leaf) ([]file, error) {
	certificate, key, err := pki.issue(l)
	if err != nil {
		return nil, err
	}
	return []file{secret(base+".key", key), open(base+".crt", certificate)}, nil
}

const kubeconfigText = `apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: %[1]s
    server: %[2]s
  name: %[3]s
contexts:
- context:
    cluster: %[3]s
    user: %[4]s
  name: %[4]s@%[3]s
current-context: %[4]s@%[3]s
kind: Config
users:
- name: %[4]s
  user:
    client-certificate-data: %[5]s
    client-key-data: %[6]s
`

// kubeconfig is a client certificate and its key embedded in a kubeconfig.
func (pki *authorities) kubeconfig(path string, cluster *fleet, server string, l leaf) (file, error) {
	l.by, l.usages = pki.cluster, client
	certificate, key, err := pki.issue(l)
	if err != nil {
		return file{}, err
	}
	encode := base64.StdEncoding.EncodeToString
	text := fmt.Sprintf(kubeconfigText, encode(pki.cluster.pem), server, cluster.Cluster,
		l.commonName, encode(certificate), encode(key))
	return file{path: path, content: []byte(text), mode: 0o600}, nil
}
