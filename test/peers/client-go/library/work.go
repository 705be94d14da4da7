package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	coreapi "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/scheme"
	typed "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/client-go/tools/record"
)

// events records the same thing three times, in both kinds of events.
func (u *user) events(ctx context.Context) (any, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	about := &coreapi.ConfigMap{ObjectMeta: meta.ObjectMeta{Name: u.name + "-events", Namespace: namespace, UID: "1"}}
	old := record.NewBroadcaster(record.WithContext(ctx))
	defer old.Shutdown()
	old.StartRecordingToSink(&typed.EventSinkImpl{Interface: u.client.CoreV1().Events("")})
	recorder := old.NewRecorder(scheme.Scheme, coreapi.EventSource{Component: "library"})
	sink := &events.EventSinkImpl{Interface: u.client.EventsV1()}
	fresh := events.NewBroadcaster(sink)
	defer fresh.Shutdown()
	if err := fresh.StartRecordingToSinkWithContext(ctx); err != nil {
		return nil, err
	}
	newer := fresh.NewRecorder(scheme.Scheme, "example.com/library")
	for range 3 {
		recorder.Event(about, coreapi.EventTypeNormal, "Old", "an old event")
		newer.Eventf(about, nil, coreapi.EventTypeNormal, "New", "Testing", "a new event")
	}
	for {
		list, err := u.client.CoreV1().Events(namespace).List(ctx, meta.ListOptions{
			FieldSelector: "involvedObject.name=" + about.Name,
		})
		if err != nil {
			return nil, err
		}
		seen := map[string]any{}
		for _, event := range list.Items {
			// A series is told at its second event, and the newer recorder counts on from there.
			if count := event.Count; event.Reason == "Old" && count == 3 {
				seen["old"] = count
			} else if event.Reason == "New" && event.Series != nil {
				seen["new"] = event.ReportingController
			}
		}
		if len(seen) == 2 && len(list.Items) == 2 {
			return seen, nil
		}
		if err := pause(ctx); err != nil {
			return nil, fmt.Errorf("%w: %v", err, list.Items)
		}
	}
}

func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(50 * time.Millisecond):
		return nil
	}
}

// leader leads, gives the lease back, and lets another lead.
func (u *user) leader(ctx context.Context) (any, error) {
	led := []string{}
	for _, identity := range []string{"first", "second"} {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		leaderelection.RunOrDie(ctx, leaderelection.LeaderElectionConfig{
			Lock: &resourcelock.LeaseLock{
				LeaseMeta:  meta.ObjectMeta{Name: u.name, Namespace: namespace},
				Client:     u.client.CoordinationV1(),
				LockConfig: resourcelock.ResourceLockConfig{Identity: identity},
			},
			ReleaseOnCancel: true,
			LeaseDuration:   15 * time.Second,
			RenewDeadline:   10 * time.Second,
			RetryPeriod:     time.Second,
			Callbacks: leaderelection.LeaderCallbacks{
				OnStartedLeading: func(ctx context.Context) {
					led = append(led, identity)
					// The first renewal comes at once, and what it writes must not cross the release.
					time.Sleep(300 * time.Millisecond)
					cancel()
				},
				OnStoppedLeading: func() {},
			},
		})
	}
	lease, err := u.client.CoordinationV1().Leases(namespace).Get(ctx, u.name, meta.GetOptions{})
	if err != nil {
		return nil, err
	}
	return map[string]any{"led": led, "transitions": lease.Spec.LeaseTransitions}, nil
}

// inform sees what is there before and after the server has been away. While it was, "gone" was deleted and
// "after" was made, and the history of it is forgotten.
func (u *user) inform(ctx context.Context) (any, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	u.asks.take()
	factory := informers.NewSharedInformerFactoryWithOptions(u.client, 0, informers.WithNamespace(namespace))
	informer := factory.Core().V1().ConfigMaps().Informer()
	seen := make(chan string, 100)
	note := func(what string) func(any) {
		return func(object any) {
			if unknown, ok := object.(cache.DeletedFinalStateUnknown); ok {
				object = unknown.Obj
			}
			if named, ok := object.(meta.Object); ok && slices.Contains([]string{"stays", "gone", "after"}, named.GetName()) {
				seen <- what + " " + named.GetName()
			}
		}
	}
	if _, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{AddFunc: note("added"), DeleteFunc: note("deleted")}); err != nil {
		return nil, err
	}
	factory.Start(ctx.Done())
	if !cache.WaitForCacheSync(ctx.Done(), informer.HasSynced) {
		return nil, errors.New("not synced")
	}
	before, err := takeAll(ctx, seen, "added stays", "added gone")
	if err != nil {
		return nil, err
	}
	first := shown(u.asks.take())
	say("informing", map[string]any{"events": before, "asked": first})
	after, err := takeAll(ctx, seen, "added after", "deleted gone")
	if err != nil {
		return nil, err
	}
	var kinds []runtime.Object
	for _, object := range informer.GetStore().List() {
		kinds = append(kinds, object.(runtime.Object))
	}
	return map[string]any{"events": after, "asked": shown(u.asks.take()), "cached": len(kinds) > 1}, nil
}

// takeAll takes as many events as are expected, in whatever order.
func takeAll(ctx context.Context, seen <-chan string, expected ...string) ([]string, error) {
	taken := []string{}
	for range expected {
		select {
		case one := <-seen:
			taken = append(taken, one)
		case <-ctx.Done():
			return nil, fmt.Errorf("expected %v, got %v", expected, taken)
		}
	}
	slices.Sort(taken)
	return taken, nil
}

// shown tells queries by what they are: a list, a watch with all that is there first, a watch that goes on.
func shown(queries []string) []string {
	kinds := []string{}
	for _, query := range queries {
		kind := "list"
		if strings.Contains(query, "sendInitialEvents=true") {
			kind = "watch list"
		} else if strings.Contains(query, "watch=true") {
			kind = "watch"
		}
		kinds = append(kinds, kind)
	}
	return slices.Compact(kinds)
}
