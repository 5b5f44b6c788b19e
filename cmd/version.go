package cmd

import (
	"fmt"

	"github.com/spf13/cobra"

	"absa/trainer"
)

func newVersionCmd() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "version",
		Short: "Print the versions of absa, LibTorch and Go",
		Args:  arguments(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			v := trainer.CurrentVersions()
			if asJSON {
				return writeJSON(c.OutOrStdout(), v)
			}
			_, err := fmt.Fprintf(c.OutOrStdout(), "absa %s (LibTorch %s, %s)\n", v.Program, v.LibTorch, v.Go)
			return err
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON object")
	return c
}
