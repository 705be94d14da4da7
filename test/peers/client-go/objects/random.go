package main

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/randfill"
)

// newFiller fills objects with values that JSON and JavaScript can hold, and often with none at all.
func newFiller(seed int64) *randfill.Filler {
	return randfill.NewWithSeed(seed).NilChance(.3).NumElements(0, 4).Funcs(
		func(*v1.TypeMeta, randfill.Continue) {},
		func(s *string, c randfill.Continue) { *s = text(c.Rand) },
		func(n *int64, c randfill.Continue) {
			*n = c.Rand.Int63() >> (10 + c.Rand.Intn(54))
			if c.Rand.Intn(4) == 0 {
				*n = -*n
			}
		},
		func(b *[]byte, c randfill.Continue) {
			*b = nil
			if c.Rand.Intn(3) > 0 {
				*b = make([]byte, 1+c.Rand.Intn(300))
				c.Rand.Read(*b)
			}
		},
		func(t *v1.Time, c randfill.Continue) { *t = v1.Time{Time: moment(c.Rand)} },
		func(t *v1.MicroTime, c randfill.Continue) { *t = v1.MicroTime{Time: moment(c.Rand)} },
		func(q *resource.Quantity, c randfill.Continue) { *q = quantity(c.Rand) },
		func(e *runtime.RawExtension, c randfill.Continue) { e.Raw = document(c.Rand) },
		func(f *v1.FieldsV1, c randfill.Continue) { *f = *v1.NewFieldsV1(string(document(c.Rand))) },
	)
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_/: "

// text is mostly short, sometimes empty, long, a number or beyond ASCII.
func text(r *rand.Rand) string {
	switch r.Intn(8) {
	case 0:
		return ""
	case 1:
		return fmt.Sprint(r.Intn(200))
	case 2:
		return strings.Repeat("x", r.Intn(500)) + "é€😀\uffff\"\\\n"[:r.Intn(3)*2]
	case 3:
		return []string{"é", "€uro", "😀", "\uffffz", "a\u0000b", "<&>", "__proto__"}[r.Intn(7)]
	}
	b := make([]byte, 1+r.Intn(60))
	for i := range b {
		b[i] = letters[r.Intn(len(letters))]
	}
	return string(b)
}

// moment is in the years 1 to 9999, sometimes the one that stands for none.
func moment(r *rand.Rand) time.Time {
	if r.Intn(5) == 0 {
		return time.Time{}
	}
	if r.Intn(5) == 0 {
		return time.Unix(r.Int63n(253402300799+62135596800)-62135596800, r.Int63n(1e9))
	}
	return time.Unix(r.Int63n(1<<31), r.Int63n(1e9))
}

func quantity(r *rand.Rand) resource.Quantity {
	suffixes := []string{"", "m", "k", "M", "G", "Ki", "Mi", "Gi", "e3", "n", "u"}
	q, err := resource.ParseQuantity(fmt.Sprint(r.Intn(1<<r.Intn(20))) + suffixes[r.Intn(len(suffixes))])
	if err != nil {
		panic(err)
	}
	return q
}

// document is JSON whose keys stand in the order of JavaScript: none is a number.
func document(r *rand.Rand) []byte {
	if r.Intn(4) == 0 {
		return nil
	}
	value := map[string]any{"f:metadata": map[string]any{"f:name": map[string]any{}}, "n": r.Intn(1000)}
	if r.Intn(2) == 0 {
		value["k:{\"type\":\"Ready\"}"] = []any{true, nil, "x"}
	}
	raw, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return raw
}
