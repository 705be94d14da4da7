// library uses an API server through the parts of client-go that programs are made of: discovery, dynamic and
// metadata clients, server-side apply, events, leader election, and last an informer that lives through a
// restart of the server. It prints what it has seen, one JSON object a line, and ends with 1 where something
// was not as client-go expects.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

const namespace = "default"

type user struct {
	client kubernetes.Interface
	config *rest.Config
	// Part of the names of its objects.
	name string
	asks *asks
}

// asks remembers the queries of watches and lists of ConfigMaps.
type asks struct {
	mutex   sync.Mutex
	queries []string
}

func (a *asks) add(request *http.Request) {
	if request.Method == http.MethodGet && strings.HasSuffix(request.URL.Path, "/namespaces/default/configmaps") {
		a.mutex.Lock()
		defer a.mutex.Unlock()
		a.queries = append(a.queries, request.URL.RawQuery)
	}
}

func (a *asks) take() []string {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	taken := a.queries
	a.queries = nil
	return taken
}

type listening struct {
	asks *asks
	next http.RoundTripper
}

func (l listening) RoundTrip(request *http.Request) (*http.Response, error) {
	l.asks.add(request)
	return l.next.RoundTrip(request)
}

// Arguments: a kubeconfig, a content type, a name of its own.
func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	defer cancel()
	if err := run(ctx, os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, kubeconfig, contentType, name string) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	config.ContentType = contentType
	// As components have it: what is not an object may be JSON.
	config.AcceptContentTypes = contentType + ",application/json"
	asked := &asks{}
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return listening{asked, next} })
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	u := &user{client, config, name, asked}
	for _, step := range []struct {
		name string
		do   func(context.Context) (any, error)
	}{
		{"discovery", u.discovery},
		{"dynamic", u.dynamic},
		{"metadata", u.metadata},
		{"apply", u.apply},
		{"events", u.events},
		{"leader", u.leader},
		{"inform", u.inform},
		{"expired", u.expired},
	} {
		seen, err := step.do(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
		say(step.name, seen)
	}
	return nil
}

func say(step string, seen any) {
	line, err := json.Marshal(map[string]any{"step": step, "seen": seen})
	if err != nil {
		panic(err)
	}
	fmt.Println(string(line))
}

// expired watches from a revision that the server has forgotten.
func (u *user) expired(ctx context.Context) (any, error) {
	watcher, err := u.client.CoreV1().ConfigMaps(namespace).Watch(ctx, meta.ListOptions{ResourceVersion: "2"})
	if err == nil {
		defer watcher.Stop()
		event := <-watcher.ResultChan()
		err = apierrors.FromObject(event.Object)
	}
	if !apierrors.IsResourceExpired(err) && !apierrors.IsGone(err) {
		return nil, fmt.Errorf("expected that the revision has expired, got %v", err)
	}
	var status *apierrors.StatusError
	if !errors.As(err, &status) {
		return nil, err
	}
	return []any{status.ErrStatus.Code, status.ErrStatus.Reason}, nil
}
