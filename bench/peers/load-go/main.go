// Command load-go asks an API server for one kind of thing, many times, and tells how long it took: the
// client that kubepki's server and kube-apiserver are measured with.
//
//	load-go -server URL -ca FILE -cert FILE -key FILE [-n N] [-c CLIENTS] get|create-csr|fill|list|watch
//	load-go -server URL -ca FILE -cert FILE -key FILE prepare-join
//	load-go -server URL -ca FILE -cert FILE -key FILE [-n N] [-first N] [-c CLIENTS | -rate N] [-approve-serving] -directory DIR join
//
// It prints one line of JSON. Every answer is read to its end and has to be a success.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"time"
)

// options of all measures.
type options struct {
	server, ca, cert, key string
	count, clients        int
	// Only of join: see there.
	first     int
	rate      float64
	approve   bool
	directory string
}

// result is what a measure prints.
type result struct {
	// Seconds from the first request to the end of the last answer.
	Seconds float64 `json:"seconds"`
	Count   int     `json:"count"`
	// P50 and P99 of the single requests, in milliseconds; of a watch, from the answer of a write to its event;
	// of join, from the create of a request to its certificate.
	P50   float64 `json:"p50"`
	P99   float64 `json:"p99"`
	Bytes int64   `json:"bytes"`
}

var measures = map[string]func(options) (result, error){
	"get":          get,
	"create-csr":   createRequests,
	"fill":         fill,
	"list":         list,
	"watch":        watch,
	"prepare-join": prepareJoin,
	"join":         join,
}

func main() {
	var o options
	flag.StringVar(&o.server, "server", "", "https://host:port")
	flag.StringVar(&o.ca, "ca", "", "PEM of the CA that the server's certificate is of")
	flag.StringVar(&o.cert, "cert", "", "PEM of the client certificate")
	flag.StringVar(&o.key, "key", "", "PEM of its key")
	flag.IntVar(&o.count, "n", 1, "requests; of a watch, events")
	flag.IntVar(&o.clients, "c", 1, "clients at once, each with a connection of its own")
	flag.IntVar(&o.first, "first", 0, "number of the first node")
	flag.Float64Var(&o.rate, "rate", 0, "nodes that start each second; 0: as many at once as -c says")
	flag.BoolVar(&o.approve, "approve-serving", false, "approve the nodes' requests for serving certificates")
	flag.StringVar(&o.directory, "directory", ".", "where the nodes' certificates go")
	flag.Parse()
	if err := run(flag.Arg(0), o); err != nil {
		fmt.Fprintln(os.Stderr, "load-go:", err)
		os.Exit(1)
	}
}

func run(name string, o options) error {
	measure, ok := measures[name]
	if !ok {
		return fmt.Errorf("no measure is called %q", name)
	}
	if o.count < 1 || o.clients < 1 {
		return errors.New("-n and -c have to be 1 or more")
	}
	measured, err := measure(o)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return json.NewEncoder(os.Stdout).Encode(measured)
}

// summary of single durations; sorts them.
func summary(took time.Duration, each []time.Duration, bytes int64) result {
	slices.Sort(each)
	at := func(share float64) float64 {
		return each[int(share*float64(len(each)-1))].Seconds() * 1000
	}
	return result{Seconds: took.Seconds(), Count: len(each), P50: at(0.5), P99: at(0.99), Bytes: bytes}
}
