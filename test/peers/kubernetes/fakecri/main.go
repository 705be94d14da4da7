// Command fakecri is a container runtime that runs nothing: it serves upstream's fake RuntimeService
// and ImageService on a unix socket, so that a real kubelet starts, registers its Node and becomes
// Ready on a machine without containers.
//
//	fakecri /run/fakecri.sock
//
// It prints one line when it serves, and ends, taking the socket away, on SIGTERM or SIGINT.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	runtime "k8s.io/cri-api/pkg/apis/runtime/v1"
	"k8s.io/cri-client/pkg/fake"
)

func main() {
	if len(os.Args) != 2 || !filepath.IsAbs(os.Args[1]) {
		fmt.Fprintln(os.Stderr, "usage: fakecri SOCKET (an absolute path)")
		os.Exit(64)
	}
	socket := os.Args[1]
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM, os.Interrupt)

	remote := fake.NewFakeRemoteRuntime()
	// Without a place for images the kubelet complains about its image statistics every few seconds.
	remote.ImageService.SetFakeFilesystemUsage([]*runtime.FilesystemUsage{{
		FsId: &runtime.FilesystemIdentifier{Mountpoint: filepath.Dir(socket)},
	}})
	if err := remote.Start("unix://" + socket); err != nil {
		fmt.Fprintln(os.Stderr, "fakecri:", err)
		os.Exit(1)
	}
	fmt.Println("fakecri: serving on", socket)

	<-ended
	remote.Stop()
	// The listener was made under another name and moved here, so closing it leaves this one.
	if err := os.Remove(socket); err != nil && !os.IsNotExist(err) {
		fmt.Fprintln(os.Stderr, "fakecri:", err)
		os.Exit(1)
	}
}
