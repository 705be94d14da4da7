//go:build tools

// Package tools names the program that this module exists to build, so that `go mod tidy` keeps
// what it needs. Nothing compiles this file.
package tools

import _ "k8s.io/kubernetes/cmd/kubectl"
