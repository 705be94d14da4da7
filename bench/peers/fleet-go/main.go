// Command fleet-go makes the certificates, keys and kubeconfigs of a cluster with crypto/x509 and
// writes them to disk: the peer that `kubepki apply` is measured against.
//
// It is one process that uses every core. Each place (a host, the administrator) is one unit of
// work; many are under way at once, so that the file system commits what they sync together. It
// writes the same files with the same contents as kubepki, keys before certificates.
//
//	fleet-go -hosts hosts.json -dir DIR [-variant durable|plain] [-parallel N]
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// host is one machine of the cluster, as the benchmark describes it.
type host struct {
	Name         string   `json:"name"`
	Addresses    []string `json:"addresses"`
	ControlPlane bool     `json:"controlPlane"`
}

type fleet struct {
	Cluster  string   `json:"cluster"`
	Endpoint string   `json:"endpoint"`
	Names    []string `json:"apiServerNames"`
	IPs      []string `json:"apiServerAddresses"`
	Hosts    []host   `json:"hosts"`
}

func main() {
	hosts := flag.String("hosts", "", "the cluster's hosts, JSON")
	dir := flag.String("dir", "", "where the PKI is written; must not exist")
	variant := flag.String("variant", "durable", "durable: all on disk on return; plain: os.WriteFile")
	parallel := flag.Int("parallel", 32, "places under way at once")
	flag.Parse()
	if err := run(*hosts, *dir, *variant, *parallel); err != nil {
		fmt.Fprintln(os.Stderr, "fleet-go:", err)
		os.Exit(1)
	}
}

func run(hostsPath, dir, variant string, parallel int) error {
	text, err := os.ReadFile(hostsPath)
	if err != nil {
		return err
	}
	var cluster fleet
	if err := json.Unmarshal(text, &cluster); err != nil {
		return err
	}
	var write writer
	switch variant {
	case "durable":
		write = writeDurable
	case "plain":
		write = writePlain
	default:
		return fmt.Errorf("no variant %q", variant)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	written, err := makeFleet(&cluster, dir, write, parallel, time.Now())
	if err != nil {
		return err
	}
	if variant == "durable" {
		for _, path := range []string{filepath.Join(dir, "hosts"), dir, filepath.Dir(dir)} {
			if err := syncPath(path); err != nil {
				return err
			}
		}
	}
	fmt.Printf("%d files\n", written)
	return nil
}

// makeFleet makes the authorities, then everything that they sign.
func makeFleet(cluster *fleet, dir string, write writer, parallel int, now time.Time) (int64, error) {
	var written atomic.Int64
	put := func(root string, files []file) error {
		written.Add(int64(len(files)))
		return write(root, files)
	}
	pki, files, err := newAuthorities(now)
	if err != nil {
		return 0, err
	}
	if err := put(filepath.Join(dir, "authorities"), files); err != nil {
		return 0, err
	}
	places := make(chan func() error)
	var failure atomic.Pointer[error]
	var workers sync.WaitGroup
	for range parallel {
		workers.Go(func() {
			for place := range places {
				if failure.Load() != nil {
					continue
				}
				if err := place(); err != nil {
					failure.CompareAndSwap(nil, &err)
				}
			}
		})
	}
	places <- func() error {
		files, err := pki.administrator(cluster)
		if err != nil {
			return err
		}
		return put(filepath.Join(dir, "admin"), files)
	}
	for _, machine := range cluster.Hosts {
		places <- func() error {
			files, err := pki.host(cluster, machine)
			if err != nil {
				return err
			}
			return put(filepath.Join(dir, "hosts", machine.Name), files)
		}
	}
	close(places)
	workers.Wait()
	if err := failure.Load(); err != nil {
		return 0, *err
	}
	return written.Load(), nil
}
