package envoy

import (
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// Any packs a message. It is the only marshaller: deterministic, so that equal messages have equal bytes. The messages
// it is given are made by this library, and marshalling those cannot fail: their strings are valid UTF-8. If one did, no
// Envoy could read the result; an empty TLS context it would read, and trust everybody.
func Any(m proto.Message) *anypb.Any {
	a := &anypb.Any{}
	if err := anypb.MarshalFrom(a, m, proto.MarshalOptions{Deterministic: true}); err != nil {
		return &anypb.Any{TypeUrl: "type.googleapis.com/" + string(m.ProtoReflect().Descriptor().FullName()), Value: []byte{0xff}}
	}
	return a
}

// Extension is a named, typed extension configuration.
func Extension(name string, m proto.Message) *corev3.TypedExtensionConfig {
	return &corev3.TypedExtensionConfig{Name: name, TypedConfig: Any(m)}
}

// ADS says that a resource is found on the aggregated stream.
func ADS() *corev3.ConfigSource {
	return &corev3.ConfigSource{
		ConfigSourceSpecifier: &corev3.ConfigSource_Ads{Ads: &corev3.AggregatedConfigSource{}},
		ResourceApiVersion:    corev3.ApiVersion_V3,
	}
}

// ADSWithin is ADS with a limit to the time a resource is waited for.
func ADSWithin(timeout time.Duration) *corev3.ConfigSource {
	s := ADS()
	s.InitialFetchTimeout = durationpb.New(timeout)
	return s
}

// Bool wraps a value of an optional field.
func Bool(v bool) *wrapperspb.BoolValue { return wrapperspb.Bool(v) }

// Uint32 wraps a value of an optional field.
func Uint32(v uint32) *wrapperspb.UInt32Value { return wrapperspb.UInt32(v) }
