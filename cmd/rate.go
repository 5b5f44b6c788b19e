package cmd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"absa/data"
	"absa/internal/ratings"
	"absa/trainer"
)

// rate is a call of the command.
type rate struct {
	labelFlags
	values map[string]string
}

func newRateCmd() *cobra.Command {
	r := rate{labelFlags: labelFlags{
		formats: []string{"auto", "jsonl", "csv"},
		outputs: []string{"table", "jsonl", "csv", "html"},
	}}
	c := &cobra.Command{
		Use:   "rate --checkpoint RUN --group-by FIELD [FILE ...|-]",
		Short: "Rate what reviews are about, aspect by aspect",
		Long: `Rate reads reviews from files or, without any or as "-", from stdin, cuts them into
sentences, labels these with a trained model, and tells for each group of reviews (a
product, a hotel, a month) and each aspect how many sentences mention it, the shares
of the polarities, a rating from 1 to 5 with its 95 % interval, and the sentences that
the model is surest of, for and against.

Input: csv with a header, or jsonl; --group-by names the column or key that says what a
review is about, --text-column that of its text. Memory grows with the groups, not with
the reviews.

Output (--output): table for people, jsonl and csv with a line per group and aspect,
html for a page that needs nothing else.

The rating is the mean over sentences of the value of their polarity: positive 5,
neutral and conflict 3, negative 1. --values gives others, and is needed for polarities
with other names. The interval (Wilson's) is about which sentences happened to be
written; it does not know how often the model is wrong. The confidence of the sentences
shown is calibrated by the run's temperature (absa calibrate); without one, rate says so.

A sentence counts for an aspect if the probability that it mentions it is at least
--threshold, for models that learned it (model.head.presence). For any other model
every sentence counts for every aspect, and rate says so.`,
		Example: `  absa rate --checkpoint checkpoints/mine --group-by hotel --text-column review stays.csv
  absa rate --checkpoint checkpoints/mine --group-by product --output html --out rating.html reviews.jsonl
  zcat reviews.jsonl.gz | absa rate --checkpoint checkpoints/mine --group-by business_id --output jsonl >ratings.jsonl
  absa rate --checkpoint checkpoints/own --group-by hotel --values good=5,so-so=3,bad=1 stays.csv`,
		RunE: func(c *cobra.Command, args []string) error {
			if err := r.check(); err != nil {
				return usageError{fmt.Errorf("%w (see %s --help)", err, c.CommandPath())}
			}
			return r.run(c, args)
		},
	}
	r.add(c)
	f := c.Flags()
	f.StringVar(&r.input.GroupBy, "group-by", "", "`name` of the CSV column, or the JSON key, that reviews are grouped by")
	f.StringToStringVar(&r.values, "values", nil, "value of each `polarity=value` from 1 to 5, as positive=5,neutral=3")
	return c
}

func (r *rate) check() error {
	switch {
	case r.model.Run == "":
		return errors.New("rate needs --checkpoint RUN, the folder of a trained model")
	case r.input.GroupBy == "":
		return errors.New("rate needs --group-by FIELD, the column or key that says what a review is about")
	}
	return r.labelFlags.check()
}

// scale is that of the model's polarities with the values given.
func (r *rate) scale(polarities []string) (ratings.Scale, error) {
	given := map[string]float64{}
	for name, text := range r.values {
		v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if err != nil {
			return ratings.Scale{}, fmt.Errorf("--values %s=%s: %q is no number", name, text, text)
		}
		given[strings.TrimSpace(name)] = v
	}
	s, err := ratings.NewScale(polarities, given)
	if err != nil {
		return s, fmt.Errorf("--values: %w", err)
	}
	return s, nil
}

func (r *rate) run(c *cobra.Command, paths []string) error {
	show := newProgress(c.ErrOrStderr(), r.quiet)
	defer show.close()
	model, err := r.open(c.Context(), show, "each sentence counts for all")
	if err != nil {
		return err
	}
	defer model.Close()
	scale, err := r.scale(model.Labels.Polarities)
	if err != nil {
		return usageError{err}
	}
	l := &tally{ctx: c.Context(), rate: r, model: model, show: show, ratings: ratings.New(model.Labels.Aspects, model.Labels.Polarities, scale)}
	l.ratings.Calibrated = model.Temperature != nil
	if err := l.files(c.InOrStdin(), paths); err != nil {
		return err
	}
	show.endBar()
	err = r.write(c, func(w io.Writer) error {
		b := bufio.NewWriter(w)
		return errors.Join(l.write(b), b.Flush())
	})
	return errors.Join(err, unread(l.bad, l.reviews, "reviews"))
}

// tally is a stream of reviews on its way to ratings.
type tally struct {
	ctx     context.Context
	rate    *rate
	model   *trainer.Predictor
	show    *progress
	ratings *ratings.Ratings

	reviews, bad, sentences int
}

func (l *tally) files(stdin io.Reader, paths []string) error {
	window := l.model.NewWindow(l.ctx, l.count)
	in := input{l.rate.input, l.rate.strict, l.show}
	// Nothing is said before the end, so nothing is to be done when idle.
	err := in.files(l.ctx, stdin, paths, func() error { return nil }, func(s data.Sentence) error { return l.review(window, s) })
	if err != nil {
		return err
	}
	return window.Flush()
}

// review puts the sentences of a review into the window.
func (l *tally) review(w *trainer.Window, s data.Sentence) error {
	l.reviews++
	if s.Err != nil {
		l.bad++
		l.show.note("%v", s.Err)
		return nil
	}
	l.ratings.Review(s.Group)
	for text := range data.SplitSentences(s.Text) {
		// A line that was wrapped is one to the reader.
		if err := w.Add(data.Sentence{ID: s.ID, Text: strings.ReplaceAll(text, "\n", " "), Group: s.Group}); err != nil {
			return err
		}
	}
	return nil
}

// count adds what the model says of sentences.
func (l *tally) count(sentences []data.Sentence, predictions []trainer.Prediction) error {
	for i, s := range sentences {
		l.ratings.Sentence(s.Group)
		for aspect, o := range predictions[i] {
			if o.Polarity == data.Absent || l.model.Presence && o.Presence < float32(l.rate.threshold) {
				continue
			}
			confidence := float64(o.Probabilities[o.Polarity])
			if l.model.Presence {
				confidence *= float64(o.Presence)
			}
			l.ratings.Add(s.Group, aspect, o.Polarity, ratings.Quote{ID: s.ID, Text: shortened(s.Text), Confidence: confidence})
		}
	}
	l.sentences += len(sentences)
	l.show.labelled(l.sentences, true)
	return nil
}
