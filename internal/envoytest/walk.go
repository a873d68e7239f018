package envoytest

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/anypb"
)

// walk visits a message and every message below it, parents first, also what the Anys hold. visit may change what it
// gets: an Any is packed again when its content was changed. Fields are visited in no certain order.
func walk(m protoreflect.Message, visit func(protoreflect.Message) error) error {
	if packed, ok := m.Interface().(*anypb.Any); ok {
		return walkAny(packed, visit)
	}
	if err := visit(m); err != nil {
		return err
	}
	var err error
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.Message() == nil, f.IsMap() && f.MapValue().Message() == nil:
		case f.IsMap():
			v.Map().Range(func(_ protoreflect.MapKey, v protoreflect.Value) bool {
				err = walk(v.Message(), visit)
				return err == nil
			})
		case f.IsList():
			for i := 0; i < v.List().Len() && err == nil; i++ {
				err = walk(v.List().Get(i).Message(), visit)
			}
		default:
			err = walk(v.Message(), visit)
		}
		return err == nil
	})
	return err
}

func walkAny(packed *anypb.Any, visit func(protoreflect.Message) error) error {
	content, err := packed.UnmarshalNew()
	if err != nil {
		return err
	}
	before := proto.Clone(content)
	if err := walk(content.ProtoReflect(), visit); err != nil || proto.Equal(before, content) {
		return err
	}
	packed.Value, err = proto.MarshalOptions{Deterministic: true}.Marshal(content)
	return err
}
