package objects

import "unsafe"

// pieceSize in bytes: a few dozen routes.
const pieceSize = 64 << 10

// Pool hands out parts of few large slices: of all the time that a translation takes, allocating its many small things
// one by one would be the greater part. A piece lives as long as anything in it. The zero Pool is ready for use.
type Pool[T any] struct {
	piece []T
	used  int // counted, since moving a slice's start is a pointer write, which costs more while garbage is collected
}

// Take is n zero values in a row, nil if n is 0.
func (p *Pool[T]) Take(n int) []T {
	if n == 0 {
		return nil
	}
	if len(p.piece)-p.used < n {
		var t T
		p.piece, p.used = make([]T, max(n, pieceSize/int(unsafe.Sizeof(t)))), 0
	}
	p.used += n
	return p.piece[p.used-n : p.used : p.used]
}

// One is a zero value.
func (p *Pool[T]) One() *T { return &p.Take(1)[0] }
