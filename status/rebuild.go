package status

import "slices"

// rebuilt is a list built from another one. As long as it is a prefix of that one it is no copy: a list rebuilt as it
// was costs no allocation and is the very same.
type rebuilt[T any] struct {
	from   []T
	prefix int // elements of from that the list begins with, while it is not copied
	to     []T
	copied bool
}

func rebuild[T any](from []T) rebuilt[T] { return rebuilt[T]{from: from} }

// keep appends element i of the old list.
func (r *rebuilt[T]) keep(i int) {
	if !r.copied && i == r.prefix {
		r.prefix++
		return
	}
	r.add(r.from[i])
}

// add appends an element that is not in the old list.
func (r *rebuilt[T]) add(element T) { r.insert(len(r.list()), element) }

// insert puts an element that is not in the old list before the one at index at.
func (r *rebuilt[T]) insert(at int, element T) {
	r.copy()
	r.to = slices.Insert(r.to, at, element)
}

func (r *rebuilt[T]) copy() {
	if !r.copied {
		r.to = append(make([]T, 0, len(r.from)+1), r.from[:r.prefix]...)
		r.copied = true
	}
}

// list returns what has been built so far.
func (r *rebuilt[T]) list() []T {
	if r.copied {
		return r.to
	}
	return r.from[:r.prefix]
}

// done returns the list and whether it differs from the old one. A list that does is never nil, so that its JSON is [],
// where a CRD demands a list.
func (r *rebuilt[T]) done() ([]T, bool) {
	if r.prefix < len(r.from) {
		r.copy()
	}
	if r.copied {
		return r.to, true
	}
	return r.from, false
}
