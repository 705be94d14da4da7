package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	mathrand "math/rand/v2"
)

type keyPair struct {
	name   string
	signer crypto.Signer
}

// keyRing makes one key a name, when it is first drawn: a 4096-bit RSA key takes seconds.
type keyRing struct {
	made map[string]crypto.Signer
}

func newKeyRing() *keyRing { return &keyRing{map[string]crypto.Signer{}} }

// The small ones come more often, as in clusters.
var keyNames = []string{
	"P-256", "P-256 b", "P-256", "P-384", "Ed25519", "RSA-2048", "RSA-2048", "RSA-3072", "RSA-4096",
}

func (k *keyRing) draw(random *mathrand.Rand, exotic bool) (keyPair, error) {
	names := keyNames
	if exotic {
		names = append([]string{"P-521", "P-521"}, keyNames...)
	}
	name := names[random.IntN(len(names))]
	signer, ok := k.made[name]
	if !ok {
		var err error
		if signer, err = generate(name); err != nil {
			return keyPair{}, err
		}
		k.made[name] = signer
	}
	return keyPair{name, signer}, nil
}

func generate(name string) (crypto.Signer, error) {
	switch name {
	case "P-256", "P-256 b":
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "P-384":
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "P-521":
		return ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case "Ed25519":
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	case "RSA-2048":
		return rsa.GenerateKey(rand.Reader, 2048)
	case "RSA-3072":
		return rsa.GenerateKey(rand.Reader, 3072)
	case "RSA-4096":
		return rsa.GenerateKey(rand.Reader, 4096)
	default:
		return nil, errors.New("no such key: " + name)
	}
}

func (m *maker) signatureAlgorithm(pair keyPair) x509.SignatureAlgorithm {
	var choices []x509.SignatureAlgorithm
	switch pair.signer.(type) {
	case *rsa.PrivateKey:
		choices = []x509.SignatureAlgorithm{x509.SHA256WithRSA, x509.SHA384WithRSA, x509.SHA512WithRSA}
		if m.exotic {
			choices = append(choices, x509.SHA256WithRSAPSS, x509.SHA384WithRSAPSS, x509.SHA512WithRSAPSS)
		}
	case *ecdsa.PrivateKey:
		choices = []x509.SignatureAlgorithm{x509.ECDSAWithSHA256, x509.ECDSAWithSHA384, x509.ECDSAWithSHA512}
	default:
		choices = []x509.SignatureAlgorithm{x509.PureEd25519}
	}
	return choices[m.random.IntN(len(choices))]
}

// keyForm writes a key in one of the forms that its kind has.
func (m *maker) keyForm(signer crypto.Signer) (label string, der []byte, err error) {
	if m.chance(2) {
		switch key := signer.(type) {
		case *rsa.PrivateKey:
			return "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key), nil
		case *ecdsa.PrivateKey:
			der, err = x509.MarshalECPrivateKey(key)
			return "EC PRIVATE KEY", der, err
		}
	}
	der, err = x509.MarshalPKCS8PrivateKey(signer)
	return "PRIVATE KEY", der, err
}
