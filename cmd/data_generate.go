package cmd

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"absa/configs"
	"absa/data"
	"absa/internal/atomicfile"
)

func newDataGenerateCmd() *cobra.Command {
	var (
		config string
		set    []string
		quiet  bool
		s      data.Synthetic
	)
	c := &cobra.Command{
		Use:   "generate FILE.xml|FILE.jsonl",
		Short: "Make up a corpus of any size",
		Long: `Generate writes a corpus of made-up sentences, to see what training on a corpus of
that size takes: SemEval-2014 XML, or a sentence as JSON in each line. Words follow
Zipf's law, and labels follow words, so that there is something to learn. The same
seed gives the same file. A file that is there stays as it is.`,
		Example: `  absa data generate --sentences 100000 made.xml
  absa data generate --sentences 5000000 --seed 2 made.jsonl`,
		Args: arguments(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, files []string) error {
			path := files[0]
			s.Lines = strings.HasSuffix(path, ".jsonl")
			if !s.Lines && !strings.HasSuffix(path, ".xml") {
				return usageError{fmt.Errorf("generate %s: its name says neither .xml nor .jsonl", path)}
			}
			if s.Sentences < 1 {
				return usageError{errors.New("generate: --sentences must be at least 1")}
			}
			loaded, err := load(config, set)
			if err != nil {
				return err
			}
			s.Data = loaded.Config.Data
			if _, err := os.Lstat(path); err == nil { // before the work, and again after it
				return fmt.Errorf("generate %s: %w", path, fs.ErrExist)
			}
			show := newProgress(c.ErrOrStderr(), quiet)
			defer show.close()
			return atomicfile.Write(path, func(w io.Writer) error {
				return s.Write(c.Context(), w, func(done int) {
					if !quiet {
						show.advance(int64(done), int64(s.Sentences), "writing "+path, false)
					}
				})
			})
		},
	}
	f := c.Flags()
	f.IntVarP(&s.Sentences, "sentences", "n", 100000, "`number` of sentences")
	f.Int64Var(&s.Seed, "seed", 1, "`seed` of what is made up")
	f.StringVarP(&config, "config", "c", configs.DefaultPreset, "`preset` or YAML file whose aspects and polarities hold")
	f.StringArrayVar(&set, "set", nil, "override a key: `key=value`; may be repeated")
	f.BoolVarP(&quiet, "quiet", "q", false, "no progress")
	return c
}
