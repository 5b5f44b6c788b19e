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
		Short: "Look at corpora",
		Args:  arguments(cobra.NoArgs),
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
		Example: `  absa data stats sample
  absa data stats data/raw/semeval2014/Restaurants_Train_v2.xml`,
		Args: arguments(cobra.MinimumNArgs(1)),
		RunE: func(c *cobra.Command, files []string) error {
			loaded, err := load(config, set)
			if err != nil {
				return err
			}
			for _, file := range files {
				d := loaded.Config.Data
				d.Train = file
				corpus, err := data.Train(d)
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
	c.Flags().StringVarP(&config, "config", "c", configs.DefaultPreset, "whose aspects and polarities")
	c.Flags().StringArrayVar(&set, "set", nil, "override a key: key=value")
	return c
}
