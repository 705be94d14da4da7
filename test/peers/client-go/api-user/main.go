// api-user uses an API server as controllers do: typed client-go with one content type, list, watch, inform,
// create, update, patch and delete of ConfigMaps and CSRs. It prints what it has done, a line each, and ends
// with 1 where something was not as client-go expects.
package main

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"time"

	certificates "k8s.io/api/certificates/v1"
	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

const namespace = "default"

type user struct {
	client kubernetes.Interface
	config *rest.Config
	// What its objects are called.
	name string
	// PEM of a certificate request.
	request []byte
}

// Arguments: a kubeconfig, a content type, a file with a certificate request.
func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := run(ctx, os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, kubeconfig, contentType, request string) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	config.ContentType = contentType
	config.AcceptContentTypes = contentType
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	pemText, err := os.ReadFile(request)
	if err != nil {
		return err
	}
	if block, _ := pem.Decode(pemText); block == nil {
		return errors.New("no certificate request")
	}
	u := &user{client, config, "api-user", pemText}
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"inform", u.inform},
		{"config maps", u.configMaps},
		{"watch", u.watch},
		{"requests", u.requests},
		{"metadata", u.metadata},
		{"refusals", u.refusals},
	} {
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
		fmt.Println(step.name)
	}
	return nil
}

// inform sees an object come, change and go.
func (u *user) inform(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	factory := informers.NewSharedInformerFactory(u.client, 0)
	informer := factory.Core().V1().ConfigMaps().Informer()
	seen := make(chan string, 100)
	note := func(what string) func(any) {
		return func(object any) {
			if m, ok := object.(*core.ConfigMap); ok && m.Name == "informed" {
				seen <- what + m.Data["k"]
			}
		}
	}
	if _, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    note("added "),
		UpdateFunc: func(_, object any) { note("updated ")(object) },
		DeleteFunc: note("deleted "),
	}); err != nil {
		return err
	}
	factory.Start(ctx.Done())
	if !cache.WaitForCacheSync(ctx.Done(), informer.HasSynced) {
		return errors.New("not synced")
	}
	maps := u.client.CoreV1().ConfigMaps(namespace)
	object := &core.ConfigMap{ObjectMeta: meta.ObjectMeta{Name: "informed"}, Data: map[string]string{"k": "1"}}
	made, err := maps.Create(ctx, object, meta.CreateOptions{})
	if err != nil {
		return err
	}
	made.Data["k"] = "2"
	if _, err := maps.Update(ctx, made, meta.UpdateOptions{}); err != nil {
		return err
	}
	if err := maps.Delete(ctx, "informed", meta.DeleteOptions{}); err != nil {
		return err
	}
	for _, expected := range []string{"added 1", "updated 2", "deleted 2"} {
		select {
		case got := <-seen:
			if got != expected {
				return fmt.Errorf("expected %q, got %q", expected, got)
			}
		case <-ctx.Done():
			return fmt.Errorf("expected %q, got nothing", expected)
		}
	}
	return nil
}

func (u *user) configMaps(ctx context.Context) error {
	maps := u.client.CoreV1().ConfigMaps(namespace)
	immutable := false
	object := &core.ConfigMap{
		ObjectMeta: meta.ObjectMeta{Name: u.name, Labels: map[string]string{"user": "go"}},
		Data:       map[string]string{"z": "é", "a": ""},
		BinaryData: map[string][]byte{"b": {0, 255}},
		Immutable:  &immutable,
	}
	if _, err := maps.Create(ctx, object, meta.CreateOptions{}); err != nil {
		return err
	}
	got, err := maps.Get(ctx, u.name, meta.GetOptions{})
	if err != nil {
		return err
	}
	if got.Data["z"] != "é" || len(got.BinaryData["b"]) != 2 || got.Immutable == nil || got.UID == "" || got.CreationTimestamp.IsZero() {
		return fmt.Errorf("not what was written: %v", got)
	}
	patch := []byte(`{"data":{"p":"q"},"metadata":{"labels":{"user":null}}}`)
	patched, err := maps.Patch(ctx, u.name, types.StrategicMergePatchType, patch, meta.PatchOptions{})
	if err != nil {
		return err
	}
	if patched.Data["p"] != "q" || len(patched.Labels) != 0 {
		return fmt.Errorf("not patched: %v", patched)
	}
	for i := range 25 {
		object := &core.ConfigMap{ObjectMeta: meta.ObjectMeta{Name: fmt.Sprintf("page-%d", i), Labels: map[string]string{"page": "yes"}}}
		if _, err := maps.Create(ctx, object, meta.CreateOptions{}); err != nil {
			return err
		}
	}
	options, count := meta.ListOptions{LabelSelector: "page=yes", Limit: 10}, 0
	for {
		list, err := maps.List(ctx, options)
		if err != nil {
			return err
		}
		count += len(list.Items)
		if options.Continue = list.Continue; options.Continue == "" {
			break
		}
	}
	if count != 25 {
		return fmt.Errorf("expected 25 items, got %d", count)
	}
	return maps.DeleteCollection(ctx, meta.DeleteOptions{}, meta.ListOptions{LabelSelector: "page=yes"})
}

// watch gets initial events, a bookmark and a change.
func (u *user) watch(ctx context.Context) error {
	maps := u.client.CoreV1().ConfigMaps(namespace)
	initial := true
	watcher, err := maps.Watch(ctx, meta.ListOptions{
		FieldSelector:        "metadata.name=" + u.name,
		SendInitialEvents:    &initial,
		AllowWatchBookmarks:  true,
		ResourceVersionMatch: meta.ResourceVersionMatchNotOlderThan,
	})
	if err != nil {
		return err
	}
	defer watcher.Stop()
	expect := func(expected watch.EventType) (*core.ConfigMap, error) {
		event, ok := <-watcher.ResultChan()
		object, isMap := event.Object.(*core.ConfigMap)
		if !ok || event.Type != expected || !isMap {
			return nil, fmt.Errorf("expected %s, got %s %v", expected, event.Type, event.Object)
		}
		return object, nil
	}
	if _, err := expect(watch.Added); err != nil {
		return err
	}
	bookmark, err := expect(watch.Bookmark)
	if err != nil {
		return err
	}
	if bookmark.Annotations[meta.InitialEventsAnnotationKey] != "true" {
		return fmt.Errorf("not the end of the initial events: %v", bookmark)
	}
	if err := maps.Delete(ctx, u.name, *meta.NewDeleteOptions(0)); err != nil {
		return err
	}
	_, err = expect(watch.Deleted)
	return err
}

// requests goes the way of a kubelet's request: created, approved by somebody, read.
func (u *user) requests(ctx context.Context) error {
	requests := u.client.CertificatesV1().CertificateSigningRequests()
	seconds := int32(3600)
	csr, err := requests.Create(ctx, &certificates.CertificateSigningRequest{
		ObjectMeta: meta.ObjectMeta{GenerateName: u.name + "-"},
		Spec: certificates.CertificateSigningRequestSpec{
			Request:           u.request,
			SignerName:        "example.com/none",
			ExpirationSeconds: &seconds,
			Usages:            []certificates.KeyUsage{certificates.UsageClientAuth},
		},
	}, meta.CreateOptions{})
	if err != nil {
		return err
	}
	if csr.Spec.Username == "" || len(csr.Spec.Groups) == 0 {
		return fmt.Errorf("nobody asks: %v", csr.Spec)
	}
	csr.Status.Conditions = append(csr.Status.Conditions, certificates.CertificateSigningRequestCondition{
		Type: certificates.CertificateApproved, Status: core.ConditionTrue, Reason: "Test", Message: "ok",
	})
	approved, err := requests.UpdateApproval(ctx, csr.Name, csr, meta.UpdateOptions{})
	if err != nil {
		return err
	}
	if len(approved.Status.Conditions) != 1 || approved.Status.Conditions[0].LastUpdateTime.IsZero() {
		return fmt.Errorf("not approved: %v", approved.Status)
	}
	return requests.Delete(ctx, csr.Name, meta.DeleteOptions{Preconditions: meta.NewUIDPreconditions(string(csr.UID))})
}

// metadata lists objects as nothing but their metadata, as the garbage collector does.
func (u *user) metadata(ctx context.Context) error {
	client, err := metadata.NewForConfig(metadata.ConfigFor(u.config))
	if err != nil {
		return err
	}
	list, err := client.Resource(core.SchemeGroupVersion.WithResource("namespaces")).List(ctx, meta.ListOptions{})
	if err != nil {
		return err
	}
	if len(list.Items) < 4 || list.Items[0].Name == "" {
		return fmt.Errorf("expected the namespaces of a cluster, got %v", list)
	}
	return nil
}

func (u *user) refusals(ctx context.Context) error {
	maps := u.client.CoreV1().ConfigMaps(namespace)
	if _, err := maps.Get(ctx, "nobody", meta.GetOptions{}); !apierrors.IsNotFound(err) {
		return fmt.Errorf("expected not found, got %v", err)
	}
	object := &core.ConfigMap{ObjectMeta: meta.ObjectMeta{Name: "No Name"}}
	_, err := maps.Create(ctx, object, meta.CreateOptions{})
	var status *apierrors.StatusError
	if !apierrors.IsInvalid(err) || !errors.As(err, &status) || len(status.ErrStatus.Details.Causes) == 0 {
		return fmt.Errorf("expected invalid, got %v", err)
	}
	return nil
}
