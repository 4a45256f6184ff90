package file

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Root is a folder with a folder of journal files for each machine.
type Root struct {
	Path     string
	Volatile bool // journald copies its entries to the disk and removes it when there is one
}

// Listed is a journal file in a folder.
type Listed struct {
	Path     string
	Volatile bool
}

// Listing is what journal files there are.
type Listing struct {
	Files   []Listed
	Folders []string // that exist: the roots and the machines' folders in them
	Denied  []string // folders that may not be listed
	Err     error    // why a folder could not be listed, as when there are no descriptors left
}

// List finds the journal files of the system and of users in the folders of all machines in roots, as journald names
// them. A root that does not exist has none.
func List(roots []Root) Listing {
	var l Listing
	for _, root := range roots {
		for _, entry := range l.folder(root.Path) {
			if isMachine(entry.Name()) { // it may be a symbolic link
				l.machine(filepath.Join(root.Path, entry.Name()), root.Volatile)
			}
		}
	}
	return l
}

func (l *Listing) machine(folder string, volatile bool) {
	for _, entry := range l.folder(folder) {
		if name := entry.Name(); !entry.IsDir() && isJournal(name) {
			l.Files = append(l.Files, Listed{filepath.Join(folder, name), volatile})
		}
	}
}

func (l *Listing) folder(path string) []fs.DirEntry {
	entries, err := os.ReadDir(path)
	switch {
	case err == nil:
		l.Folders = append(l.Folders, path)
	case errors.Is(err, fs.ErrPermission):
		l.Denied = append(l.Denied, path)
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ENOTDIR):
	default:
		l.Err = err
	}
	return entries
}

// Newer returns a file whose format is newer than this reader, nil if none may be read.
func Newer(roots []Root) *FlagsError {
	for _, listed := range List(roots).Files {
		var newer *FlagsError
		if _, err := ReadHeader(listed.Path); errors.As(err, &newer) {
			return newer
		}
	}
	return nil
}

// isMachine reports whether a folder is named like one of a machine: 32 hexadecimal digits. Folders of namespaces and of
// journals from elsewhere are not.
func isMachine(name string) bool {
	return len(name) == 2*len(ID{}) && strings.Trim(name, "0123456789abcdef") == ""
}

// isJournal knows the journals of the system and of users, with those that were rotated or not closed.
func isJournal(name string) bool {
	name, _ = strings.CutSuffix(name, "~")
	return strings.HasSuffix(name, ".journal") &&
		(strings.HasPrefix(name, "system.") || strings.HasPrefix(name, "system@") || strings.HasPrefix(name, "user-"))
}

// isRotated reports whether a file of that name is not written any more: journald puts an @ into the names of those that
// it has rotated or found damaged, and a ~ behind the latter.
func isRotated(path string) bool {
	return strings.ContainsRune(filepath.Base(path), '@') || strings.HasSuffix(path, "~")
}
