package cmd

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"absa/trainer"
)

// mostLines is how many differences of a file are printed without --all.
const mostLines = 12

func newCheckpointsDiffCmd() *cobra.Command {
	var asJSON, all bool
	c := &cobra.Command{
		Use:   "diff A B",
		Short: "Compare two checkpoints or runs",
		Long: `Diff compares two checkpoints, runs or averages: settings, position and state, labels,
vocabulary, and every tensor. A run that has ended stands for its tested weights and
result, any other for its newest complete checkpoint. Of a tensor it says how many
values differ in a bit, the largest |a-b|, and the largest |a-b|/max(|a|,|b|). It
prints the first differences of each file; --all and --json have no such limit. Times
and speeds are not compared.

The exit status is 0 when they are equal, tensors bit by bit, and 1 when they differ
or cannot be read.`,
		Example: `  absa checkpoints diff checkpoints/mine checkpoints/yours
  absa checkpoints diff checkpoints/mine/checkpoints/step-00000038 checkpoints/mine/checkpoints/step-00000076`,
		Args: arguments(cobra.ExactArgs(2)),
		RunE: func(c *cobra.Command, args []string) error {
			a, err := locate(args[0], c.ErrOrStderr())
			if err != nil {
				return err
			}
			b, err := locate(args[1], c.ErrOrStderr())
			if err != nil {
				return err
			}
			d, err := trainer.Compare(a, b)
			if err != nil {
				return err
			}
			if asJSON {
				err = writeJSON(c.OutOrStdout(), d)
			} else {
				err = printDiff(c.OutOrStdout(), d, all)
			}
			if err == nil && !d.Same() {
				err = fmt.Errorf("%s and %s differ", d.A, d.B)
			}
			return err
		},
	}
	c.Flags().BoolVar(&all, "all", false, "print all differences")
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON object, with all differences")
	return c
}

func printDiff(out io.Writer, d *trainer.Comparison, all bool) error {
	if d.Same() {
		_, err := fmt.Fprintf(out, "equal, bit by bit: %s, settings, state, labels and vocabulary\n", plural(d.Equal, "tensor"))
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "A\t%s\nB\t%s\n", d.A, d.B)
	if len(d.Differences) > 0 {
		fmt.Fprintf(w, "\nfile\twhat\tA\tB\n")
	}
	lines := limit(w, all, "\t\t")
	for _, x := range d.Differences {
		lines(x.Part, fmt.Sprintf("%s\t%s\t%s", x.Key, x.A, x.B))
	}
	lines("", "")
	if len(d.Tensors) > 0 {
		fmt.Fprintf(w, "\nfile\ttensor\tvalues that differ\tlargest |a-b|\tlargest |a-b|/max(|a|,|b|)\n")
	}
	lines = limit(w, all, "\t\t\t")
	for _, t := range d.Tensors {
		lines(t.Part, t.Name+"\t"+tensorDiff(t))
	}
	lines("", "")
	fmt.Fprintf(w, "\ntensors: %d differ, %d are equal, bit by bit\n", len(d.Tensors), d.Equal)
	return w.Flush()
}

func tensorDiff(t trainer.TensorDifference) string {
	if !t.Compared() {
		return fmt.Sprintf("A: %s, B: %s\t\t", t.A, t.B)
	}
	infinite := ""
	if t.Infinite > 0 {
		infinite = fmt.Sprintf(", %d not finite", t.Infinite)
	}
	return fmt.Sprintf("%d of %d%s\t%.3g\t%.3g", t.Differ, t.Values, infinite, t.Absolute, t.Relative)
}

// limit returns a function that prints the lines of files, one file after the
// other, but of each no more than mostLines unless all are wanted. The file ""
// ends the last one. Rest is the cells of a line behind the second.
func limit(w io.Writer, all bool, rest string) func(file, line string) {
	at, n := "", 0
	return func(file, line string) {
		if file != at {
			if n > mostLines && !all {
				fmt.Fprintf(w, "%s\tand %d more (--all)%s\n", at, n-mostLines, rest)
			}
			at, n = file, 0
		}
		if n++; file != "" && (all || n <= mostLines) {
			fmt.Fprintf(w, "%s\t%s\n", file, line)
		}
	}
}
