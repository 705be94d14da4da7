// objects encodes and decodes API objects as kube-apiserver does, and makes random ones. It reads one JSON
// request a line and answers each with one line; the types are in ../../objects.ts.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"

	"k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1beta1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	serializerjson "k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"

	discovery "k8s.io/api/apidiscovery/v2"
	"k8s.io/client-go/kubernetes/scheme"
	registration "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
)

type request struct {
	Op         string `json:"op"`
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Seed       int64  `json:"seed"`
	Count      int    `json:"count"`
	// The type of a watch event.
	Type     string `json:"type"`
	JSON     string `json:"json"`
	Protobuf []byte `json:"protobuf"`
}

// forms are one object in both, and in JSON again after it has been in protobuf: that does not tell what is
// empty from what is not there.
type forms struct {
	JSON     string `json:"json"`
	Protobuf []byte `json:"protobuf"`
	Stored   string `json:"stored"`
}

var (
	asJSON     = serializerjson.NewSerializerWithOptions(serializerjson.DefaultMetaFactory, scheme.Scheme, scheme.Scheme, serializerjson.SerializerOptions{})
	asProtobuf = protobuf.NewSerializer(scheme.Scheme, scheme.Scheme)
)

func main() {
	for _, add := range []func(*runtime.Scheme) error{registration.AddToScheme, discovery.AddToScheme, v1.AddMetaToScheme, v1beta1.AddMetaToScheme} {
		if err := add(scheme.Scheme); err != nil {
			panic(err)
		}
	}
	lines := bufio.NewReaderSize(os.Stdin, 1<<20)
	answers := json.NewEncoder(os.Stdout)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var r request
		if err := json.Unmarshal(line, &r); err != nil {
			panic(err)
		}
		answer, err := answer(&r)
		if err != nil {
			answer = map[string]string{"error": err.Error()}
		}
		if err := answers.Encode(answer); err != nil {
			panic(err)
		}
	}
}

func answer(r *request) (any, error) {
	switch r.Op {
	case "samples":
		return samples(r)
	case "encode":
		object, _, err := asJSON.Decode([]byte(r.JSON), nil, nil)
		if err != nil {
			return nil, err
		}
		return both(object)
	case "decode":
		object, _, err := asProtobuf.Decode(r.Protobuf, nil, nil)
		if err != nil {
			return nil, err
		}
		return both(object)
	case "watch":
		return frame(r)
	}
	return nil, fmt.Errorf("unknown op %q", r.Op)
}

func both(object runtime.Object) (*forms, error) {
	var text, encoded, again bytes.Buffer
	if err := asJSON.Encode(object, &text); err != nil {
		return nil, err
	}
	if err := asProtobuf.Encode(object, &encoded); err != nil {
		return nil, err
	}
	stored, _, err := asProtobuf.Decode(encoded.Bytes(), nil, nil)
	if err != nil {
		return nil, err
	}
	if err := asJSON.Encode(stored, &again); err != nil {
		return nil, err
	}
	return &forms{text.String(), encoded.Bytes(), again.String()}, nil
}

// samples answers random objects of a kind. Each goes through JSON once: so it is what a client has sent.
func samples(r *request) (any, error) {
	filler := newFiller(r.Seed)
	kind := schema.FromAPIVersionAndKind(r.APIVersion, r.Kind)
	found := []*forms{}
	for range r.Count {
		object, err := scheme.Scheme.New(kind)
		if err != nil {
			return nil, err
		}
		filler.Fill(object)
		object.GetObjectKind().SetGroupVersionKind(kind)
		var text bytes.Buffer
		if err := asJSON.Encode(object, &text); err != nil {
			return nil, err
		}
		again, _, err := asJSON.Decode(text.Bytes(), nil, nil)
		if err != nil {
			return nil, fmt.Errorf("%w: %s", err, text.String())
		}
		forms, err := both(again)
		if err != nil {
			return nil, err
		}
		found = append(found, forms)
	}
	return map[string]any{"samples": found}, nil
}

// frame answers a watch event as it goes over the wire.
func frame(r *request) (any, error) {
	object, _, err := asJSON.Decode([]byte(r.JSON), nil, nil)
	if err != nil {
		return nil, err
	}
	var inner, event, framed bytes.Buffer
	if err := asProtobuf.Encode(object, &inner); err != nil {
		return nil, err
	}
	raw := protobuf.NewRawSerializer(scheme.Scheme, scheme.Scheme)
	if err := raw.Encode(&v1.WatchEvent{Type: r.Type, Object: runtime.RawExtension{Raw: inner.Bytes()}}, &event); err != nil {
		return nil, err
	}
	if _, err := protobuf.LengthDelimitedFramer.NewFrameWriter(&framed).Write(event.Bytes()); err != nil {
		return nil, err
	}
	return map[string][]byte{"protobuf": framed.Bytes()}, nil
}
