package trainer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"absa/configs"
	"absa/data"
	"absa/internal/runs"
	"absa/internal/torch"
	"absa/models"
)

// Auxiliary is a corpus to train on beside the main one (train.auxiliary).
type Auxiliary struct {
	Number   int // its place among those with a weight, from 0
	Place    int // its place in the list of the configuration
	Config   configs.Auxiliary
	Labels   models.Labels // of its heads
	Examples *data.Examples
	Count    int // labels of the examples
	Dropped  int // sentences left out, as they leak

	objective configs.Loss
	from      selection
}

// key is where the configuration names it.
func (a *Auxiliary) key() string { return fmt.Sprintf("train.auxiliary[%d]", a.Place) }

// openAuxiliary opens the auxiliary corpora, without those that weigh nothing.
func (d *Dataset) openAuxiliary(ctx context.Context, c configs.Config, report func(Event)) error {
	for i, config := range c.Train.Auxiliary {
		if config.Weight == 0 {
			continue
		}
		a := Auxiliary{Number: len(d.Auxiliary), Place: i, Config: config, Labels: labelsOf(c), objective: c.Loss}
		of := c
		of.Data.Categories = config.Categories
		if config.Heads == "own" {
			names, err := data.NamesIn(ctx, config.Path, config.Categories, func(done, total int64) {
				report(CorpusRead{Path: config.Path, Done: done, Total: total, Names: true})
			})
			if ctx.Err() != nil {
				return fmt.Errorf("%w before training: %w", ErrInterrupted, context.Cause(ctx))
			}
			if err != nil {
				return fmt.Errorf("%s: %w", a.key(), hint(err))
			}
			a.own(names)
			of.Data.Learn, of.Data.Aspects, of.Data.Polarities = nil, names.Aspects, names.Polarities
		}
		set, err := d.open(ctx, "auxiliary", config.Path, of, func(ctx context.Context, c configs.Config, o data.OpenOptions) (*data.Set, error) {
			return data.Open(ctx, config.Path, c, o)
		}, report)
		if err != nil {
			var unmapped *data.UnmappedError
			if errors.As(err, &unmapped) {
				err = fmt.Errorf("%w (the categories of %s count here, not data.categories)", err, a.key())
			}
			return fmt.Errorf("%s: %w", a.key(), err)
		}
		a.from = selection{set, set.WithWords(set.All())}
		d.Auxiliary = append(d.Auxiliary, a)
	}
	return nil
}

// own gives the corpus heads for the labels that it has. Class weights hold for
// polarities that are called the same.
func (a *Auxiliary) own(names data.Schema) {
	a.Labels.Aspects, a.Labels.Polarities = names.Aspects, names.Polarities
	a.objective.ClassWeights = slices.DeleteFunc(slices.Clone(a.objective.ClassWeights), func(w configs.ClassWeight) bool {
		return !slices.Contains(a.Labels.Classes(), w.Label)
	})
}

// guardAuxiliary settles which sentences of the auxiliary corpora are trained on:
// none that others are judged by, unless the configuration wants it. The figure of a
// fold is for sentences that its model has not seen, so those of the fold are left out
// whatever the configuration wants; and as the model is one of many, none is refused.
func (d *Dataset) guardAuxiliary(test, valid selection, f Fold, note func(string, ...any)) (err error) {
	for i := range d.Auxiliary {
		a := &d.Auxiliary[i]
		l := learner{key: a.key(), by: "its leakage", selection: a.from}
		tested := "data.test"
		if f.Of > 0 {
			tested = "the fold held out"
		}
		before := len(l.at)
		for _, kept := range []judge{{tested, f.Of == 0, test}, {"the validation part of data.train", false, valid}} {
			l.policy = a.Config.Leakage
			if f.Of > 0 && (kept.name == tested || l.policy == "refuse") {
				l.policy = "drop"
			}
			if l.at, err = d.guard(l, kept, note); err != nil {
				return err
			}
		}
		a.from, a.Dropped = l.selection, before-len(l.at)
		statistics := l.set.Statistics(l.at)
		if a.Count = statistics.Labels(); a.Count == 0 {
			return fmt.Errorf("%s: %s has no label to learn from", a.key(), a.Config.Path)
		}
		a.teachPresence(statistics, note)
		note("%s: %s of %s with %d labels are trained on too, weight %v, %s heads", a.key(), countSentences(len(l.at)), a.Config.Path, a.Count, a.Config.Weight, a.Config.Heads)
	}
	return nil
}

// teachPresence leaves the presence logits alone where the corpus says nothing of
// some aspect: that no sentence is labelled so does not mean that none mentions it.
func (a *Auxiliary) teachPresence(s data.Statistics, note func(string, ...any)) {
	var silent []string
	for _, row := range s.Aspects {
		if row.Labelled() == 0 {
			silent = append(silent, row.Aspect)
		}
	}
	if len(silent) > 0 && a.objective.PresenceWeight > 0 {
		a.objective.PresenceWeight = 0
		note("%s: it has no label of %s, so it does not teach which aspects a sentence mentions", a.key(), strings.Join(silent, ", "))
	}
}

// auxiliaryResults are what result.json says of the auxiliary corpora.
func (d *Dataset) auxiliaryResults() (list []runs.Auxiliary) {
	for _, a := range d.Auxiliary {
		list = append(list, runs.Auxiliary{
			Path: a.Config.Path, Weight: a.Config.Weight, Heads: a.Config.Heads,
			Sentences: a.Examples.Len(), Labels: a.Count, Dropped: a.Dropped,
		})
	}
	return list
}

// task is what a step learns from an auxiliary corpus.
type task struct {
	*Auxiliary
	batches *data.Loader
	branch  *models.Branch // nil for the model's own
	loss    *models.Loss
	next    func() data.Batch // in the epoch under way
}

// addTask makes what trains on an auxiliary corpus.
func (t *Trainer) addTask(a *Auxiliary) (err error) {
	x := &task{Auxiliary: a}
	if x.batches, err = data.NewLoader(a.Examples, loaderOptions(t.config, uint64(1+a.Number))); err != nil {
		return fmt.Errorf("%s: %w", a.key(), err)
	}
	if a.Config.Heads == "own" {
		if x.branch, err = t.model.AddBranch(a.Number, a.Labels); err != nil {
			return fmt.Errorf("%s: %w", a.key(), err)
		}
	}
	if x.loss, err = models.NewLoss(a.objective, a.Labels); err != nil {
		return fmt.Errorf("%s: %w", a.key(), err)
	}
	t.tasks = append(t.tasks, x)
	return nil
}

// begin takes up the corpus where so many batches of it have been seen. Whoever
// calls it calls stop.
func (x *task) begin(seen int) (stop func()) {
	x.next, stop = x.batches.Endless(seen)
	return stop
}

// stepBeside adds the gradients of so many batches of an auxiliary corpus, as if they
// were one, the first of them the number in the run.
func (t *Trainer) stepBeside(x *task, batches, number int, done *outcome) error {
	group := make([]data.Batch, batches)
	for i := range group {
		group[i] = x.next()
	}
	sum := 0.0
	for i, targets := range t.encode(x.loss, group) {
		s := t.scope
		s.Reset()
		if err := torch.Seed(torch.Mix(uint64(t.config.Train.Seed), streamAuxiliary, uint64(x.Number), uint64(number+i))); err != nil {
			return err
		}
		_, loss := t.forward(x.branch, x.loss, group[i], targets)
		s.Backward(s.Scale(loss, x.Config.Weight))
		t.profile.backed()
		norm := t.optimizer.GradNorm(s)
		t.profile.optimized()
		t.values = s.Read(t.values[:0], norm, loss)
		if err := s.Err(); err != nil {
			return fmt.Errorf("%s: %w", x.key(), err)
		}
		done.norm = t.values[0]
		sum += t.values[1]
		t.profile.rested()
	}
	done.auxiliary = append(done.auxiliary, sum)
	return nil
}
