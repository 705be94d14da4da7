package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
)

const secrets = "/api/v1/namespaces/default/secrets"

// secretSize is that of a certificate with its key.
const secretSize = 1400

// get asks for one Secret of those that fill has made.
func get(o options) (result, error) {
	return repeat(o, func(int) (string, string, []byte) {
		return http.MethodGet, secrets + "/load-0", nil
	})
}

// fill makes Secrets load-0, load-1, ….
func fill(o options) (result, error) {
	value := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("secret"), secretSize/6))
	return repeat(o, func(number int) (string, string, []byte) {
		body := fmt.Sprintf(
			`{"apiVersion":"v1","kind":"Secret","metadata":{"name":"load-%d","labels":{"made-by":"load-go"}},"type":"Opaque","data":{"value":%q}}`,
			number, value)
		return http.MethodPost, secrets, []byte(body)
	})
}

// list asks for all Secrets of the namespace, without pages.
func list(o options) (result, error) {
	return repeat(o, func(int) (string, string, []byte) { return http.MethodGet, secrets, nil })
}

// createRequests makes CertificateSigningRequests of one key.
func createRequests(o options) (result, error) {
	request, err := kubeletRequest()
	if err != nil {
		return result{}, err
	}
	body, err := json.Marshal(map[string]any{
		"apiVersion": "certificates.k8s.io/v1",
		"kind":       "CertificateSigningRequest",
		"metadata":   map[string]any{"generateName": "load-"},
		"spec": map[string]any{
			"request":    request,
			"signerName": "example.com/load",
			"usages":     []string{"digital signature", "client auth"},
		},
	})
	if err != nil {
		return result{}, err
	}
	const path = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
	return repeat(o, func(int) (string, string, []byte) { return http.MethodPost, path, body })
}

func kubeletRequest() ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	subject := pkix.Name{Organization: []string{"system:nodes"}, CommonName: "system:node:load"}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: subject}, key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}), nil
}
