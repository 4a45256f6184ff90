package policy

import (
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestReadmeTestCommand holds that what is checked by machine is what the README tells people to run.
func TestReadmeTestCommand(t *testing.T) {
	const command = "make test"
	if !strings.Contains(readText(t, "README.md"), command) {
		t.Errorf("README.md does not say %q", command)
	}
	var commands []string
	for line := range strings.Lines(readText(t, ".ci/run")) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "set ") && !strings.HasPrefix(line, "cd ") {
			commands = append(commands, line)
		}
	}
	if !slices.Equal(commands, []string{"exec " + command}) {
		t.Errorf(".ci/run runs %q, want only %q", commands, command)
	}
}

// TestArchitectureNamesExist holds ARCHITECTURE.md to the tree: each quoted path is there, each quoted package.Name or
// Type.member is declared.
func TestArchitectureNamesExist(t *testing.T) {
	names := declared(sourceFiles(t))
	fenced := false
	for line := range strings.Lines(readText(t, "ARCHITECTURE.md")) {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fenced = !fenced
		}
		if fenced {
			continue
		}
		for _, quoted := range regexp.MustCompile("`[^`]+`").FindAllString(line, -1) {
			if why := names.missing(strings.Trim(quoted, "`")); why != "" {
				t.Errorf("ARCHITECTURE.md: %s %s", quoted, why)
			}
		}
	}
}

func TestArchitectureRule(t *testing.T) {
	names := declared(sourceFiles(t))
	for _, token := range []string{
		"sample/", "internal/box", "internal/box/box.go", "box.go", "box.Box", "box.Box.Publish", "Box.Publish", "Health.Err",
		"config.Default", "config.example.yaml", "journal.New()", "unix.Statfs", "/proc/stat", "go test ./nowhere", "TERM", "draw/*.go",
	} {
		if why := names.missing(token); why != "" {
			t.Errorf("%s %s", token, why)
		}
	}
	for _, token := range []string{"sample/nowhere", "nowhere/", "nowhere.go", "box.Nowhere", "Box.Nowhere", "Nowhere.Publish", "box.Box.Nowhere"} {
		if names.missing(token) == "" {
			t.Errorf("%s was found", token)
		}
	}
}

// names are the declarations of the tree, without its tests.
type names struct {
	files    map[string]bool            // base names
	packages map[string]map[string]bool // by package name: what it declares, methods and fields included
	types    map[string]map[string]bool // by type name: methods and fields, of all types of that name
}

func declared(files []*sourceFile) names {
	n := names{map[string]bool{}, map[string]map[string]bool{}, map[string]map[string]bool{}}
	for _, f := range files {
		n.files[filepath.Base(f.path)] = true
		if f.test {
			continue
		}
		pkg := f.ast.Name.Name
		for _, d := range f.ast.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				n.put(n.packages, pkg, d.Name.Name)
				if d.Recv != nil {
					n.put(n.types, receiver(d), d.Name.Name)
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					n.spec(pkg, s)
				}
			}
		}
	}
	return n
}

func (n names) put(in map[string]map[string]bool, owner, name string) {
	if in[owner] == nil {
		in[owner] = map[string]bool{}
	}
	in[owner][name] = true
}

func (n names) spec(pkg string, s ast.Spec) {
	switch s := s.(type) {
	case *ast.ValueSpec:
		for _, name := range s.Names {
			n.put(n.packages, pkg, name.Name)
		}
	case *ast.TypeSpec:
		n.put(n.packages, pkg, s.Name.Name)
		n.put(n.types, s.Name.Name, s.Name.Name)
		var members []*ast.Field
		switch kind := s.Type.(type) {
		case *ast.StructType:
			members = kind.Fields.List
		case *ast.InterfaceType:
			members = kind.Methods.List
		}
		for _, field := range members {
			for _, name := range field.Names {
				n.put(n.types, s.Name.Name, name.Name)
				n.put(n.packages, pkg, name.Name)
			}
		}
	}
}

var (
	fileName = regexp.MustCompile(`^[\w.-]+\.(go|md|yaml|nix|sh|conf|mod)$`)
	dotted   = regexp.MustCompile(`^\w+(\.\w+)+$`)
)

// missing says why a quoted token names nothing of the tree. Tokens that name nothing of ours by their form (commands,
// absolute paths, single words, other modules' packages) are not missing.
func (n names) missing(token string) string {
	token = strings.TrimSuffix(token, "()")
	switch {
	case strings.ContainsAny(token, " <>$=") || strings.HasPrefix(token, "/"):
		return ""
	case strings.Contains(token, "/"):
		if found, err := filepath.Glob(token); err != nil || len(found) == 0 {
			return "is not in the tree"
		}
	case fileName.MatchString(token):
		if _, err := os.Stat(token); err != nil && !n.files[token] {
			return "is not in the tree"
		}
	case dotted.MatchString(token):
		return n.missingName(strings.Split(token, "."))
	}
	return ""
}

func (n names) missingName(parts []string) string {
	if declares, ours := n.packages[parts[0]]; ours {
		if !declares[parts[1]] {
			return "is not declared in package " + parts[0]
		}
		parts = parts[1:]
	} else if !ast.IsExported(parts[0]) {
		return ""
	}
	if len(parts) > 1 && !n.types[parts[0]][parts[1]] {
		return "is no field or method of a type " + parts[0]
	}
	return ""
}
