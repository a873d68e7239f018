package envoytest

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
)

// checkPath is the method of Envoy's external authorization. Its messages are read and written field by field, since
// their Go package brings gRPC along.
const checkPath = "/envoy.service.auth.v3.Authorization/Check"

// answerCheck answers as an authorization server: the headers of the request in question say how, as those of any request
// do. It may pass, with x-echo-headers added, unless its x-echo-status is another than 200; then the client gets that
// status and, as JSON, the request as the server knows it.
func answerCheck(w http.ResponseWriter, r *http.Request, name string) {
	body, _ := io.ReadAll(r.Body)
	asked := askedAbout(unframe(body))
	asked.Backend, asked.Proto, asked.Attempt = name, r.Proto, 1
	status := statusOf(asked.Headers.Get("X-Echo-Status"), 1)
	var answer []byte
	if status == http.StatusOK {
		var pass []byte
		for pair := range strings.SplitSeq(asked.Headers.Get("X-Echo-Headers"), ",") {
			if name, value, ok := strings.Cut(pair, "="); ok {
				pass = message(pass, 2, message(nil, 1, message(message(nil, 1, []byte(name)), 2, []byte(value))))
			}
		}
		answer = message(message(nil, 1, nil), 3, pass)
	} else {
		text, _ := json.Marshal(asked)
		deny := message(nil, 1, number(nil, 1, uint64(status)))
		answer = message(message(nil, 1, number(nil, 1, 7)), 2, message(deny, 3, text))
	}
	w.Header().Set("Content-Type", "application/grpc")
	w.Header().Set("Trailer", "Grpc-Status")
	_, _ = w.Write(frame(answer))
	w.Header().Set("Grpc-Status", "0")
}

func message(to []byte, field protowire.Number, content []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(to, field, protowire.BytesType), content)
}

func number(to []byte, field protowire.Number, value uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(to, field, protowire.VarintType), value)
}

// askedAbout reads a CheckRequest: attributes.request.http.
func askedAbout(check []byte) Received {
	asked := Received{Headers: http.Header{}}
	fields(check, func(n protowire.Number, attributes []byte) {
		fields(attributes, func(n protowire.Number, request []byte) {
			fields(request, func(http protowire.Number, content []byte) {
				if n == 4 && http == 2 {
					fields(content, asked.readAttribute)
				}
			})
		})
	})
	return asked
}

func (got *Received) readAttribute(n protowire.Number, content []byte) {
	switch int(n) {
	case 2:
		got.Method = string(content)
	case 3:
		var entry [3]string
		fields(content, func(n protowire.Number, text []byte) { entry[min(n, 2)] = string(text) })
		got.Headers.Set(entry[1], entry[2])
	case 4:
		got.Path = string(content)
	case 5:
		got.Host = string(content)
	case 11:
		got.Body = string(content)
	}
}

// fields visits the fields of a message that have a length; what is no message has none.
func fields(m []byte, visit func(protowire.Number, []byte)) {
	for len(m) > 0 {
		field, kind, n := protowire.ConsumeTag(m)
		if n < 0 {
			return
		}
		m = m[n:]
		if n = protowire.ConsumeFieldValue(field, kind, m); n < 0 {
			return
		}
		if kind == protowire.BytesType {
			content, _ := protowire.ConsumeBytes(m)
			visit(field, content)
		}
		m = m[n:]
	}
}
