package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"time"
)

// connector makes clients that share nothing but their certificate.
type connector struct {
	server string
	config *tls.Config
}

func newConnector(o options) (*connector, error) {
	pair, err := tls.LoadX509KeyPair(o.cert, o.key)
	if err != nil {
		return nil, err
	}
	pem, err := os.ReadFile(o.ca)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("no certificate in " + o.ca)
	}
	config := &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}, NextProtos: []string{"h2"}}
	return &connector{server: o.server, config: config}, nil
}

// client has one connection of its own: HTTP/2, as client-go has it.
func (c *connector) client() *http.Client {
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig:   c.config.Clone(),
		ForceAttemptHTTP2: true,
	}}
}

// send reads the answer to its end and tells how long that is.
func (c *connector) send(client *http.Client, method, path string, body []byte) (int64, error) {
	request, err := http.NewRequest(method, c.server+path, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Accept", "application/json")
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	answer, err := opened(client.Do(request))
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	return io.Copy(io.Discard, answer.Body)
}

// opened makes an error of an answer that is no success.
func opened(answer *http.Response, err error) (*http.Response, error) {
	if err != nil || answer.StatusCode < 300 {
		return answer, err
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(answer.Body, 1000))
	from := answer.Request
	return nil, fmt.Errorf("%s %s: %s: %s", from.Method, from.URL.Path, answer.Status, text)
}

// call is one request of a run, by its number.
type call func(number int) (method, path string, body []byte)

// repeat sends o.count requests from o.clients clients, each of which waits for its answers. Their
// connections stand before the time begins.
func repeat(o options, each call) (result, error) {
	c, err := newConnector(o)
	if err != nil {
		return result{}, err
	}
	clients := make([]*http.Client, o.clients)
	for i := range clients {
		clients[i] = c.client()
		if _, err := c.send(clients[i], http.MethodGet, "/readyz", nil); err != nil {
			return result{}, err
		}
	}
	took := make([]time.Duration, o.count)
	sizes := make([]int64, o.clients)
	failed := make([]error, o.clients)
	var work sync.WaitGroup
	start := time.Now()
	for i, client := range clients {
		work.Go(func() {
			for number := i; number < o.count && failed[i] == nil; number += o.clients {
				method, path, body := each(number)
				sent := time.Now()
				size, err := c.send(client, method, path, body)
				took[number] = time.Since(sent)
				sizes[i] += size
				failed[i] = err
			}
		})
	}
	work.Wait()
	total := time.Since(start)
	var size int64
	for _, one := range sizes {
		size += one
	}
	return summary(total, took, size), errors.Join(failed...)
}
