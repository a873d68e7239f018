package version

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// A document is one JSON value of a stream, not yet judged.
type document struct {
	number  int // 1-based, counting documents that hold anything
	line    int // 1-based line of its first byte that is neither comment nor blank
	content map[string]any
}

// A chunk is the text between two document markers.
type chunk struct {
	text  []byte
	first int // 1-based line of its first byte
}

// chunks splits a stream at the YAML document markers "---" and "...". A marker counts at the start of a line only, where
// YAML allows it in no scalar either. What stands behind "--- " on its line belongs to the document.
func chunks(data []byte) []chunk {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	var out []chunk
	start, first, line := 0, 1, 0
	for at := 0; at < len(data); {
		line++
		end := at + bytes.IndexByte(data[at:], '\n') + 1
		if end == at {
			end = len(data)
		}
		if isMarker(data[at:end]) {
			out = append(out, chunk{data[start:at], first})
			start, first = at+3, line
		}
		at = end
	}
	return append(out, chunk{data[start:], first})
}

func isMarker(line []byte) bool {
	if !bytes.HasPrefix(line, []byte("---")) && !bytes.HasPrefix(line, []byte("...")) {
		return false
	}
	return len(line) == 3 || strings.IndexByte(" \t\r\n", line[3]) >= 0
}

// content returns the offset of the first line that is neither blank, nor a comment, nor a YAML directive, and its line
// number; -1 when there is none.
func (c chunk) content() (offset, line int) {
	line = c.first
	for at := 0; at < len(c.text); line++ {
		end := at + bytes.IndexByte(c.text[at:], '\n') + 1
		if end == at {
			end = len(c.text)
		}
		text := bytes.TrimSpace(c.text[at:end])
		if len(text) > 0 && text[0] != '#' && text[0] != '%' {
			return at, line
		}
		at = end
	}
	return -1, line
}

// readDocuments turns a stream into documents. A document that is no YAML or JSON object costs only itself and is reported Invalid;
// one with a key written twice keeps the last value, as an API server does, and is reported Dropped.
func readDocuments(data []byte) ([]document, Report) {
	var docs []document
	var report Report
	number := 0
	for _, c := range chunks(data) {
		offset, line := c.content()
		if offset < 0 {
			continue
		}
		body := c.text[offset:]
		values, problems := parse(body)
		for _, v := range values {
			number++
			docs = append(docs, document{number: number, line: line + v.lines, content: v.object})
			for _, d := range v.duplicates {
				report = append(report, Entry{Document: number, Line: line + v.lines, What: Dropped, Detail: shiftLines(d, line-1)})
			}
		}
		if problems != nil {
			number++
			report = append(report, Entry{Document: number, Line: line, What: Invalid, Detail: shiftLines(problems.Error(), line-1)})
		}
	}
	return docs, report
}

// A value is one parsed object of a chunk.
type value struct {
	object     map[string]any
	lines      int // lines of the chunk before it
	duplicates []string
}

// parse reads the text of a chunk: JSON objects one after the other, or else one YAML document.
func parse(text []byte) ([]value, error) {
	if trimmed := bytes.TrimSpace(text); len(trimmed) > 0 && trimmed[0] == '{' {
		if values, err := parseJSON(text); err == nil || len(values) > 0 {
			return values, err
		}
	}
	raw, err := yaml.YAMLToJSONStrict(text)
	var duplicates []string
	if err != nil {
		strict := err
		if raw, err = yaml.YAMLToJSON(text); err != nil {
			return nil, err
		}
		duplicates = append(duplicates, "a key is written twice, the last one counts: "+oneLine(strict.Error()))
	}
	var v any
	if err := kjson.UnmarshalCaseSensitivePreserveInts(raw, &v); err != nil {
		return nil, err
	}
	object, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("a document holds one object; this is %s", describe(v))
	}
	return []value{{object: object, duplicates: duplicates}}, nil
}

// parseJSON reads JSON objects until the text ends.
func parseJSON(text []byte) ([]value, error) {
	var out []value
	dec := json.NewDecoder(bytes.NewReader(text))
	for {
		var raw json.RawMessage
		if err := dec.Decode(&raw); err == io.EOF {
			return out, nil
		} else if err != nil {
			return out, err
		}
		end := int(dec.InputOffset())
		var v value
		strict, err := kjson.UnmarshalStrict(raw, &v.object)
		if err != nil {
			return out, err
		}
		v.lines = bytes.Count(text[:end-len(raw)], []byte("\n"))
		for _, s := range strict {
			v.duplicates = append(v.duplicates, "a key is written twice, the last one counts: "+s.Error())
		}
		out = append(out, v)
	}
}

var lineNumber = regexp.MustCompile(`\bline (\d+): `)

// shiftLines makes the line numbers of a parser's message count from the start of the stream.
func shiftLines(message string, by int) string {
	return lineNumber.ReplaceAllStringFunc(oneLine(message), func(m string) string {
		n, err := strconv.Atoi(lineNumber.FindStringSubmatch(m)[1])
		if err != nil {
			return m
		}
		return fmt.Sprintf("line %d: ", n+by)
	})
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// describe names the JSON type of a value, and a number itself: what is wrong with it may be its size.
func describe(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case int64, float64:
		return fmt.Sprint(v)
	case string:
		return "a string"
	case []any:
		return "a list"
	default:
		return "an object"
	}
}
