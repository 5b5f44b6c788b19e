package cmd

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"absa/configs"
	"absa/data"
)

func newDataSplitCmd() *cobra.Command {
	var (
		config, out string
		set         []string
		shares      data.Shares
	)
	c := &cobra.Command{
		Use:   "split --out FOLDER FILE",
		Short: "Divide a corpus into files to train and to test on",
		Long: `Split writes the sentences of a corpus to train and test, and valid if --validation
is given, in a new folder, with the ending and in the format of the file, whose lines
stay as they are. Every label (an aspect with a polarity) has its share on each side,
the rare ones first; with --set data.split_order=2 every pair of labels before it.
Sentences of one text, letter case and white space aside, stay on one side. The same
seed gives the same files.

Training holds sentences out for validation by itself (data.valid_fraction), so a
file for it is only needed to look at or for other programs.`,
		Example: `  absa data split --config hotel.yaml --test 0.2 --out hotel reviews.csv
  absa data split --test 0.1 --validation 0.1 --seed 2 --out parts reviews.xml`,
		Args: arguments(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, files []string) error {
			if out == "" {
				return usageError{errors.New("split needs --out FOLDER, a new folder for the files")}
			}
			if sum := shares.Test + shares.Validation; !(shares.Test >= 0 && shares.Validation >= 0 && sum > 0 && sum < 1) {
				return usageError{fmt.Errorf("split: --test %v and --validation %v, want shares from 0 on, above 0 and below 1 together", shares.Test, shares.Validation)}
			}
			loaded, err := load(config, set)
			if err != nil {
				return err
			}
			sides, err := data.SplitFile(c.Context(), files[0], loaded.Config, shares, out)
			if err != nil {
				return err
			}
			for _, s := range sides {
				if _, err := fmt.Fprintf(c.OutOrStdout(), "%s: %s, %s\n%v", s.Path, plural(s.Statistics.Sentences, "sentence"), plural(s.Statistics.Labels(), "label"), s.Statistics); err != nil {
					return err
				}
			}
			return nil
		},
	}
	f := c.Flags()
	f.StringVar(&out, "out", "", "`folder` of the files, new or empty")
	f.Float64Var(&shares.Test, "test", 0.2, "`share` of the sentences to test on")
	f.Float64Var(&shares.Validation, "validation", 0, "`share` of the sentences for a file to validate on")
	f.Int64Var(&shares.Seed, "seed", 1, "`seed` of the split")
	f.StringVarP(&config, "config", "c", configs.DefaultPreset, "`preset` or YAML file whose aspects and polarities hold")
	f.StringArrayVar(&set, "set", nil, "override a key: `key=value`; may be repeated")
	return c
}
