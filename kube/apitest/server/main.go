// Command server is the cluster that the tests ask: Kubernetes' own API server, and etcd as its store. Which of the two a
// process is its first argument says; both end when their standard input does, and so with the test that started them.
package main

import (
	"fmt"
	"io"
	"net/url"
	"os"

	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/component-base/cli"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() {
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // nothing is sent: it returns when the test is gone
		os.Exit(0)
	}()
	switch {
	case len(os.Args) > 1 && os.Args[1] == "api":
		command := app.NewAPIServerCommand()
		command.SetArgs(os.Args[2:])
		os.Exit(cli.Run(command))
	case len(os.Args) == 4 && os.Args[1] == "store":
		fmt.Fprintln(os.Stderr, "store:", store(os.Args[2], os.Args[3]))
	default:
		fmt.Fprintln(os.Stderr, "server api FLAGS, or server store DIRECTORY ADDRESS")
	}
	os.Exit(1)
}

// store serves etcd on address, which is HOST:PORT, until it fails. What it holds survives a crash of its own, not one of
// the machine.
func store(directory, address string) error {
	c := embed.NewConfig()
	c.Dir, c.LogLevel, c.UnsafeNoFsync = directory, "warn", true
	client, peer := url.URL{Scheme: "http", Host: address}, url.URL{Scheme: "unix", Host: "peer"}
	c.ListenClientUrls, c.AdvertiseClientUrls = []url.URL{client}, []url.URL{client}
	c.ListenPeerUrls, c.AdvertisePeerUrls = []url.URL{peer}, []url.URL{peer}
	c.InitialCluster = c.Name + "=" + peer.String()
	e, err := embed.StartEtcd(c)
	if err != nil {
		return err
	}
	return <-e.Err()
}
