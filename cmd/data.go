package cmd

import (
	"fmt"

	"github.com/spf13/cobra"

	"absa/configs"
	"absa/data"
)

func newDataCmd() *cobra.Command {
	c := &cobra.Command{
		Use:   "data",
		Short: "Check corpora and count their labels",
		Args:  arguments(subcommand),
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newDataStatsCmd())
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
counts the sentences with each label.`,
		Example: `  absa data stats sample
  absa data stats data/raw/semeval2014/Restaurants_Train_v2.xml
  absa data stats rooms.xml --set 'data.aspects=[room, staff]'`,
		Args: arguments(cobra.MinimumNArgs(1)),
		RunE: func(c *cobra.Command, files []string) error {
			loaded, err := load(config, set)
			if err != nil {
				return err
			}
			for _, file := range files {
				corpus, err := readCorpus(file, loaded.Config.Data)
				if err != nil {
					return err
				}
				if _, err := fmt.Fprintf(c.OutOrStdout(), "%s: %d sentences, %d labels, sha256 %s\n%v", file,
					len(corpus.Reviews), corpus.Statistics().Labels(), corpus.SHA256, corpus.Statistics()); err != nil {
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

// readCorpus reads a file, or the training side of the embedded corpus.
func readCorpus(path string, c configs.Data) (*data.Corpus, error) {
	if path == configs.Sample {
		c.Train = path
		return data.Train(c)
	}
	return data.Read(path, c)
}
