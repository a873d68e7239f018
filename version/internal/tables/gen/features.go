package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/gatewayxds/gatewayxds/version/internal/tables"
)

// readFeatures reads the feature names that a release declares: the string constants SupportX in pkg/features, before v1.1.0 in
// the conformance suite. Since v1.2.0 a composite literal gives each its channel.
func readFeatures(dir string) ([]tables.Feature, error) {
	root := filepath.Join(dir, "pkg", "features")
	pattern := filepath.Join(root, "*.go")
	if _, err := os.Stat(root); err != nil {
		pattern = filepath.Join(dir, "conformance", "utils", "suite", "features.go")
	}
	files, err := filepath.Glob(pattern)
	if err != nil {
		return nil, err
	}
	names, channels := map[string]string{}, map[string]string{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			return nil, err
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				addConstant(n, names)
			case *ast.CompositeLit:
				addChannel(n, channels)
			}
			return true
		})
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("no feature names in %s", pattern)
	}
	var out []tables.Feature
	for constant, name := range names {
		out = append(out, tables.Feature{Name: name, Channel: channels[constant]})
	}
	slices.SortFunc(out, func(a, b tables.Feature) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}

// addConstant records SupportX FeatureName = "X"; some have no type.
func addConstant(spec *ast.ValueSpec, names map[string]string) {
	if len(spec.Values) != 1 || !strings.HasPrefix(spec.Names[0].Name, "Support") {
		return
	}
	if lit, ok := spec.Values[0].(*ast.BasicLit); ok && lit.Kind == token.STRING {
		if name, err := strconv.Unquote(lit.Value); err == nil {
			names[spec.Names[0].Name] = name
		}
	}
}

// addChannel records {Name: SupportX, Channel: FeatureChannelY}.
func addChannel(lit *ast.CompositeLit, channels map[string]string) {
	var name, channel string
	for _, e := range lit.Elts {
		kv, ok := e.(*ast.KeyValueExpr)
		if !ok {
			return
		}
		key, ok1 := kv.Key.(*ast.Ident)
		value, ok2 := kv.Value.(*ast.Ident)
		if !ok1 || !ok2 {
			return
		}
		switch key.Name {
		case "Name":
			name = value.Name
		case "Channel":
			channel = strings.ToLower(strings.TrimPrefix(value.Name, "FeatureChannel"))
		}
	}
	if name != "" {
		channels[name] = channel
	}
}
