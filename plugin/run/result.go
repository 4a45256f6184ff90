package run

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"hypervisor-tui/plugin"
)

// Folder returns which of the folders in $RUNTIME_DIRECTORY, which have a colon between them, is that of a plugin: the one of its name.
//
// systemd: systemd.exec(5), RuntimeDirectory=
func Folder(directories, name string) (string, error) {
	for dir := range strings.SplitSeq(directories, ":") {
		if filepath.IsAbs(dir) && filepath.Base(dir) == name {
			return dir, nil
		}
	}
	return "", fmt.Errorf("$RUNTIME_DIRECTORY is %q, which has no folder %s: the unit must say RuntimeDirectory=%s/%s", directories, name,
		filepath.Base(plugin.Directory), name)
}

// Write puts the file of a result into a folder, in the place of the one before. Whoever reads sees the one or the other, and may be
// anybody.
func Write(folder string, result []byte) (err error) {
	f, err := os.CreateTemp(folder, "."+plugin.File+".*")
	if err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	defer func() {
		f.Close()
		if err != nil {
			os.Remove(f.Name())
			err = fmt.Errorf("write the result: %w", err)
		}
	}()
	if err := f.Chmod(0o644); err != nil { // whatever the umask is
		return err
	}
	if _, err := f.Write(result); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), filepath.Join(folder, plugin.File))
}
