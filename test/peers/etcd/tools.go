//go:build tools

// Package etcd names the programs that test/peers/peers.ts builds from this
// module, so that `go mod tidy` keeps what they need in go.mod and go.sum.
package etcd

import (
	_ "go.etcd.io/etcd/etcdctl/v3"
	_ "go.etcd.io/etcd/server/v3"
)
