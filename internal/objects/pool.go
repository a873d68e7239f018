package objects

import "unsafe"

// Each piece is twice as long as the one before, from so many values up to so many bytes: a handful of routes costs
// little, and ten thousand few allocations.
const (
	firstPiece = 8
	maxPiece   = 128 << 10
)

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
		size := min(max(firstPiece, 2*len(p.piece)), maxPiece/int(unsafe.Sizeof(t)))
		p.piece, p.used = make([]T, max(n, size)), 0
	}
	p.used += n
	return p.piece[p.used-n : p.used : p.used]
}

// One is a zero value.
func (p *Pool[T]) One() *T { return &p.Take(1)[0] }
