package data

import (
	"context"
	"io"
	"slices"
)

// Pieces that are read ahead, and the bytes of each.
const (
	aheadPieces = 4
	aheadBytes  = 1 << 16
)

// Ahead reads from r in a goroutine of its own, a quarter of a megabyte at most
// before it is asked for. When a Read finds nothing read yet, it calls idle
// before it waits: the time to answer what has come so far.
//
// The goroutine ends with r, or with ctx once a read that is under way returns.
func Ahead(ctx context.Context, r io.Reader, idle func() error) io.Reader {
	a := &ahead{ctx: ctx, idle: idle, pieces: make(chan piece, aheadPieces)}
	go a.run(r)
	return a
}

type piece struct {
	bytes []byte
	err   error
}

type ahead struct {
	ctx    context.Context
	idle   func() error
	pieces chan piece
	now    piece
}

func (a *ahead) run(r io.Reader) {
	buffer := make([]byte, aheadBytes)
	for {
		n, err := r.Read(buffer)
		select {
		case a.pieces <- piece{slices.Clone(buffer[:n]), err}:
		case <-a.ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

func (a *ahead) Read(to []byte) (int, error) {
	for len(a.now.bytes) == 0 {
		if a.now.err != nil {
			return 0, a.now.err
		}
		if err := a.receive(); err != nil {
			return 0, err
		}
	}
	n := copy(to, a.now.bytes)
	a.now.bytes = a.now.bytes[n:]
	return n, nil
}

// receive takes the next piece.
func (a *ahead) receive() error {
	select {
	case a.now = <-a.pieces:
		return nil
	default:
	}
	if err := a.idle(); err != nil {
		return err
	}
	select {
	case a.now = <-a.pieces:
		return nil
	case <-a.ctx.Done():
		return context.Cause(a.ctx)
	}
}
