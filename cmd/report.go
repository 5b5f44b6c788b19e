package cmd

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"absa/internal/atomicfile"
	"absa/internal/report"
	"absa/internal/runs"
)

func newReportCmd() *cobra.Command {
	var out string
	c := &cobra.Command{
		Use:   "report RUN [RUN…]",
		Short: "Lay out runs as one HTML page",
		Long: `Report writes one HTML file that needs nothing else: learning curves, accuracy by
aspect beside the majority class, confusion matrices, calibration, accuracy by sentence
length, the most confident mistakes, configuration and versions. Of several runs it first
shows side by side what they differ in, with the interval of the difference in accuracy
where they were tested on the same sentences.

A run that has not ended shows its learning curves. A run's own page, RUN/report.html,
is made anew; any other file that is there already is left as it is.`,
		Example: `  absa report checkpoints/mine
  absa report checkpoints/seed-1 checkpoints/seed-2 --out seeds.html`,
		Args: arguments(cobra.MinimumNArgs(1)),
		RunE: func(c *cobra.Command, dirs []string) error {
			own := filepath.Join(dirs[0], runs.ReportFile)
			if out == "" {
				out = runs.ReportFile
				if len(dirs) == 1 {
					out = own
				}
			}
			write := atomicfile.Replace
			if len(dirs) > 1 || filepath.Clean(out) != own {
				write = atomicfile.Write
				if _, err := os.Lstat(out); err == nil {
					return fmt.Errorf("--out %s: it is there already; remove it or choose another name", out)
				}
			}
			var list []*report.Run
			for _, dir := range dirs {
				r, err := report.Read(dir)
				if err != nil {
					return err
				}
				list = append(list, r)
			}
			if err := write(out, func(w io.Writer) error { return report.Write(w, list) }); err != nil {
				return err
			}
			_, err := fmt.Fprintln(c.OutOrStdout(), out)
			return err
		},
	}
	c.Flags().StringVarP(&out, "out", "o", "", "`file` to write (default report.html, in the run folder where there is one run)")
	return c
}
