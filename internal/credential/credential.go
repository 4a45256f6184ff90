// Package credential reads files with certificates, keys and tokens.
package credential

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"hypervisor-tui/internal/clean/secret"
)

// Max is how many bytes such a file has at most, and MinToken how many characters a token at least.
const (
	Max      = 256 << 10
	MinToken = 16
)

// Read returns the text of a regular file. It does not block on a FIFO or a device; it may wait for a disk.
func Read(name string) ([]byte, os.FileInfo, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("%s is not a regular file", name)
	}
	text, err := io.ReadAll(io.LimitReader(f, Max+1))
	if err == nil && len(text) > Max {
		err = fmt.Errorf("%s is larger than %d KiB", name, Max>>10)
	}
	return text, info, err
}

// Token returns the bearer token in a file, and sees to it that nothing shows it. Others may not be able to read the file, nor its
// group unless it is root's, who has chosen that group; systemd guards its credentials in its own way.
func Token(name string) ([]byte, error) {
	text, info, err := Read(name)
	if err != nil {
		return nil, err
	}
	open := os.FileMode(0o077)
	if owner, ok := info.Sys().(*syscall.Stat_t); ok && owner.Uid == 0 {
		open = 0o037
	}
	credentials := os.Getenv("CREDENTIALS_DIRECTORY")
	if info.Mode().Perm()&open != 0 && (credentials == "" || filepath.Dir(filepath.Clean(name)) != filepath.Clean(credentials)) {
		return nil, fmt.Errorf("%s can be read by others (mode %04o): chmod 600 it, and take another token", name, info.Mode().Perm())
	}
	token := bytes.TrimSpace(text)
	if len(token) < MinToken || bytes.ContainsAny(token, " \t\r\n") {
		return nil, fmt.Errorf("%s must have one token of at least %d characters without blanks", name, MinToken)
	}
	secret.Own(string(token))
	return token, nil
}
