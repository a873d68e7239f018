package version

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gatewayxds/gatewayxds/version/internal/tables"
)

// A checker holds generic content against a schema: everything an API server would refuse it for, but for CEL rules, which
// need an evaluator, and formats that the API's patterns cover.
type checker struct {
	path   fieldPath
	report func(field, detail string)
}

// check reports what a schema refuses of an object, in the order of its fields. A required field that has a default may
// be absent.
func check(root *tables.Node, content map[string]any, report func(field, detail string)) {
	(&checker{report: report}).value(root, content)
}

func (c *checker) fail(format string, args ...any) {
	c.report(string(c.path), fmt.Sprintf(format, args...))
}

func (c *checker) value(n *tables.Node, v any) {
	if !isType(n, v) {
		c.fail("must be %s, not %s", article(n), describe(v))
		return
	}
	if len(n.Enum) > 0 {
		if text, err := json.Marshal(v); err == nil && !slices.Contains(n.Enum, string(text)) {
			c.fail("must be one of %s, not %s", strings.Join(n.Enum, ", "), text)
		}
	}
	switch v := v.(type) {
	case string:
		c.length(n, utf8.RuneCountInString(v), "characters")
		if !n.Match(v) {
			c.fail("%q does not match %s", v, n.Pattern)
		}
	case int64:
		c.number(n, v)
	case float64:
		if math.Abs(v) < math.MaxInt64 {
			c.number(n, int64(v))
		}
	case []any:
		c.list(n, v)
	case map[string]any:
		c.object(n, v)
	}
}

func (c *checker) length(n *tables.Node, have int, unit string) {
	if n.Length.Set && int64(have) < n.Length.Min {
		c.fail("has %d %s, at least %d are needed", have, unit, n.Length.Min)
	}
	if n.Length.Set && int64(have) > n.Length.Max {
		c.fail("has %d %s, at most %d are allowed", have, unit, n.Length.Max)
	}
}

func (c *checker) number(n *tables.Node, v int64) {
	if n.Number.Set && v < n.Number.Min {
		c.fail("must be at least %d, not %d", n.Number.Min, v)
	}
	if n.Number.Set && v > n.Number.Max {
		c.fail("must be at most %d, not %d", n.Number.Max, v)
	}
}

func (c *checker) list(n *tables.Node, list []any) {
	c.length(n, len(list), "items")
	seen := map[string]bool{}
	for i, item := range list {
		at := c.path.index(i)
		if key, unique := keyOf(n, item); unique {
			if seen[key] {
				c.fail("has the same %s as an item before", cmp.Or(strings.Join(n.Keys, ", "), "value"))
			}
			seen[key] = true
		}
		if items := n.Items.Get(); items != nil {
			c.value(items, item)
		}
		c.path = c.path[:at]
	}
}

// keyOf renders what makes an item of a list unique, with defaults where it leaves something out, and tells whether the
// list asks for that.
func keyOf(n *tables.Node, item any) (string, bool) {
	if n.Unique {
		text, err := json.Marshal(item)
		return string(text), err == nil
	}
	m, ok := item.(map[string]any)
	if !ok || len(n.Keys) == 0 {
		return "", false
	}
	var key []byte
	for _, name := range n.Keys {
		text, err := json.Marshal(m[name])
		if f := n.Items.Get().Field(name); m[name] == nil && f != nil {
			text = []byte(f.Default)
		} else if err != nil {
			text = nil
		}
		key = append(append(key, text...), 0)
	}
	return string(key), true
}

func (c *checker) object(n *tables.Node, m map[string]any) {
	for _, name := range n.Required {
		if f := n.Field(name); m[name] == nil && (f == nil || f.Default == "") {
			at := c.path.enter(name)
			c.fail("is required")
			c.path = c.path[:at]
		}
	}
	if n.Values != 0 {
		c.length(n, len(m), "keys")
		for _, name := range sortedKeys(m) {
			c.member(n.Values.Get(), m, name)
		}
	}
	for i := range n.Fields {
		c.member(n.Fields[i].Node.Get(), m, n.Fields[i].Name)
	}
}

func (c *checker) member(n *tables.Node, m map[string]any, name string) {
	if v := m[name]; v != nil && n != nil {
		at := c.path.enter(name)
		c.value(n, v)
		c.path = c.path[:at]
	}
}
