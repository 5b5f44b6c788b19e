package cmd

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"absa/internal/fetch"
)

func newFetchCmd() *cobra.Command {
	var (
		f           fetch.Fetcher
		list, quiet bool
	)
	c := &cobra.Command{
		Use:   "fetch NAME ...",
		Short: "Get real corpora, word vectors and an encoder",
		Long: `Fetch brings data that the program may not carry into data/raw, where the presets
look for it. Files are checked against their SHA-256; what is there already is left
alone, and an interrupted download goes on where it stopped.`,
		Example: `  absa fetch --list
  absa fetch semeval2014 glove-100d`,
		Args: arguments(cobra.ArbitraryArgs),
		RunE: func(c *cobra.Command, names []string) error {
			if list {
				return listSources(c.OutOrStdout(), f.Dir)
			}
			if len(names) == 0 {
				return usageError{errors.New("fetch needs a name: absa fetch --list shows what there is")}
			}
			for _, name := range names {
				if !known(name) {
					return usageError{fmt.Errorf("fetch: %q is not known: absa fetch --list shows what there is", name)}
				}
			}
			show := newProgress(c.ErrOrStderr(), quiet)
			f.Progress = func(file string, done, total int64) { show.advance(done, total, file, true) }
			f.Log = func(text string) {
				show.endBar()
				if !quiet {
					fmt.Fprintln(c.ErrOrStderr(), text)
				}
			}
			var failed error
			for _, name := range names {
				err := f.Fetch(c.Context(), name)
				show.close()
				if c.Context().Err() != nil {
					return err
				}
				failed = errors.Join(failed, err) // the others may be within reach
			}
			return failed
		},
	}
	c.Flags().BoolVar(&list, "list", false, "list what can be fetched, with its terms of use")
	c.Flags().StringVar(&f.Dir, "dir", fetch.DefaultDir, "`folder` of the data")
	c.Flags().BoolVar(&f.Force, "force", false, "replace files that differ")
	c.Flags().BoolVarP(&quiet, "quiet", "q", false, "no progress")
	return c
}

func known(name string) bool {
	for _, s := range fetch.Sources() {
		if s.Name == name {
			return true
		}
	}
	return false
}

func listSources(w io.Writer, dir string) error {
	for _, s := range fetch.Sources() {
		var files []string
		for _, file := range s.Files {
			files = append(files, fmt.Sprintf("%s/%s (%.1f MB)", strings.TrimSuffix(dir, "/"), file.Path, float64(file.Size)/1e6))
		}
		if _, err := fmt.Fprintf(w, "%s\n  %s\n  from:  %s\n  terms: %s\n  files: %s\n", s.Name, s.What, s.From, s.Terms, strings.Join(files, ", ")); err != nil {
			return err
		}
	}
	return nil
}
