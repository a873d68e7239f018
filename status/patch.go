package status

import (
	"bytes"
	"encoding/json"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Patch returns the smallest JSON merge patch (RFC 7386) for the status subresource that brings an object to its desired
// status, or nil when there is nothing to write.
//
// Object is the object as read and existing its status, within it: for a route &route.Status.RouteStatus. The patch
// holds the fields of the status that differ after [Merge], lists in whole, together with the object's resourceVersion:
// when someone has written in between, the API server answers with a conflict, and the host reads and tries again. So no
// entry of another controller is ever lost. An object without a resourceVersion, which came from no API server, gives a
// patch without that guard.
//
// Nothing is written either when the object's generation is not the one that want was computed from: then one of the
// two is stale, and the next translation, or the next read, brings the status.
//
// To write by Update instead, put the status that Merge returns into a copy of the object; its resourceVersion guards it
// in the same way.
func Patch[S Status](object metav1.Object, existing *S, want *Desired[S], now metav1.Time) []byte {
	if object == nil || want == nil || object.GetGeneration() != want.Generation {
		return nil
	}
	if existing == nil {
		existing = new(S)
	}
	merged := merge(existing, want, now)
	if merged == nil {
		return nil
	}
	var p struct {
		Metadata struct {
			ResourceVersion string `json:"resourceVersion"`
		} `json:"metadata,omitzero"`
		Status map[string]json.RawMessage `json:"status"`
	}
	p.Metadata.ResourceVersion = object.GetResourceVersion()
	p.Status = difference(existing, merged)
	return encode(p)
}

// encode has no error to return: the statuses are plain data.
func encode(v any) []byte {
	data, _ := json.Marshal(v)
	return data
}

// difference returns the fields of to that are not those of from, and null for those that it lacks.
func difference[S Status](from, to *S) map[string]json.RawMessage {
	old, fields := fieldsOfStatus(from), fieldsOfStatus(to)
	for name, value := range fields {
		if bytes.Equal(old[name], value) {
			delete(fields, name)
		}
		delete(old, name)
	}
	for name := range old {
		fields[name] = json.RawMessage("null")
	}
	return fields
}

func fieldsOfStatus(status any) (fields map[string]json.RawMessage) {
	_ = json.Unmarshal(encode(status), &fields) // what encode has written
	return fields
}
