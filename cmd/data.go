package cmd

import (
	"fmt"

	"github.com/spf13/cobra"

	"absa/configs"
	"absa/data"
	"absa/trainer"
)

func newDataCmd() *cobra.Command {
	c := &cobra.Command{
		Use:   "data",
		Short: "Check, count, divide and convert corpora",
		Long: `A corpus is a file of sentences and their labels: SemEval XML (of 2014, 2015 or 2016),
JSON lines or CSV. These commands find what is wrong with one, count its labels, divide
it, write it in another format, and make one up.`,
		Example: `  absa data check --config hotel.yaml reviews.csv     all that is wrong, by line
  absa data split --config hotel.yaml --out hotel reviews.csv
  absa data convert reviews.csv reviews.xml`,
		Args: arguments(subcommand),
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newDataCheckCmd(), newDataStatsCmd(), newDataSplitCmd(), newDataConvertCmd(), newDataGenerateCmd())
	return c
}

func newDataStatsCmd() *cobra.Command {
	var (
		config string
		set    []string
	)
	c := &cobra.Command{
		Use:   "stats FILE|sample ...",
		Short: "Count the labels of corpora, by aspect",
		Long: `Stats reads each corpus as training would, so it finds what is wrong with it
(malformed XML, aspects and polarities that the configuration does not know), and
counts the sentences with each label. The first error ends it; absa data check lists
them all.`,
		Example: `  absa data stats sample
  absa data stats data/raw/semeval2014/Restaurants_Train_v2.xml
  absa data stats rooms.xml --set 'data.aspects=[room, staff]'
  absa data stats mams.xml --set 'data.categories=[{category: staff, aspect: service}]'`,
		Args: arguments(cobra.MinimumNArgs(1)),
		RunE: func(c *cobra.Command, files []string) error {
			loaded, err := load(config, set)
			if err != nil {
				return err
			}
			for _, file := range files {
				if err := printStatistics(c, file, loaded.Config); err != nil {
					return err
				}
			}
			return nil
		},
	}
	c.Flags().StringVarP(&config, "config", "c", configs.DefaultPreset, "`preset` or YAML file whose aspects and polarities hold")
	c.Flags().StringArrayVar(&set, "set", nil, "override a key: `key=value`; may be repeated")
	return c
}

// printStatistics counts the labels of a file, or of the training side of the
// embedded corpus.
func printStatistics(c *cobra.Command, path string, cfg configs.Config) error {
	set, err := openCorpus(c, path, cfg)
	if err != nil {
		return err
	}
	defer set.Close()
	table := set.Statistics(set.All())
	_, err = fmt.Fprintf(c.OutOrStdout(), "%s: %d sentences, %d labels, sha256 %s\n%v", path, set.Len(), table.Labels(), set.SHA256(), table)
	return err
}

func openCorpus(c *cobra.Command, path string, cfg configs.Config) (*data.Set, error) {
	show := newProgress(c.ErrOrStderr(), false)
	defer show.close()
	o := data.OpenOptions{Progress: func(done, total int64) {
		show.event(trainer.CorpusRead{Path: path, Done: done, Total: total})
	}}
	if path == configs.Sample {
		cfg.Data.Train = path
		return data.OpenTrain(c.Context(), cfg, o)
	}
	return data.Open(c.Context(), path, cfg, o)
}
