package cmd

import (
	"context"
	"fmt"
	"io"
	"os"

	"absa/data"
)

// input is how a command reads sentences or reviews.
type input struct {
	stream data.StreamOptions
	strict bool // end at the first that cannot be used
	show   *progress
}

// files calls use for each sentence of files, of stdin where a path is "-" or there
// is none. idle is called when no more is ready.
func (in input) files(ctx context.Context, stdin io.Reader, paths []string, idle func() error, use func(data.Sentence) error) error {
	if len(paths) == 0 {
		paths = []string{"-"}
	}
	for _, path := range paths {
		if err := in.file(ctx, stdin, path, len(paths) > 1, idle, use); err != nil {
			return err
		}
	}
	return nil
}

func (in input) file(ctx context.Context, stdin io.Reader, path string, several bool, idle func() error, use func(data.Sentence) error) error {
	name, r := "stdin", stdin
	if path == "-" && isTerminal(stdin) {
		in.show.note("reading from the terminal; Ctrl-D ends")
	}
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		name, r = path, f
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for s, err := range data.Stream(name, data.Ahead(ctx, r, idle), in.stream) {
		if err != nil {
			return err
		}
		if several {
			s.ID = s.File + ":" + s.ID
		}
		if s.Err != nil && in.strict {
			return s.Err
		}
		if err := use(s); err != nil {
			return err
		}
	}
	return nil
}

// unread says how many of what was read could not be used, if any.
func unread(bad, all int, what string) error {
	if bad == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d %s could not be read", bad, all, what)
}
