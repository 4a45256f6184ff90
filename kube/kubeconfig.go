package kube

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"hypervisor-tui/internal/clean"
	"hypervisor-tui/internal/health"
)

const (
	found  = "found"
	absent = "does not exist"
)

// Options says where Find looks, and when.
type Options struct {
	Path     string        // from the config; when it is not empty, the only place
	Env      string        // the value of $KUBECONFIG: paths with colons between
	Home     string        // the user's home directory; empty: not looked in
	Root     string        // before every path: a test's tree, otherwise empty
	Now      time.Duration // CLOCK_BOOTTIME
	Previous health.Health // of the State before, whose Since goes on while its state lasts
	At       func(string)  // nil, or told each path, clean, before it is looked at: the look at it may never end
}

// Find chooses the first kubeconfig that can be read; the Health is then as it was before. A file that is there and cannot be read is Failed with the
// reason, unless a later one can. It reads no more than a file's first byte and does not wait for a FIFO; a dead network
// filesystem can make it wait, so it must not be called from the loop.
func Find(o Options) State {
	s := State{Health: o.Previous}
	broken := ""
	for _, path := range o.paths() {
		candidate := Candidate{Path: clean.String(path)}
		if o.At != nil {
			o.At(candidate.Path)
		}
		candidate.Result = result(filepath.Join(o.Root, path))
		if candidate.Path != path {
			candidate.Result = "has a character in its name that cannot be shown"
		}
		s.Candidates = append(s.Candidates, candidate)
		if candidate.Result == found {
			s.Kubeconfig = path
			return s
		}
		if candidate.Result != absent && broken == "" {
			broken = candidate.Path + ": " + candidate.Result
		}
	}
	if broken == "" {
		s.Health.Gone(o.Now, "no kubeconfig")
		return s
	}
	s.Health.Bad(o.Now, broken)
	return s
}

// paths lists where to look, each place once.
func (o *Options) paths() []string {
	if o.Path != "" {
		return []string{o.Path}
	}
	places := slices.Concat(filepath.SplitList(o.Env), []string{
		"/etc/rancher/k3s/k3s.yaml",
		"/var/lib/rancher/k3s/agent/kubelet.kubeconfig",
		"/etc/rancher/rke2/rke2.yaml",
		"/var/lib/rancher/rke2/agent/kubelet.kubeconfig",
		"/etc/kubernetes/admin.conf",
	})
	if o.Home != "" {
		places = append(places, filepath.Join(o.Home, ".kube/config"))
	}
	var paths []string
	for _, p := range places {
		if p != "" && !slices.Contains(paths, p) {
			paths = append(paths, p)
		}
	}
	return paths
}

// result says in words what a look at path finds.
func result(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return reason(err, nil)
	}
	switch mode := info.Mode(); {
	case mode.IsDir():
		return "is a directory"
	case !mode.IsRegular():
		return "is not a regular file"
	}
	// O_NONBLOCK: since the Stat it may have become a FIFO, which would wait for a writer.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		return reason(err, info)
	}
	defer f.Close()
	switch _, err := f.Read(make([]byte, 1)); {
	case err == nil:
		return found
	case errors.Is(err, io.EOF):
		return "is empty"
	default:
		return reason(err, info)
	}
}

// reason puts an error into words; info is of the file, nil when not even that could be had.
func reason(err error, info fs.FileInfo) string {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return absent
	case !errors.Is(err, fs.ErrPermission):
		var no syscall.Errno
		if errors.As(err, &no) {
			return no.Error()
		}
		return clean.String(err.Error())
	case info == nil:
		return "permission denied (on a directory above it)"
	}
	return fmt.Sprintf("permission denied (mode %04o, owner %s)", info.Mode().Perm(), owner(info))
}

// owner names a file's owner without asking a name service, which may be as dead as the cluster.
func owner(info fs.FileInfo) string {
	stat, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !ok:
		return "unknown"
	case stat.Uid == 0:
		return "root"
	}
	return "uid " + strconv.FormatUint(uint64(stat.Uid), 10)
}
