// Package arch holds the tests of the project's own structure: which package may import which.
package arch

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/seguefeed/segue"

// allowed states, for each package, which of ours it may import outside its tests. It is the table
// of docs/ARCHITECTURE.md; a package that is not listed here fails the test, so that a new one is
// given its place in both.
var allowed = map[string][]string{
	"feedlog":                 {},
	"village":                 {"feedlog", "internal/numeric", "internal/splitmix"},
	"warehouse":               {"feedlog"},
	"warehouse/duckdb":        {"warehouse", "feedlog"},
	"warehouse/warehousetest": {"warehouse", "feedlog"},
	"analysis":                {"warehouse", "feedlog", "internal/stat"},
	"learn":                   {},
	"learn/tablebench":        {"learn"},
	"feature":                 {"warehouse", "internal/partfile", "internal/splitmix"},
	"candidate":               {"warehouse", "feature", "internal/numeric", "internal/partfile", "internal/splitmix"},
	"candidate/candidatetest": {"candidate"},
	"rank":                    {"feature", "learn", "internal/stat", "internal/splitmix"},
	"explore":                 {},
	"feed":                    {"candidate", "explore", "feature", "rank", "warehouse", "internal/partfile", "internal/splitmix"},
	"evaluate":                {"candidate", "feature", "feed", "rank", "learn", "warehouse", "internal/stat", "internal/splitmix"},
	"evaluate/allrank":        {"candidate", "evaluate"},
	"live":                    {"candidate", "feature", "stream", "warehouse", "internal/durable", "internal/setting"},
	"server":                  {"candidate", "explore", "feature", "feed", "live", "stream", "warehouse", "internal/durable", "internal/setting"},
	"internal/load":           {"internal/setting"},
	"internal/numeric":        {},
	"activity":                {"feature", "learn", "warehouse", "internal/stat", "internal/splitmix"},
	"stream":                  {"internal/durable", "internal/setting"},
	"report":                  {"activity", "analysis", "evaluate", "learn", "warehouse", "internal/chart", "internal/webui"},
	"":                        {"feedlog", "village", "warehouse", "warehouse/duckdb", "analysis", "activity", "report", "candidate", "feature", "feed", "rank", "evaluate", "live", "server", "stream", "internal/durable", "internal/feedmap", "internal/logfiles", "internal/setting"},
	"cmd/segue":               {"internal/cli"},
	"internal/arch":           {},
	"internal/chart":          {"analysis"},
	"internal/cli":            {"", "feedlog", "village", "warehouse", "analysis", "activity", "learn", "learn/tablebench", "feed", "rank", "evaluate", "evaluate/allrank", "server", "internal/load", "internal/logfiles", "internal/setting"},
	"internal/durable":        {},
	"internal/feedmap":        {"feedlog"},
	"internal/logfiles":       {"feedlog"},
	"internal/partfile":       {},
	"internal/setting":        {},
	"internal/splitmix":       {},
	"internal/stat":           {},
	"scripts/soak":            {"", "internal/load"},
	"scripts/gorse":           {"feedlog"},
	"internal/webui":          {},
}

// engines are the drivers that only their own folder may import.
var engines = map[string]string{
	"github.com/duckdb/": "warehouse/duckdb",
}

// standardOnly packages import nothing but the standard library and what allowed grants them.
var standardOnly = []string{"explore", "feedlog"}

func TestImportsPointDown(t *testing.T) {
	root := filepath.Join("..", "..")
	seen := 0
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if file != root && (strings.HasPrefix(name, ".") || name == "testdata" || name == "segue-demo") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		rel, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil {
			return err
		}
		pkg := filepath.ToSlash(rel)
		if pkg == "." {
			pkg = ""
		}
		seen++
		checkFile(t, file, pkg, strings.HasSuffix(name, "_test.go"))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 20 {
		t.Fatalf("looked at only %d Go files: the walk does not reach the module", seen)
	}
}

func checkFile(t *testing.T, file, pkg string, isTest bool) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	grants, listed := allowed[pkg]
	if !listed && !isTest {
		t.Errorf("%s: package %q has no line in the import rule; give it one here and in docs/ARCHITECTURE.md", file, pkg)
		return
	}
	for _, spec := range f.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		for prefix, home := range engines {
			if strings.HasPrefix(imported, prefix) && pkg != home {
				t.Errorf("%s imports the driver %s; only %s may", file, imported, home)
			}
		}
		if isTest {
			continue
		}
		ours, isOurs := strings.CutPrefix(imported, module)
		ours = strings.TrimPrefix(ours, "/")
		switch {
		case isOurs && !slices.Contains(grants, ours):
			t.Errorf("%s: %q may not import %q", file, pkg, path.Join(module, ours))
		case !isOurs && slices.Contains(standardOnly, pkg) && strings.Contains(strings.SplitN(imported, "/", 2)[0], "."):
			t.Errorf("%s imports %s; %q keeps to the standard library", file, imported, pkg)
		}
	}
}
