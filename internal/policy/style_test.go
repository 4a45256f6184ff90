package policy

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// module is this module's path, the first part of its packages' import paths.
const module = "hypervisor-tui"

// maxLines is how long a Go file may be.
const maxLines = 600

// sourceFile is one Go file of the tree.
type sourceFile struct {
	path string // from the root, with slashes
	dir  string // its package, "." for main
	test bool
	text []byte
	ast  *ast.File
	set  *token.FileSet
}

func (f *sourceFile) at(n ast.Node) string {
	p := f.set.Position(n.Pos())
	return p.String()
}

// textFiles calls visit for each file of the tree that people write: no fixtures, nothing that tools leave behind.
func textFiles(t *testing.T, visit func(path string, text []byte)) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && slices.Contains([]string{".git", "testdata", "vendor"}, d.Name()) {
			return filepath.SkipDir
		}
		known := []string{".go", ".md", ".nix", ".yaml", ".yml", ".sh", ".mod", ".conf"}
		name := d.Name()
		if !d.Type().IsRegular() || !slices.Contains(known, filepath.Ext(name)) && name != "Makefile" && filepath.Dir(path) != ".ci" {
			return nil
		}
		text, err := os.ReadFile(path)
		visit(filepath.ToSlash(path), text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// sourceFiles parses the whole tree, tests included, whatever their build tags.
func sourceFiles(t *testing.T) []*sourceFile {
	t.Helper()
	var files []*sourceFile
	textFiles(t, func(path string, text []byte) {
		if filepath.Ext(path) != ".go" {
			return
		}
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, path, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, &sourceFile{
			path: path, dir: filepath.ToSlash(filepath.Dir(path)), test: strings.HasSuffix(path, "_test.go"),
			text: text, ast: parsed, set: set,
		})
	})
	return files
}

func TestStyleFilesAreShort(t *testing.T) {
	for _, f := range sourceFiles(t) {
		if n := bytes.Count(f.text, []byte("\n")); n > maxLines {
			t.Errorf("%s has %d lines, at most %d: split it by what it reads or draws", f.path, n, maxLines)
		}
	}
}

func TestStyleOnePackageComment(t *testing.T) {
	where := map[string][]string{}
	for _, f := range sourceFiles(t) {
		if f.test {
			continue
		}
		if _, seen := where[f.dir]; !seen {
			where[f.dir] = nil
		}
		if f.ast.Doc != nil {
			where[f.dir] = append(where[f.dir], f.path)
			start := "Package " + f.ast.Name.Name + " "
			if f.ast.Name.Name == "main" {
				start = "Command " + filepath.Base(f.dir) + " "
			}
			if f.dir != "." && !strings.HasPrefix(f.ast.Doc.Text(), start) {
				t.Errorf("%s: the package comment should start with %q", f.path, start)
			}
		}
	}
	for dir, files := range where {
		if len(files) > 1 || len(files) == 0 && dir != "." {
			t.Errorf("package %s has %d package comments %v, want one", dir, len(files), files)
		}
	}
}

func TestStyleExportedIsDocumented(t *testing.T) {
	for _, f := range sourceFiles(t) {
		if f.test {
			continue
		}
		for _, d := range f.ast.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && d.Doc == nil && (d.Recv == nil || ast.IsExported(receiver(d))) {
					t.Errorf("%s: %s has no doc comment", f.at(d), d.Name.Name)
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					if name := undocumented(s); name != "" && d.Doc == nil {
						t.Errorf("%s: %s has no doc comment", f.at(s), name)
					}
				}
			}
		}
	}
}

// receiver returns the name of the type that a method belongs to, without pointer and type parameters.
func receiver(d *ast.FuncDecl) string {
	expr := d.Recv.List[0].Type
	for {
		switch e := expr.(type) {
		case *ast.StarExpr:
			expr = e.X
		case *ast.IndexExpr:
			expr = e.X
		case *ast.IndexListExpr:
			expr = e.X
		case *ast.Ident:
			return e.Name
		default:
			return ""
		}
	}
}

// undocumented returns the exported name that s declares without a comment of its own.
func undocumented(s ast.Spec) string {
	switch s := s.(type) {
	case *ast.TypeSpec:
		if s.Name.IsExported() && s.Doc == nil && s.Comment == nil {
			return s.Name.Name
		}
	case *ast.ValueSpec:
		for _, name := range s.Names {
			if name.IsExported() && s.Doc == nil && s.Comment == nil {
				return name.Name
			}
		}
	}
	return ""
}

func TestStyleNoInit(t *testing.T) {
	for _, f := range sourceFiles(t) {
		for _, d := range f.ast.Decls {
			if d, ok := d.(*ast.FuncDecl); ok && d.Recv == nil && d.Name.Name == "init" {
				t.Errorf("%s: func init: main lists what exists", f.at(d))
			}
		}
	}
}

// TestStyleOneDoorToTheTerminal keeps the calls to draw that send cells, and everywhere those that write to stdout or
// make a library do so.
func TestStyleOneDoorToTheTerminal(t *testing.T) {
	for _, f := range sourceFiles(t) {
		if f.test {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if name := forbidden(call.Fun, f.dir); name != "" {
				t.Errorf("%s: %s is not called here", f.at(call), name)
			}
			return true
		})
	}
}

// forbidden returns the name of a function that package dir must not call, empty if it may.
func forbidden(fun ast.Expr, dir string) string {
	if name, ok := fun.(*ast.Ident); ok && (name.Name == "print" || name.Name == "println") {
		return name.Name
	}
	selector, ok := fun.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	name := selector.Sel.Name
	x, _ := selector.X.(*ast.Ident)
	switch {
	case x != nil && x.Name == "fmt" && strings.HasPrefix(name, "Print"):
		return "fmt." + name // fmt.Fprint to a writer that main chose is fine
	case name == "GetLinkSettings": // safchain/ethtool prints to stdout in it
		return name
	case dir != "draw" && slices.Contains([]string{"SetContent", "PutStr"}, name):
		return name
	}
	return ""
}

func TestStyleNothingLeftBehind(t *testing.T) {
	// Put together so that this file does not find itself.
	undone := regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|X` + `XX)\b`)
	workspace := regexp.MustCompile(`(^|[^\w.])/wo` + `rk/\w`)
	textFiles(t, func(path string, text []byte) {
		for i, line := range bytes.Split(text, []byte("\n")) {
			if undone.Match(line) {
				t.Errorf("%s:%d: left undone: %s", path, i+1, line)
			}
			if workspace.Match(line) {
				t.Errorf("%s:%d: a path of one machine: %s", path, i+1, line)
			}
		}
	})
}
