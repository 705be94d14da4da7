// Command oracle answers how Go's own crypto/x509 reads, verifies and makes what kubepki reads,
// verifies and makes. Every Kubernetes component and etcd read certificates with this package, so
// where it and kubepki differ, one of them is surprising a user.
//
// It reads one JSON request a line on standard input and writes one JSON answer a line, in order,
// until the input ends. An answer with the field "error" is a refusal; everything else is what Go
// saw. Standard library only. The requests are described beside the functions that answer them,
// and as TypeScript types in ../oracle.ts.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// request holds the fields of every operation; each uses its own few.
type request struct {
	Op            string        `json:"op"`
	DER           []byte        `json:"der"`
	PEM           string        `json:"pem"`
	Certificate   string        `json:"certificate"`
	Key           string        `json:"key"`
	Leaf          string        `json:"leaf"`
	Intermediates string        `json:"intermediates"`
	Roots         string        `json:"roots"`
	Time          string        `json:"time"`
	Usages        []string      `json:"usages"`
	DNSName       string        `json:"dnsName"`
	Seed          uint64        `json:"seed"`
	Count         int           `json:"count"`
	Exotic        bool          `json:"exotic"`
	Issue         *issueRequest `json:"issue"`
}

type refusal struct {
	Error string `json:"error"`
}

func main() {
	in := bufio.NewReaderSize(os.Stdin, 1<<16)
	out := bufio.NewWriter(os.Stdout)
	for {
		line, err := in.ReadBytes('\n')
		if len(line) > 0 {
			write(out, answer(line))
		}
		if err == io.EOF {
			return
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "oracle: cannot read requests:", err)
			os.Exit(1)
		}
	}
}

func write(out *bufio.Writer, value any) {
	text, err := json.Marshal(value)
	if err == nil {
		_, err = out.Write(append(text, '\n'))
	}
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "oracle: cannot write an answer:", err)
		os.Exit(1)
	}
}

// answer turns a panic inside crypto/x509 into an answer of its own: it is a finding, not our end.
func answer(line []byte) (result any) {
	defer func() {
		if p := recover(); p != nil {
			result = refusal{fmt.Sprint("panic: ", p)}
		}
	}()
	var r request
	if err := json.Unmarshal(line, &r); err != nil {
		return refusal{"bad request: " + err.Error()}
	}
	value, err := dispatch(r)
	if err != nil {
		return refusal{err.Error()}
	}
	return value
}

func dispatch(r request) (any, error) {
	switch r.Op {
	case "certificate":
		return readCertificate(r.DER)
	case "csr":
		return readRequest(r.DER)
	case "key":
		return readKey(r.PEM)
	case "pair":
		return readPair(r.Certificate, r.Key)
	case "pem":
		return readBlocks(r.PEM), nil
	case "verify":
		return verify(r)
	case "issue":
		return issue(r.Issue)
	case "issue-samples":
		return issueSamples(r.Seed, r.Count, r.Exotic)
	case "version":
		return goVersion(), nil
	default:
		return nil, fmt.Errorf("bad request: unknown op %q", r.Op)
	}
}
