package cmd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"absa/data"
	"absa/internal/atomicfile"
	"absa/internal/runs"
	"absa/trainer"
)

// predict is a call of the command.
type predict struct {
	model       trainer.PredictOptions
	input       data.StreamOptions
	format      string // of the input
	output, out string
	threshold   float64
	all, strict bool
	explain     bool
	quiet       bool
}

func newPredictCmd() *cobra.Command {
	var p predict
	c := &cobra.Command{
		Use:   "predict --checkpoint RUN [FILE ...|-]",
		Short: "Label sentences with a trained model",
		Long: `Predict reads sentences from files or, without any or as "-", from stdin, and tells
for each aspect the polarity and the probability of every polarity. It reads and
writes as it goes: input of any size, in the same small memory, answers in the order
of the sentences. When no more input is ready, what has come is answered at once, so
a program can send a line and wait for its answer; at full flow batches fill.

Input (--format; auto goes by the file's ending, else by its first characters):
  text     a sentence per line
  jsonl    an object per line with "text" and, if there is one, "id"
  csv      a header, and the text in the column "text"
  semeval  the XML of SemEval-2014 task 4; labels in it are passed over
--text-column names another key of jsonl, or another column of csv.

Output (--output): table for people, jsonl for programs, csv and semeval for a corpus
to correct by hand. Where the model has learned which aspects a sentence mentions
(model.head.presence), only those are listed whose probability of being mentioned is
at least --threshold; --all lists the others too. Any other model has an opinion of
every aspect of every sentence, mentioned or not, and predict says so. In csv and
semeval, which are corpora to check, correct and train on, a blank sentence is left
out, and an id that repeats, like every one after the first million, has the
sentence's number added.

--explain tells for each aspect which words the answer rests on: by attention, the
share of each word in what the aspect's head reads, and by gradient × input, how much
each word speaks for the polarity (+) or against it (−). On a terminal the words are
coloured, otherwise (and with NO_COLOR) the weightiest are listed; jsonl has them all.

A line that is not UTF-8, has a NUL character, is longer than 1 MiB or malformed is
named on stderr with its number, gets an object with "error" in jsonl, and is passed
over; the exit status is then 1 at the end. --strict stops at the first one.

Probabilities are calibrated by the temperature that a run with a validation set has,
and any other run gets from absa calibrate; without one, predict says so.`,
		Example: `  echo "The staff was horrible, the bread was top notch." | absa predict --checkpoint checkpoints/mine
  absa predict --checkpoint checkpoints/mine --output jsonl --out labelled.jsonl reviews.txt more.csv
  absa predict --checkpoint checkpoints/mine --explain reviews.txt
  zcat reviews.jsonl.gz | absa predict --checkpoint checkpoints/mine --format jsonl --output csv >labelled.csv`,
		RunE: func(c *cobra.Command, args []string) error {
			if p.model.Run == "" {
				return usageError{errors.New("predict needs --checkpoint RUN, the folder of a trained model")}
			}
			if err := p.check(c); err != nil {
				return usageError{fmt.Errorf("%w (see %s --help)", err, c.CommandPath())}
			}
			return p.run(c, args)
		},
	}
	f := c.Flags()
	f.StringVar(&p.model.Run, "checkpoint", "", "`folder` of a run that ended, or of a checkpoint")
	f.StringVar(&p.format, "format", string(data.Auto), "of the input: auto, text, jsonl, csv or semeval")
	f.StringVar(&p.output, "output", "table", "table, jsonl, csv or semeval")
	f.StringVar(&p.out, "out", "", "write to this `file`, whole or not at all, instead of stdout")
	f.StringVar(&p.input.TextColumn, "text-column", "text", "`name` of the CSV column, or the JSON key, with the text")
	f.Float64Var(&p.threshold, "threshold", runs.Threshold, "least `probability` that an aspect is mentioned")
	f.BoolVar(&p.all, "all", false, "list aspects below the threshold too")
	f.BoolVar(&p.explain, "explain", false, "tell which words an answer rests on (table and jsonl)")
	f.IntVar(&p.model.BatchSize, "batch-size", 128, "`sentences` at a time")
	f.BoolVar(&p.strict, "strict", false, "stop at the first line that cannot be read")
	f.StringVar(&p.model.Device, "device", "", "auto, cpu, cuda or `cuda:N` (default: the run's)")
	f.IntVar(&p.model.Threads, "threads", 0, "`number` of threads (default: the run's)")
	f.BoolVarP(&p.quiet, "quiet", "q", false, "no notes, no progress, no messages about lines")
	return c
}

func (p *predict) check(c *cobra.Command) error {
	p.input.Format = data.Format(p.format)
	formats := []data.Format{data.Auto, data.Text, data.JSONL, data.CSV, data.SemEval}
	switch {
	case !slices.Contains(formats, p.input.Format):
		return fmt.Errorf("--format %q is none of auto, text, jsonl, csv, semeval", p.format)
	case !slices.Contains([]string{"table", "jsonl", "csv", "semeval"}, p.output):
		return fmt.Errorf("--output %q is none of table, jsonl, csv, semeval", p.output)
	case p.explain && p.output != "table" && p.output != "jsonl":
		return fmt.Errorf("--output %s has no place for --explain; table and jsonl have", p.output)
	case c.Flags().Changed("batch-size") && p.model.BatchSize < 1:
		return fmt.Errorf("--batch-size %d, want at least 1", p.model.BatchSize)
	case !(p.threshold >= 0 && p.threshold <= 1):
		return fmt.Errorf("--threshold %v, want 0 to 1", p.threshold)
	}
	return nil
}

func (p *predict) run(c *cobra.Command, paths []string) error {
	if _, err := os.Lstat(p.out); err == nil {
		return fmt.Errorf("--out %s: it is there already; remove it or choose another name", p.out)
	}
	show := newProgress(c.ErrOrStderr(), p.quiet)
	defer show.close()
	p.model.Report = show.event
	model, err := trainer.NewPredictor(p.model)
	if err != nil {
		return err
	}
	defer model.Close()
	if model.Alone {
		show.note("the answer of this model depends on the batch: it is given one sentence at a time")
	}
	if model.Temperature == nil {
		show.note("probabilities are not calibrated: %s", model.Uncalibrated)
	}
	if !model.Presence {
		show.note("this model does not tell which aspects a sentence mentions: all are listed (model.head.presence learns it)")
	}
	if len(paths) == 0 {
		paths = []string{"-"}
	}
	if p.out == "" {
		show.terminal = show.terminal && !isTerminal(c.OutOrStdout()) // a bar between answers
		l := p.label(c.Context(), model, c.OutOrStdout(), show)
		return errors.Join(l.files(c.InOrStdin(), paths), unread(l.bad, l.sentences, "sentences"))
	}
	var l *labelling
	err = atomicfile.Write(p.out, func(w io.Writer) error {
		l = p.label(c.Context(), model, w, show)
		return l.files(c.InOrStdin(), paths)
	})
	if err != nil {
		return err
	}
	return unread(l.bad, l.sentences, "sentences")
}

// labelling is a stream of sentences on its way to their answers.
type labelling struct {
	ctx     context.Context
	predict *predict
	model   *trainer.Predictor
	window  *trainer.Window
	show    *progress

	w       *bufio.Writer
	answers answers

	sentences, bad int
}

func (p *predict) label(ctx context.Context, model *trainer.Predictor, w io.Writer, show *progress) *labelling {
	l := &labelling{ctx: ctx, predict: p, model: model, show: show, w: bufio.NewWriter(w)}
	l.answers = newAnswers(p.output, l.w, listing{model: model, threshold: float32(p.threshold), all: p.all}, isTerminal(w) && colours())
	l.window = model.NewWindow(ctx, l.answer)
	return l
}

// files labels the sentences of files, one after the other.
func (l *labelling) files(stdin io.Reader, paths []string) error {
	if err := l.answers.begin(); err != nil {
		return err
	}
	in := input{l.predict.input, l.predict.strict, l.show}
	for _, path := range paths {
		err := in.file(l.ctx, stdin, path, len(paths) > 1, l.window.Flush, l.window.Add)
		// What came before an error is answered.
		if err := errors.Join(l.window.Flush(), err); err != nil {
			return err
		}
	}
	return errors.Join(l.answers.end(), l.w.Flush())
}

// answer writes what the model says of sentences.
func (l *labelling) answer(sentences []data.Sentence, predictions []trainer.Prediction) error {
	reasons := make([]why, len(sentences))
	if l.predict.explain {
		var err error
		if reasons, err = explain(l.ctx, l.model, sentences, predictions); err != nil {
			return err
		}
	}
	for i, s := range sentences {
		if s.Err != nil {
			l.bad++
			l.show.note("%v", s.Err)
		}
		if err := l.answers.sentence(s, predictions[i], reasons[i]); err != nil {
			return err
		}
	}
	l.sentences += len(sentences)
	l.show.labelled(l.sentences, false)
	return l.w.Flush()
}
