package main

import (
	"context"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	core "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/restmapper"
)

var configMaps = schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}

// discovery finds out what there is, all at once and kind by kind.
func (u *user) discovery(context.Context) (any, error) {
	client := u.client.Discovery()
	groups, lists, err := client.ServerGroupsAndResources()
	if err != nil {
		return nil, err
	}
	preferred, err := discovery.ServerPreferredNamespacedResources(client)
	if err != nil {
		return nil, err
	}
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(client))
	kind := schema.GroupKind{Group: "rbac.authorization.k8s.io", Kind: "RoleBinding"}
	mapping, err := mapper.RESTMapping(kind)
	if err != nil {
		return nil, err
	}
	paths, err := client.OpenAPIV3().Paths()
	if err != nil {
		return nil, err
	}
	version, err := client.ServerVersion()
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"groups":    len(groups) > 10 && len(groups) <= len(lists),
		"preferred": len(preferred) > 5,
		"mapping":   mapping.Resource.Resource + " " + string(mapping.Scope.Name()),
		"openapi":   paths["api/v1"] != nil,
		"version":   version.Major,
	}, nil
}

// dynamic writes and reads an object of a kind that it does not know.
func (u *user) dynamic(ctx context.Context) (any, error) {
	client, err := dynamic.NewForConfig(u.config)
	if err != nil {
		return nil, err
	}
	maps := client.Resource(configMaps).Namespace(namespace)
	name := u.name + "-dynamic"
	object := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1",
		"kind":       "ConfigMap",
		"metadata":   map[string]any{"name": name, "labels": map[string]any{"of": u.name}},
		"data":       map[string]any{"a": "1"},
	}}
	if _, err := maps.Create(ctx, object, meta.CreateOptions{FieldValidation: "Strict"}); err != nil {
		return nil, err
	}
	patch := []byte(`[{"op":"add","path":"/data/b","value":"2"}]`)
	if _, err := maps.Patch(ctx, name, types.JSONPatchType, patch, meta.PatchOptions{}); err != nil {
		return nil, err
	}
	list, err := maps.List(ctx, meta.ListOptions{LabelSelector: "of=" + u.name})
	if err != nil {
		return nil, err
	}
	data, _, err := unstructured.NestedStringMap(list.Items[0].Object, "data")
	if err != nil {
		return nil, err
	}
	return map[string]any{"items": len(list.Items), "data": data}, maps.Delete(ctx, name, meta.DeleteOptions{})
}

// metadata changes an annotation of an object that it knows nothing else of.
func (u *user) metadata(ctx context.Context) (any, error) {
	client, err := metadata.NewForConfig(metadata.ConfigFor(u.config))
	if err != nil {
		return nil, err
	}
	name := u.name + "-metadata"
	apply := core.ConfigMap(name, namespace).WithData(map[string]string{"a": "1"})
	if _, err := u.client.CoreV1().ConfigMaps(namespace).Apply(ctx, apply, meta.ApplyOptions{FieldManager: "test"}); err != nil {
		return nil, err
	}
	maps := client.Resource(configMaps).Namespace(namespace)
	patch := []byte(`{"metadata":{"annotations":{"example.com/seen":"yes"}}}`)
	patched, err := maps.Patch(ctx, name, types.MergePatchType, patch, meta.PatchOptions{})
	if err != nil {
		return nil, err
	}
	return patched.Annotations, maps.Delete(ctx, name, meta.DeleteOptions{})
}

// apply shares an object with another manager: each its own fields, and a quarrel about one.
func (u *user) apply(ctx context.Context) (any, error) {
	maps := u.client.CoreV1().ConfigMaps(namespace)
	name := u.name + "-applied"
	one := core.ConfigMap(name, namespace).WithLabels(map[string]string{"of": "one"}).WithData(map[string]string{"a": "1", "b": "1"})
	if _, err := maps.Apply(ctx, one, meta.ApplyOptions{FieldManager: "one"}); err != nil {
		return nil, err
	}
	two := core.ConfigMap(name, namespace).WithData(map[string]string{"b": "2", "c": "2"})
	_, err := maps.Apply(ctx, two, meta.ApplyOptions{FieldManager: "two"})
	if !apierrors.IsConflict(err) {
		return nil, fmt.Errorf("expected a conflict, got %v", err)
	}
	if _, err := maps.Apply(ctx, two, meta.ApplyOptions{FieldManager: "two", Force: true}); err != nil {
		return nil, err
	}
	// What one applies no longer goes, unless another has it.
	less := core.ConfigMap(name, namespace).WithLabels(map[string]string{"of": "one"})
	applied, err := maps.Apply(ctx, less, meta.ApplyOptions{FieldManager: "one"})
	if err != nil {
		return nil, err
	}
	own, err := core.ExtractConfigMap(applied, "two")
	if err != nil {
		return nil, err
	}
	managers := []string{}
	for _, entry := range applied.ManagedFields {
		managers = append(managers, entry.Manager+" "+string(entry.Operation))
	}
	slices.Sort(managers)
	seen := map[string]any{"data": applied.Data, "extracted": own.Data, "managers": managers}
	return seen, maps.Delete(ctx, name, meta.DeleteOptions{})
}
