package objects

import "sync/atomic"

// Unit is a pure function of (reader, key), computed once per key and reader. All it knows of the input goes through
// the reader, so that what it read says when its output can change.
type Unit[K comparable, V any] struct {
	name string
	id   int32
	run  func(*Reader, K) V
	// A key that stands for a route or a Service is remembered in a place for that, which is faster than a map.
	route   func(K) RouteID
	service func(K) ServiceID
}

// units counts the units and locals of the program, all of which are made while packages are initialised.
var units atomic.Int32

// NewUnit names a function. The name is what traces show. It is for variables of packages only.
func NewUnit[K comparable, V any](name string, run func(*Reader, K) V) *Unit[K, V] {
	return &Unit[K, V]{name: name, id: units.Add(1) - 1, run: run}
}

// PerRoute says which route a key stands for. The first key to stand for it is remembered in a place of its own.
func (u *Unit[K, V]) PerRoute(route func(K) RouteID) *Unit[K, V] {
	u.route = route
	return u
}

// PerService is PerRoute for Services.
func (u *Unit[K, V]) PerService(service func(K) ServiceID) *Unit[K, V] {
	u.service = service
	return u
}

// ByRoute is for units whose key is a route and nothing else.
func ByRoute(id RouteID) RouteID { return id }

// memory is the outputs of one unit.
type memory[K comparable, V any] struct {
	places []output[K, V]
	others map[K]V
}

type output[K comparable, V any] struct {
	key   K
	value V
	known bool
}

// Get is the unit's output for a key.
func (u *Unit[K, V]) Get(r *Reader, k K) V {
	m, ok := r.memo[u.id].(*memory[K, V])
	if !ok {
		m = u.remember(r)
	}
	if i := u.place(k); i >= 0 {
		at := &m.places[i]
		if !at.known {
			v := u.compute(r, k)
			*at = output[K, V]{key: k, value: v, known: true}
			return v
		}
		if at.key == k {
			return u.again(r, k, at.value)
		}
	}
	v, ok := m.others[k]
	if !ok {
		v = u.compute(r, k)
		m.others[k] = v
		return v
	}
	return u.again(r, k, v)
}

// place is that of a key, -1 if it has none.
func (u *Unit[K, V]) place(k K) int {
	switch {
	case u.route != nil:
		return int(u.route(k))
	case u.service != nil:
		return int(u.service(k)) // 0, which is nobody's, has a place like any other
	}
	return -1
}

// remember makes the unit's memory.
func (u *Unit[K, V]) remember(r *Reader) *memory[K, V] {
	m := &memory[K, V]{others: map[K]V{}}
	switch {
	case u.route != nil:
		m.places = make([]output[K, V], len(r.index.routes))
	case u.service != nil:
		m.places = make([]output[K, V], len(r.index.ids.names))
	}
	r.memo[u.id] = m
	return m
}

// again is an output that was computed before.
func (u *Unit[K, V]) again(r *Reader, k K, v V) V {
	if r.trace != nil {
		r.trace.reuse(RunID{Unit: u.name, Key: k})
	}
	return v
}

func (u *Unit[K, V]) compute(r *Reader, k K) V {
	if r.trace == nil {
		return u.run(r, k)
	}
	r.trace.enter(RunID{Unit: u.name, Key: k})
	v := u.run(r, k)
	r.trace.leave(v)
	return v
}

// Local is a value of which each reader has one: room that units work in, no output of theirs.
type Local[T any] struct{ id int32 }

// NewLocal is for variables of packages only.
func NewLocal[T any]() Local[T] { return Local[T]{id: units.Add(1) - 1} }

// Get is the reader's value, at first zero.
func (l Local[T]) Get(r *Reader) *T {
	v, ok := r.memo[l.id].(*T)
	if !ok {
		v = new(T)
		r.memo[l.id] = v
	}
	return v
}

// RunID names one run of a unit.
type RunID struct {
	Unit string
	Key  any
}

// Run is one run of a unit: its output and all that it read, itself or through other units.
type Run struct {
	RunID
	Output any
	Reads  map[Read]bool
}

// Trace is what a reader recorded, each run after those it called.
type Trace struct {
	Runs  []*Run
	done  map[RunID]*Run
	stack []*Run
}

func (t *Trace) read(read Read) {
	if n := len(t.stack); n > 0 {
		t.stack[n-1].Reads[read] = true
	}
}

func (t *Trace) enter(id RunID) {
	t.stack = append(t.stack, &Run{RunID: id, Reads: map[Read]bool{}})
}

func (t *Trace) leave(output any) {
	n := len(t.stack) - 1
	run := t.stack[n]
	run.Output = output
	t.stack = t.stack[:n]
	t.Runs = append(t.Runs, run)
	if t.done == nil {
		t.done = map[RunID]*Run{}
	}
	t.done[run.RunID] = run
	t.inherit(run)
}

func (t *Trace) reuse(id RunID) { t.inherit(t.done[id]) }

// inherit adds what a finished run read to the run that called it.
func (t *Trace) inherit(run *Run) {
	n := len(t.stack)
	if n == 0 {
		return
	}
	for read := range run.Reads {
		t.stack[n-1].Reads[read] = true
	}
}

// Find is the run of that identity, or nil.
func (t *Trace) Find(id RunID) *Run { return t.done[id] }
