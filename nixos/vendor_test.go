package nixos_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var vendorHash = regexp.MustCompile(`vendorHash = "([^"]*)"`)

// TestVendorHash: package.nix has the hash of what go mod vendor makes; make vendor-hash writes it.
func TestVendorHash(t *testing.T) {
	if testing.Short() {
		t.Skip("long: all modules are copied and hashed")
	}
	readSources(t)
	vendor := filepath.Join(t.TempDir(), "vendor")
	cmd := exec.Command("go", "mod", "vendor", "-o", vendor)
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		offline := regexp.MustCompile(`GOPROXY=off|dial tcp|no such host|network is unreachable|connection refused`)
		if offline.Match(out) {
			t.Skipf("a module is not on this machine, and there is no network: %s", out)
		}
		t.Fatalf("go mod vendor: %v\n%s", err, out)
	}
	want := hash(t, vendor)
	t.Logf("vendorHash = %q", want)
	const file = "package.nix"
	text := read(t, file)
	found := vendorHash.FindStringSubmatch(text)
	switch {
	case found == nil:
		t.Fatalf("%s has no vendorHash", file)
	case *update:
		text = strings.Replace(text, found[1], want, 1)
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	case found[1] != want:
		t.Errorf("%s has vendorHash %q, want %q: run make vendor-hash", file, found[1], want)
	}
}

// readSources reads what decides over the vendor directory, so that go test does not take an old answer from its cache.
func readSources(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == ".git" || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if ext := filepath.Ext(path); ext == ".go" || ext == ".mod" || ext == ".sum" {
			_, err = os.ReadFile(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// hash is the SHA-256 of a directory's NAR serialisation, as Nix writes it.
//
// Nix manual, Store Object: Nix Archive format
func hash(t *testing.T, dir string) string {
	t.Helper()
	h := sha256.New()
	archive := nar{h}
	archive.string("nix-archive-1")
	if err := archive.node(dir); err != nil {
		t.Fatal(err)
	}
	return "sha256-" + base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// nar serialises files; writing to a hash does not fail.
type nar struct{ io.Writer }

// string writes strings, each with its length before and zeros behind up to a multiple of eight bytes.
func (n nar) string(strings ...string) {
	for _, s := range strings {
		length := binary.LittleEndian.AppendUint64(nil, uint64(len(s)))
		_, _ = n.Write(length)
		_, _ = io.WriteString(n, s)
		_, _ = n.Write(make([]byte, -len(s)&7))
	}
}

func (n nar) node(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	n.string("(", "type")
	switch {
	case info.IsDir():
		n.string("directory")
		err = n.entries(path)
	case info.Mode().Type() == fs.ModeSymlink:
		var target string
		target, err = os.Readlink(path)
		n.string("symlink", "target", target)
	default:
		n.string("regular")
		if info.Mode()&0o100 != 0 {
			n.string("executable", "")
		}
		var text []byte
		text, err = os.ReadFile(path)
		n.string("contents", string(text))
	}
	n.string(")")
	return err
}

// entries writes a directory's entries in the order of their names, as os.ReadDir has them.
func (n nar) entries(dir string) error {
	list, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range list {
		n.string("entry", "(", "name", e.Name(), "node")
		if err := n.node(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
		n.string(")")
	}
	return nil
}

// TestHash compares with what Nix itself says of such a tree: nix hash path.
func TestHash(t *testing.T) {
	dir := t.TempDir()
	for name, mode := range map[string]fs.FileMode{"a": 0o644, "run": 0o755, "longer than eight": 0o600} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../run", filepath.Join(dir, "sub", "link")); err != nil {
		t.Fatal(err)
	}
	const want = "sha256-ujXG/fNlbM1iZqGM1INpv0lwRHQhjsepU4ibeqyW9FA="
	if got := hash(t, dir); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
