//go:build tools

// Package cfssl names the programs that test/peers/peers.ts builds from this
// module, so that `go mod tidy` keeps what they need in go.mod and go.sum.
package cfssl

import (
	_ "github.com/cloudflare/cfssl/cmd/cfssl"
	_ "github.com/cloudflare/cfssl/cmd/cfssljson"
)
