package cmd

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"absa/trainer"
)

// mostLines is how many differences of a file are printed.
const mostLines = 12

func newCheckpointsDiffCmd() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "diff A B",
		Short: "Compare two checkpoints or runs",
		Long: `Diff compares two checkpoints, runs or averages: settings, position and state, labels,
vocabulary, and every tensor. A run that has ended stands for its tested weights and
result, any other for its newest complete checkpoint. Of a tensor it says how many
values differ in a bit, the largest |a-b|, and the largest |a-b|/max(|a|,|b|). Times
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
				err = printDiff(c.OutOrStdout(), d)
			}
			if err == nil && !d.Same() {
				err = fmt.Errorf("%s and %s differ", d.A, d.B)
			}
			return err
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON object, with all differences")
	return c
}

func printDiff(out io.Writer, d *trainer.Comparison) error {
	if d.Same() {
		_, err := fmt.Fprintf(out, "equal, bit by bit: %s, settings, state, labels and vocabulary\n", plural(d.Equal, "tensor"))
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "A\t%s\nB\t%s\n", d.A, d.B)
	if len(d.Differences) > 0 {
		fmt.Fprintf(w, "\nfile\twhat\tA\tB\n")
	}
	lines := map[string]int{}
	for i, x := range d.Differences {
		lines[x.Part]++
		if lines[x.Part] <= mostLines {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", x.Part, x.Key, x.A, x.B)
		}
		last := i+1 == len(d.Differences) || d.Differences[i+1].Part != x.Part
		if more := lines[x.Part] - mostLines; last && more > 0 {
			fmt.Fprintf(w, "%s\tand %d more (--json has all)\n", x.Part, more)
		}
	}
	if len(d.Tensors) > 0 {
		fmt.Fprintf(w, "\nfile\ttensor\tvalues that differ\tlargest |a-b|\tlargest |a-b|/max(|a|,|b|)\n")
	}
	for _, t := range d.Tensors {
		if !t.Compared() {
			fmt.Fprintf(w, "%s\t%s\tA: %s, B: %s\n", t.Part, t.Name, t.A, t.B)
			continue
		}
		infinite := ""
		if t.Infinite > 0 {
			infinite = fmt.Sprintf(", %d not finite", t.Infinite)
		}
		fmt.Fprintf(w, "%s\t%s\t%d of %d%s\t%.3g\t%.3g\n", t.Part, t.Name, t.Differ, t.Values, infinite, t.Absolute, t.Relative)
	}
	fmt.Fprintf(w, "\n%s differ, %d are equal, bit by bit\n", plural(len(d.Tensors), "tensor"), d.Equal)
	return w.Flush()
}
