package cmd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"absa/data"
	"absa/trainer"
)

// predict is a call of the command.
type predict struct {
	labelFlags
	all, explain bool
}

func newPredictCmd() *cobra.Command {
	p := predict{labelFlags: labelFlags{
		formats: []string{"auto", "text", "jsonl", "csv", "semeval"},
		outputs: []string{"table", "jsonl", "csv", "semeval"},
	}}
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
			if err := p.check(); err != nil {
				return usageError{fmt.Errorf("%w (see %s --help)", err, c.CommandPath())}
			}
			return p.run(c, args)
		},
	}
	p.add(c)
	f := c.Flags()
	f.BoolVar(&p.all, "all", false, "list aspects below the threshold too")
	f.BoolVar(&p.explain, "explain", false, "tell which words an answer rests on (table and jsonl)")
	return c
}

func (p *predict) check() error {
	if p.explain && (p.output == "csv" || p.output == "semeval") {
		return fmt.Errorf("--output %s has no place for --explain; table and jsonl have", p.output)
	}
	return p.labelFlags.check()
}

func (p *predict) run(c *cobra.Command, paths []string) error {
	show := newProgress(c.ErrOrStderr(), p.quiet)
	defer show.close()
	model, err := p.open(c.Context(), show, "all are listed")
	if err != nil {
		return err
	}
	defer model.Close()
	if p.out == "" {
		show.terminal = show.terminal && !isTerminal(c.OutOrStdout()) // a bar between answers
	}
	l := &labelling{ctx: c.Context(), predict: p, model: model, show: show}
	err = p.write(c, func(w io.Writer) error {
		l.to(w)
		return l.files(c.InOrStdin(), paths)
	})
	return errors.Join(err, unread(l.bad, l.sentences, "sentences"))
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

// to has the answers written to w.
func (l *labelling) to(w io.Writer) {
	l.w = bufio.NewWriter(w)
	listing := listing{model: l.model, threshold: float32(l.predict.threshold), all: l.predict.all}
	l.answers = newAnswers(l.predict.output, l.w, listing, isTerminal(w) && colours())
	l.window = l.model.NewWindow(l.ctx, l.answer)
}

// files labels the sentences of files, one after the other.
func (l *labelling) files(stdin io.Reader, paths []string) error {
	if err := l.answers.begin(); err != nil {
		return err
	}
	in := input{l.predict.input, l.predict.strict, l.show}
	err := in.files(l.ctx, stdin, paths, l.window.Flush, l.window.Add)
	// What came before an error is answered.
	if err := errors.Join(l.window.Flush(), err); err != nil {
		return err
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
