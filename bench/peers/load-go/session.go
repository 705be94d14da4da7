package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

const requests = "/apis/certificates.k8s.io/v1/certificatesigningrequests"

// session speaks with one credential over a connection of its own.
type session struct {
	connector *connector
	client    *http.Client
	token     string
}

// signingRequest is what is read of one.
type signingRequest struct {
	Metadata struct{ Name, ResourceVersion string }
	Spec     struct{ SignerName string }
	Status   struct {
		Certificate []byte
		Conditions  []struct{ Type, Reason, Message string }
	}
}

// request creates one and waits for its certificate, on a watch of this one only, as kubelet does.
func (s session) request(ctx context.Context, body []byte) ([]byte, error) {
	text, err := s.do(ctx, http.MethodPost, requests, body)
	if err != nil {
		return nil, err
	}
	var made signingRequest
	if err := json.Unmarshal(text, &made); err != nil {
		return nil, err
	}
	path := fmt.Sprintf("%s?watch=true&fieldSelector=metadata.name%%3D%s&resourceVersion=%s",
		requests, made.Metadata.Name, made.Metadata.ResourceVersion)
	var chain []byte
	err = s.watch(ctx, path, func(kind string, seen signingRequest) (bool, error) {
		for _, condition := range seen.Status.Conditions {
			if condition.Type != "Approved" {
				return false, fmt.Errorf("%s: %s: %s", condition.Type, condition.Reason, condition.Message)
			}
		}
		if kind != "ADDED" && kind != "MODIFIED" {
			return false, fmt.Errorf("unexpected event %s", kind)
		}
		chain = seen.Status.Certificate
		return len(chain) > 0, nil
	})
	return chain, err
}

// watch reads events until one is the last.
func (s session) watch(ctx context.Context, path string, each func(string, signingRequest) (bool, error)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	answer, err := s.open(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	lines := bufio.NewReader(answer.Body)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return err
		}
		var event struct {
			Type   string
			Object signingRequest
		}
		if err := json.Unmarshal(line, &event); err != nil {
			return err
		}
		if done, err := each(event.Type, event.Object); done || err != nil {
			return err
		}
	}
}

// do reads the answer whole.
func (s session) do(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	answer, err := s.open(ctx, method, path, body)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	return io.ReadAll(answer.Body)
}

func (s session) open(ctx context.Context, method, path string, body []byte) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, s.connector.server+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if s.token != "" {
		request.Header.Set("Authorization", "Bearer "+s.token)
	}
	return opened(s.client.Do(request))
}

// approveServing approves requests for serving certificates as they come, which nothing of Kubernetes itself
// does: an administrator who looks at nothing, or a controller of somebody else.
func approveServing(ctx context.Context, c *connector) error {
	s := session{connector: c, client: c.client()}
	text, err := s.do(ctx, http.MethodGet, requests+"?limit=1", nil)
	if err != nil {
		return err
	}
	var list signingRequest
	if err := json.Unmarshal(text, &list); err != nil {
		return err
	}
	path := requests + "?watch=true&fieldSelector=spec.signerName%3Dkubernetes.io%2Fkubelet-serving&resourceVersion=" +
		list.Metadata.ResourceVersion
	go func() {
		_ = s.watch(ctx, path, func(kind string, seen signingRequest) (bool, error) {
			if kind != "ADDED" || len(seen.Status.Conditions) > 0 {
				return false, nil
			}
			go func() { _ = s.approve(ctx, seen.Metadata.Name) }()
			return false, nil
		})
	}()
	return nil
}

// approve patches: it need not know what else is in the request.
func (s session) approve(ctx context.Context, name string) error {
	path := s.connector.server + requests + "/" + name + "/approval"
	body := `{"status":{"conditions":[{"type":"Approved","status":"True","reason":"Load"}]}}`
	request, err := http.NewRequestWithContext(ctx, http.MethodPatch, path, bytes.NewReader([]byte(body)))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/merge-patch+json")
	answer, err := opened(s.client.Do(request))
	if err != nil {
		return err
	}
	return answer.Body.Close()
}
