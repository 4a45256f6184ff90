package logfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"hypervisor-tui/journal/source/intake"
)

// matches is what the patterns of a file source name at one time. All of it is looked at once, however many files there
// are in a directory.
type matches struct {
	patterns []string
	counts   []int                    // of the files of each pattern
	files    []string                 // real paths, each once, in the order of the patterns and then of the names
	stats    map[string]intake.Stat   // of files
	dirs     []string                 // in which a change can make another answer, each once
	lists    map[string][]fs.DirEntry // of directories that were read
	visited  map[string]bool
	untold   bool   // the filesystem of a directory or file may not tell of changes
	denied   string // what may not be read and how to mend it, "" for nothing
	refused  string // what is no regular file
	other    error  // why else something could not be looked at
	calls    int    // of the system, about

	touches func(path *string) // called with what is looked at next
}

// expand looks for files. Unlike filepath.Glob it tells what it may not read, and which directories it went through.
func expand(patterns []string, touches func(*string)) *matches {
	m := &matches{patterns: patterns, counts: make([]int, len(patterns)), stats: map[string]intake.Stat{},
		lists: map[string][]fs.DirEntry{}, visited: map[string]bool{}, touches: touches}
	for i, p := range patterns {
		before := len(m.files)
		m.walk("/", strings.Split(strings.Trim(filepath.Clean(p), "/"), "/"))
		m.counts[i] = len(m.files) - before
	}
	return m
}

// walk goes on from a real directory with the parts of a pattern that are left.
func (m *matches) walk(dir string, parts []string) {
	name, rest := parts[0], parts[1:]
	if !strings.ContainsAny(name, `*?[\`) {
		m.step(dir, name, rest, fs.ModeSymlink)
		return
	}
	m.visit(dir)
	entries, err := m.list(dir)
	if err != nil {
		m.failed(dir, err)
		return
	}
	for _, e := range entries {
		if ok, _ := filepath.Match(name, e.Name()); ok && (e.Name()[0] != '.' || name[0] == '.') {
			m.step(dir, e.Name(), rest, e.Type())
		}
	}
}

// step takes one name: a file at the end of the pattern, else a directory to go on in. What may be a symbolic link is
// followed.
func (m *matches) step(dir, name string, rest []string, kind fs.FileMode) {
	path := filepath.Join(dir, name)
	if len(rest) == 0 {
		m.visit(dir)
	}
	touched := path // which may not change, as path does
	m.touches(&touched)
	if kind&fs.ModeSymlink != 0 {
		m.calls++
		real, err := filepath.EvalSymlinks(path)
		if err != nil {
			m.visit(dir)
			m.failed(path, err)
			return
		}
		path = real
	}
	if len(rest) == 0 {
		m.file(path)
		return
	}
	if !kind.IsDir() {
		m.calls++
		s, err := intake.StatPath(path)
		if err != nil {
			m.visit(dir)
			m.failed(path, err)
			return
		}
		if !s.Directory() {
			return
		}
	}
	m.walk(path, rest)
}

// file takes in a file by its real path.
func (m *matches) file(path string) {
	if _, known := m.stats[path]; known {
		return
	}
	m.calls++
	s, err := intake.StatPath(path)
	switch {
	case err != nil:
		m.failed(path, err)
	case !s.Regular():
		m.refused = path + " is not a regular file"
	default:
		m.stats[path] = s
		m.files = append(m.files, path)
		m.settle(path) // a link or a mount may lead to another disk than the folder's
	}
}

// list returns what is in a directory, by name. It is read once.
func (m *matches) list(dir string) ([]fs.DirEntry, error) {
	if entries, known := m.lists[dir]; known {
		return entries, nil
	}
	m.calls++
	m.touches(&dir)
	entries, err := os.ReadDir(dir)
	if err == nil {
		m.lists[dir] = entries
	}
	return entries, err
}

func (m *matches) visit(dir string) {
	if m.visited[dir] {
		return
	}
	m.visited[dir] = true
	m.dirs = append(m.dirs, dir)
	m.touches(&dir)
	m.settle(dir)
}

// settle finds out whether changes of path are told.
func (m *matches) settle(path string) {
	m.calls++
	var s unix.Statfs_t
	m.untold = unix.Statfs(path, &s) != nil || !tells(int64(s.Type)) || m.untold
}

// tells reports whether inotify tells of all changes on a filesystem of that type: what others than this host's programs
// do to it, it does not.
func tells(kind int64) bool {
	switch kind {
	case unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC, unix.BTRFS_SUPER_MAGIC, unix.TMPFS_MAGIC, unix.F2FS_SUPER_MAGIC,
		unix.OVERLAYFS_SUPER_MAGIC, unix.RAMFS_MAGIC, zfsMagic, bcachefsMagic:
		return true
	}
	return false
}

// Not in the kernel's magic.h: zfs and bcachefs.
const zfsMagic, bcachefsMagic = 0x2fc12fc1, 0xca451a4e

// failed keeps why path could not be looked at. What is not there is awaited, which is no failure.
func (m *matches) failed(path string, err error) {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ENOTDIR):
	case errors.Is(err, fs.ErrPermission):
		m.denied = denial(path, m.patterns)
	default:
		m.other = err
	}
}

// denial says who may read path, or enter the directory above it that stands in the way, and how to mend just that.
func denial(path string, patterns []string) string {
	s, err := intake.StatPath(path)
	enter := err != nil
	for err != nil && path != "/" {
		path = filepath.Dir(path)
		s, err = intake.StatPath(path)
	}
	uid := os.Getuid()
	what := fmt.Sprintf("setfacl -m u:%d:r %s", uid, path)
	switch tree := treeOf(path, patterns); {
	case tree != "":
		what = fmt.Sprintf("setfacl -R -m u:%d:rX,d:u:%d:rX %s", uid, uid, tree)
	case enter:
		what = fmt.Sprintf("setfacl -m u:%d:x %s", uid, path)
	case s.Directory():
		what = fmt.Sprintf("setfacl -m u:%d:rx %s", uid, path)
	}
	return fmt.Sprintf("%s: permission denied (mode %04o, owner %s, group %s): give this user access with %s",
		path, s.Mode&0o7777, owner(s.UID), owner(s.GID), what)
}

// treeOf returns the directory in which a pattern looks for directories of any name, if path is in it: there new ones
// come, and are read as a whole. "" if none; then more than path itself is nobody's business.
func treeOf(path string, patterns []string) string {
	for _, p := range patterns {
		wild := strings.IndexAny(p, `*?[`)
		if wild < 0 || !strings.Contains(p[wild:], "/") {
			continue
		}
		tree := filepath.Dir(p[:wild] + "x")
		if path == tree || strings.HasPrefix(path, tree+"/") {
			return tree
		}
	}
	return ""
}

// owner names root and gives others by their number: names may be a network away.
func owner(id uint32) string {
	if id == 0 {
		return "root"
	}
	return fmt.Sprint(id)
}

// rotated reports whether name can be what a rotation made of base: base.1 and base-20261122 (logrotate),
// base.20261122-200000 (kubelet), or base with a stamp before its extension (lumberjack, for k3s' containerd.log).
// Compressed ones are not read.
func rotated(name, base string) bool {
	switch filepath.Ext(name) {
	case ".gz", ".xz", ".zst", ".bz2", ".lz4", ".tmp":
		return false
	}
	stem := strings.TrimSuffix(base, filepath.Ext(base))
	for _, prefix := range [...]string{base, stem} {
		rest, ok := strings.CutPrefix(name, prefix)
		if ok && len(rest) > 1 && (rest[0] == '.' || rest[0] == '-') && rest[1] >= '0' && rest[1] <= '9' {
			return true
		}
	}
	return false
}
