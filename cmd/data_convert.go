package cmd

import (
	"cmp"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"absa/data"
	"absa/internal/atomicfile"
)

func newDataConvertCmd() *cobra.Command {
	var from, to string
	c := &cobra.Command{
		Use:   "convert IN OUT",
		Short: "Write a corpus as SemEval-2014 XML, JSON lines or CSV",
		Long: `Convert writes the sentences of a corpus, with their ids and labels, in another
format. The endings of the names say which (.xml, .jsonl, .csv), or --from and --to
(semeval, jsonl, csv). It needs no configuration: aspects and polarities stay as they
are called. Aspect terms are in XML only and are left out of the others. Opinions of
one category, as SemEval-2015 and 2016 have them, become one label: equal ones that,
positive and negative conflict, and neutral yields to the other. To CSV, whose header
has the aspects, IN is read twice, so it cannot be a pipe. A file that is there stays
as it is, and OUT is whole or not there.`,
		Example: `  absa data convert reviews.csv reviews.xml
  absa data convert data/raw/semeval2014/Restaurants_Train_v2.xml train.jsonl
  absa data convert ABSA16_Restaurants_Train_SB1_v2.xml train16.csv
  absa data convert --to csv labelled.jsonl labelled.txt`,
		Args: arguments(cobra.ExactArgs(2)),
		RunE: func(c *cobra.Command, files []string) error {
			in, out := files[0], files[1]
			x := data.Reformatting{
				From: data.Format(cmp.Or(from, string(data.Auto))),
				To:   cmp.Or(data.Format(to), data.FormatOf(out)),
			}
			for _, f := range []data.Format{x.From, x.To} {
				switch f {
				case data.Auto, data.JSONL, data.CSV, data.SemEval:
				case "":
					return usageError{fmt.Errorf("convert to %s: its name ends in none of .xml, .jsonl, .csv; give --to", out)}
				default:
					return usageError{fmt.Errorf("convert: format %q is none of jsonl, csv, semeval", f)}
				}
			}
			if _, err := os.Lstat(out); err == nil { // before the work, and again after it
				return fmt.Errorf("convert to %s: %w", out, fs.ErrExist)
			}
			if err := atomicfile.Write(out, func(w io.Writer) error { return x.Write(c.Context(), in, w) }); err != nil {
				return err
			}
			left := ""
			if x.Terms > 0 {
				left = fmt.Sprintf("; %s left out, which only XML has", plural(x.Terms, "aspect term"))
			}
			_, err := fmt.Fprintf(c.OutOrStdout(), "%s: %s%s\n", out, plural(x.Sentences, "sentence"), left)
			return err
		},
	}
	c.Flags().StringVar(&from, "from", "", "`format` of IN: semeval, jsonl or csv (default: by its name and beginning)")
	c.Flags().StringVar(&to, "to", "", "`format` of OUT: semeval, jsonl or csv (default: by its name)")
	return c
}
