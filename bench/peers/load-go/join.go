package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"
)

const (
	bindings    = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"
	tokenID     = "load01"
	tokenSecret = "0123456789abcdef"
)

// prepareJoin makes a bootstrap token, and binds the roles as kubeadm does.
func prepareJoin(o options) (result, error) {
	c, err := newConnector(o)
	if err != nil {
		return result{}, err
	}
	admin := c.client()
	start := time.Now()
	const bootstrappers = "system:bootstrappers:load"
	for _, binding := range []struct{ name, role, group string }{
		{"load-bootstrap", "system:node-bootstrapper", bootstrappers},
		{"load-approve", "system:certificates.k8s.io:certificatesigningrequests:nodeclient", bootstrappers},
	} {
		body := fmt.Sprintf(`{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRoleBinding","metadata":{"name":%q},
"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":%q},
"subjects":[{"apiGroup":"rbac.authorization.k8s.io","kind":"Group","name":%q}]}`, binding.name, binding.role, binding.group)
		if _, err := c.send(admin, http.MethodPost, bindings, []byte(body)); err != nil {
			return result{}, err
		}
	}
	body := fmt.Sprintf(`{"apiVersion":"v1","kind":"Secret","metadata":{"name":"bootstrap-token-%s","namespace":"kube-system"},
"type":"bootstrap.kubernetes.io/token","stringData":{"token-id":%q,"token-secret":%q,"auth-extra-groups":%q,
"usage-bootstrap-authentication":"true","expiration":%q}}`,
		tokenID, tokenID, tokenSecret, bootstrappers, time.Now().Add(2*time.Hour).UTC().Format(time.RFC3339))
	if _, err := c.send(admin, http.MethodPost, "/api/v1/namespaces/kube-system/secrets", []byte(body)); err != nil {
		return result{}, err
	}
	took := time.Since(start)
	return summary(took, []time.Duration{took}, 0), nil
}

// join brings o.count nodes in, each from the token to both of its certificates on the disk, as kubelet does
// it: o.clients at a time, or o.rate each second. P50 and P99 are from the create of a request until its
// certificate is there, of all requests.
func join(o options) (result, error) {
	c, err := newConnector(o)
	if err != nil {
		return result{}, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Minute)
	defer cancel()
	if o.approve {
		if err := approveServing(ctx, c); err != nil {
			return result{}, err
		}
	}
	var mutex sync.Mutex
	var failed []error
	took := make([]time.Duration, 0, 2*o.count)
	one := func(number int) {
		n := &node{connector: c, directory: o.directory, number: number}
		err := n.join(ctx)
		mutex.Lock()
		defer mutex.Unlock()
		if err != nil {
			failed = append(failed, fmt.Errorf("node %d: %w", number, err))
			cancel()
		}
		took = append(took, n.took...)
	}
	start := time.Now()
	if o.rate > 0 {
		atRate(ctx, o, one)
	} else {
		atATime(ctx, o, one)
	}
	total := time.Since(start)
	if len(failed) > 0 {
		// The others failed because of the first.
		return result{}, failed[0]
	}
	return summary(total, took, 0), nil
}

// atRate starts them in equal distances, however long each takes.
func atRate(ctx context.Context, o options, one func(int)) {
	ticker := time.NewTicker(time.Duration(float64(time.Second) / o.rate))
	defer ticker.Stop()
	var work sync.WaitGroup
	for i := 0; i < o.count && ctx.Err() == nil; i++ {
		work.Go(func() { one(o.first + i) })
		<-ticker.C
	}
	work.Wait()
}

func atATime(ctx context.Context, o options, one func(int)) {
	var work sync.WaitGroup
	for client := range o.clients {
		work.Go(func() {
			for i := client; i < o.count && ctx.Err() == nil; i += o.clients {
				one(o.first + i)
			}
		})
	}
	work.Wait()
}

// node is a kubelet as far as its certificates are concerned.
type node struct {
	connector *connector
	directory string
	number    int
	// took is how long each of its requests waited for its certificate.
	took []time.Duration
}

func (n *node) name() string { return fmt.Sprintf("load-%d", n.number) }

// address is a loopback address of its own, which its connections come from.
func (n *node) address() net.IP {
	return net.IPv4(127, byte(1+n.number/62500), byte(n.number/250%250), byte(1+n.number%250))
}

func (n *node) session(pair *tls.Certificate, token string) session {
	config := n.connector.config.Clone()
	config.Certificates = nil
	if pair != nil {
		config.Certificates = []tls.Certificate{*pair}
	}
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: n.address()}}
	transport := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true, DialContext: dialer.DialContext}
	return session{connector: n.connector, client: &http.Client{Transport: transport}, token: token}
}

func (n *node) join(ctx context.Context) error {
	bootstrap := n.session(nil, tokenID+"."+tokenSecret)
	client, err := n.certificate(ctx, bootstrap, "kubernetes.io/kube-apiserver-client-kubelet", "client auth", nil)
	bootstrap.client.CloseIdleConnections()
	if err != nil {
		return fmt.Errorf("client certificate: %w", err)
	}
	own := n.session(client, "")
	defer own.client.CloseIdleConnections()
	body := fmt.Sprintf(`{"apiVersion":"v1","kind":"Node","metadata":{"name":%q,"labels":{"kubernetes.io/hostname":%q}},
"status":{"addresses":[{"type":"InternalIP","address":%q},{"type":"Hostname","address":%q}]}}`,
		n.name(), n.name(), n.address(), n.name())
	if _, err := own.do(ctx, http.MethodPost, "/api/v1/nodes", []byte(body)); err != nil {
		return err
	}
	addresses := []net.IP{n.address()}
	if _, err := n.certificate(ctx, own, "kubernetes.io/kubelet-serving", "server auth", addresses); err != nil {
		return fmt.Errorf("serving certificate: %w", err)
	}
	return nil
}

// certificate asks for one, waits for it and stores it with its key.
func (n *node) certificate(ctx context.Context, s session, signer, usage string, addresses []net.IP) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.CertificateRequest{
		Subject:     pkix.Name{Organization: []string{"system:nodes"}, CommonName: "system:node:" + n.name()},
		IPAddresses: addresses,
	}
	if addresses != nil {
		template.DNSNames = []string{n.name()}
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, template, key)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(map[string]any{
		"apiVersion": "certificates.k8s.io/v1",
		"kind":       "CertificateSigningRequest",
		"metadata":   map[string]any{"generateName": "csr-"},
		"spec": map[string]any{
			"request":    pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}),
			"signerName": signer,
			"usages":     []string{"digital signature", usage},
		},
	})
	if err != nil {
		return nil, err
	}
	start := time.Now()
	chain, err := s.request(ctx, body)
	if err != nil {
		return nil, err
	}
	n.took = append(n.took, time.Since(start))
	return n.store(key, chain, usage)
}

// store writes key and chain into one file, as kubelet does, and sees it on the disk.
func (n *node) store(key *ecdsa.PrivateKey, chain []byte, usage string) (*tls.Certificate, error) {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})
	pair, err := tls.X509KeyPair(chain, text)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(n.directory, fmt.Sprintf("%s-%.6s.pem", n.name(), usage))
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	_, written := file.Write(append(chain, text...))
	return &pair, errors.Join(written, file.Sync(), file.Close())
}
