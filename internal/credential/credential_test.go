package credential

import (
	"os"
	"path/filepath"
	"testing"
)

// TestTokenWhoMayReadIt: root gives a token to a group by the file's mode; anybody else's file is for himself alone.
func TestTokenWhoMayReadIt(t *testing.T) {
	t.Setenv("CREDENTIALS_DIRECTORY", "")
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("0123456789abcdef\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	check := func(byRoot bool) {
		t.Helper()
		for mode, ok := range map[os.FileMode]bool{0o600: true, 0o400: true, 0o440: byRoot, 0o640: byRoot, 0o660: false, 0o644: false, 0o604: false, 0o650: false} {
			if err := os.Chmod(file, mode); err != nil {
				t.Fatal(err)
			}
			if token, err := Token(file); (err == nil) != ok || ok && string(token) != "0123456789abcdef" {
				t.Errorf("%04o, of root %v: %q, %v", mode, byRoot, token, err)
			}
		}
	}
	if os.Getuid() != 0 {
		check(false)
		t.Skip("only root has files of root's")
	}
	check(true)
	if err := os.Chown(file, 1000, 0); err != nil {
		t.Fatal(err)
	}
	check(false)
}
