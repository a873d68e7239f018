package version

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A fieldPath is where a walk through an object stands, as a user writes it: spec.rules[0].name. It is one buffer that
// grows on the way down and shrinks on the way up: enter and index return the length to cut it back to.
type fieldPath []byte

func (p *fieldPath) enter(member string) int {
	at := len(*p)
	if at > 0 {
		*p = append(*p, '.')
	}
	*p = append(*p, member...)
	return at
}

func (p *fieldPath) index(i int) int {
	at := len(*p)
	*p = append(strconv.AppendInt(append(*p, '['), int64(i), 10), ']')
	return at
}

// valueAt returns the value at a path, nil where there is none. A key may hold dots: the longest one that fits wins.
func valueAt(v any, path string) any {
	if path == "" {
		return v
	}
	switch v := v.(type) {
	case map[string]any:
		path = strings.TrimPrefix(path, ".")
		for end := len(path); end > 0; end = strings.LastIndexAny(path[:end], ".[") {
			if member, ok := v[path[:end]]; ok {
				return valueAt(member, path[end:])
			}
		}
	case []any:
		var i int
		if n, err := fmt.Sscanf(path, "[%d]", &i); n == 1 && err == nil && i >= 0 && i < len(v) {
			return valueAt(v[i], path[strings.IndexByte(path, ']')+1:])
		}
	}
	return nil
}

// takeAt removes the value at a path from its object and returns it, nil where there is none.
func takeAt(content map[string]any, path string) any {
	for cut := strings.LastIndexByte(path, '.'); ; cut = strings.LastIndexByte(path[:cut], '.') {
		parent, name := content, path
		if cut >= 0 {
			parent, _ = valueAt(content, path[:cut]).(map[string]any)
			name = path[cut+1:]
		}
		if v, ok := parent[name]; ok || cut < 0 {
			delete(parent, name)
			return v
		}
	}
}

// putBack sets a value at the path it was taken from, where its parent is still there.
func putBack(content map[string]any, path string, v any) {
	cut := strings.LastIndexByte(path, '.')
	if cut < 0 {
		content[path] = v
		return
	}
	parent, ok := valueAt(content, path[:cut]).(map[string]any)
	if !ok {
		parent = map[string]any{}
		putBack(content, path[:cut], parent)
	}
	if name := path[cut+1:]; parent[name] == nil {
		parent[name] = v
	}
}

// sortedKeys returns the names of an object's members in order.
func sortedKeys(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }

// deepCopy copies generic content. Unlike runtime.DeepCopyJSON it takes whatever a host's hand-made object holds: other
// integers become int64, and what is no JSON stays as it is, to be judged by who reads it.
func deepCopy(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, member := range v {
			out[name] = deepCopy(member)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = deepCopy(item)
		}
		return out
	case int:
		return int64(v)
	case int32:
		return int64(v)
	case float32:
		return float64(v)
	}
	return v
}

func copyContent(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return deepCopy(m).(map[string]any)
}
