package configs

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// AbsentLabel is the name of the class that an aspect has in a sentence that
// does not mention it. No polarity may be called so.
const AbsentLabel = "absent"

// Problem is one thing wrong with a Config.
type Problem struct {
	Key  string // "train.patience"
	Text string // the value, what is wrong with it and what helps
}

// Invalid is all that is wrong with a Config, in the order of the schema.
type Invalid []Problem

// Error has a line for each problem.
func (p Invalid) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.Key + ": " + problem.Text
	}
	return strings.Join(lines, "\n")
}

// Validate says whether a run of c can begin. The error is an [Invalid] with
// all that is wrong, not only the first mistake.
func (c *Config) Validate() error {
	v := &validator{}
	v.enums(c)
	v.data(c)
	v.input(c)
	v.model(c)
	v.loss(c)
	v.train(c)
	v.checkpoint(c)
	if len(v.problems) == 0 {
		return nil
	}
	order := map[string]int{}
	for i, path := range paths() {
		order[path] = i
	}
	slices.SortStableFunc(v.problems, func(a, b Problem) int { return order[a.Key] - order[b.Key] })
	return v.problems
}

// locate adds to each problem where the value is from, if not from a default.
func (r *Resolved) locate(err error) error {
	var problems Invalid
	if !errors.As(err, &problems) {
		return err
	}
	located := slices.Clone(problems)
	for i, p := range located {
		if from := r.Origin(p.Key); from != "" && from != "default" {
			located[i].Text += " (" + from + ")"
		}
	}
	return located
}

// validator collects problems.
type validator struct{ problems Invalid }

// check notes a problem unless ok.
func (v *validator) check(ok bool, key, format string, args ...any) {
	if !ok {
		v.problems = append(v.problems, Problem{key, fmt.Sprintf(format, args...)})
	}
}

func (v *validator) atLeast(key string, got, least int) {
	v.check(got >= least, key, "%d: want at least %d", got, least)
}

// share checks for 0 <= x < 1, which NaN fails too.
func (v *validator) share(key string, x float64) {
	v.check(x >= 0 && x < 1, key, "%v: want a number from 0 to below 1", x)
}

func (v *validator) notNegative(key string, x float64) {
	v.check(x >= 0 && !math.IsInf(x, 1), key, "%v: want a number that is not negative", x)
}

func (v *validator) positive(key string, x float64) {
	v.check(x > 0 && !math.IsInf(x, 1), key, "%v: want a number above 0", x)
}

// enums checks what the schema says of single values: oneof tags, and that text
// can be written to a file.
func (v *validator) enums(c *Config) {
	for _, f := range leaves(c) {
		got, ok := f.value.Interface().(string)
		if !ok {
			continue
		}
		v.check(utf8.ValidString(got), f.path, "%q is not UTF-8", got)
		if values := strings.Fields(f.tag.Get("oneof")); len(values) > 0 && !slices.Contains(values, got) {
			hint := ""
			if near := nearest(got, values); near != "" {
				hint = "; did you mean " + near + "?"
			}
			v.check(false, f.path, "%q: want one of %s%s", got, strings.Join(values, ", "), hint)
		}
	}
}

// runName is what may begin the name of a folder anywhere.
var runName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]*$`)

func (v *validator) data(c *Config) {
	v.check(c.Version == Version, "version", "%d: this program knows version %d", c.Version, Version)
	v.check(runName.MatchString(c.Name), "name", "%q: want letters, digits, and . _ - after the first", c.Name)

	d := c.Data
	v.check(d.Train != "", "data.train", "is empty; name a file of SemEval XML, JSON lines or CSV, or %s", Sample)
	v.share("data.valid_fraction", d.ValidFraction)
	v.check(d.TrainFraction > 0 && d.TrainFraction <= 1, "data.train_fraction", "%v: want a number above 0, at most 1", d.TrainFraction)
	v.check(d.SplitOrder == 1 || d.SplitOrder == 2, "data.split_order", "%d: want 1 or 2", d.SplitOrder)
	v.check(len(d.Aspects) > 0, "data.aspects", "is empty; list at least one")
	v.labels("data.aspects", d.Aspects)
	for i, name := range d.Learn {
		v.check(slices.Contains(d.Aspects, name), "data.learn", "%q is not in data.aspects (%s)", name, strings.Join(d.Aspects, ", "))
		v.check(!slices.Contains(d.Learn[:i], name), "data.learn", "%q stands twice", name)
	}
	v.check(len(d.Polarities) > 1, "data.polarities", "%q: want at least two", d.Polarities)
	v.labels("data.polarities", d.Polarities)
	v.check(!slices.Contains(d.Polarities, AbsentLabel), "data.polarities", "%q is not a polarity but the lack of one; take it out", AbsentLabel)
	v.categories("data.categories", d.Categories, d.Aspects)
}

// categories checks a mapping to aspects, of which nil allows any.
func (v *validator) categories(key string, list []Category, aspects []string) {
	seen := map[string]bool{}
	for _, c := range list {
		v.labels(key, []string{c.Category})
		v.check(strings.Count(c.Category, "*") <= 1, key, "%q: one * stands for any characters, another cannot follow", c.Category)
		v.check(!seen[c.Category], key, "%q stands twice", c.Category)
		seen[c.Category] = true
		switch {
		case c.Aspect == "":
		case aspects == nil:
			v.labels(key, []string{c.Aspect})
		default:
			v.check(slices.Contains(aspects, c.Aspect), key, "%q leads to %q, which is not in data.aspects (%s); \"\" passes a category over", c.Category, c.Aspect, strings.Join(aspects, ", "))
		}
	}
}

// labels checks names that end up in tables, files and names of parameters.
func (v *validator) labels(key string, names []string) {
	seen := make(map[string]bool, len(names))
	for _, name := range names {
		ok := name != "" && utf8.ValidString(name) && strings.TrimSpace(name) == name && !strings.ContainsFunc(name, unicode.IsControl)
		v.check(ok, key, "%q: want text without control characters and without spaces around it", name)
		v.check(!seen[name], key, "%q stands twice", name)
		seen[name] = true
	}
}

// input checks text, vectors and loader.
func (v *validator) input(c *Config) {
	v.atLeast("text.max_tokens", c.Text.MaxTokens, 1)
	v.check(c.Text.Tokenizer != "spacy" || c.Text.Cleaning == "article", "text.tokenizer", "spacy: cuts the words that text.cleaning=article leaves; set it so, or text.tokenizer to words")

	w := c.Vectors
	switch w.Kind {
	case "file":
		v.check(w.Path != "", "vectors.path", "is empty, but vectors.kind is file; name the file, or set vectors.kind to random")
		v.atLeast("vectors.dimension", w.Dimension, 0)
	case "random":
		v.check(w.Std > 0, "vectors.std", "%v: random vectors need a positive standard deviation", w.Std)
		v.check(w.Dimension >= 1, "vectors.dimension", "%d: random vectors need a length; set it to 1 or more", w.Dimension)
	}
	v.atLeast("vectors.min_count", w.MinCount, 1)

	l := c.Loader
	v.atLeast("loader.batch_size", l.BatchSize, 1)
	v.atLeast("loader.buckets", l.Buckets, 0)
	v.check(l.Buckets <= 0 || !c.BatchDependent(), "loader.buckets",
		"%d: this model reads padding, so buckets would change what it computes; set it to 0, or model.attention.masked to true and model.attention.pool to anything but last_padded", l.Buckets)
}

// pools lists the pools of each kind of attention that has a choice.
var pools = map[string][]string{
	"none": {"mean", "max", "last"},
	"self": {"last_padded", "last", "mean", "max", "query"},
}

// longestNGram bounds n-grams: corpora of reviews repeat none that are longer.
const longestNGram = 10

func (v *validator) model(c *Config) {
	m := c.Model
	v.atLeast("model.hidden", m.Hidden, 1)
	v.atLeast("model.layers", m.Layers, 1)
	v.share("model.embedding_dropout", m.EmbeddingDropout)
	v.share("model.layer_dropout", m.LayerDropout)
	v.share("model.output_dropout", m.OutputDropout)

	v.check(m.Products == "float32" || m.Kernels == "fused", "model.products", "%q: needs model.kernels=fused", m.Products)

	a := m.Attention
	v.atLeast("model.attention.heads", a.Heads, 1)
	if a.Kind == "self" && a.Heads >= 1 && m.Hidden >= 1 {
		rest := 2 * (m.Hidden % a.Heads) % a.Heads // of 2H, which could overflow
		v.check(rest == 0, "model.attention.heads", "%d does not divide the 2 × %d units of model.hidden", a.Heads, m.Hidden)
	}
	v.check(a.Kind != "additive" || a.Masked, "model.attention.masked", "false: additive attention always masks padding; set it to true")
	if allowed, ok := pools[a.Kind]; ok {
		v.check(slices.Contains(allowed, a.Pool), "model.attention.pool", "%q: attention of kind %s takes %s", a.Pool, a.Kind, strings.Join(allowed, ", "))
	}

	v.atLeast("model.head.hidden", m.Head.Hidden, 0)
	v.share("model.head.dropout", m.Head.Dropout)
	v.check(m.NGrams.Words >= 0 && m.NGrams.Words <= longestNGram, "model.ngrams.words", "%d: want 0 to %d", m.NGrams.Words, longestNGram)
	v.check(m.NGrams.Characters == 0 || m.NGrams.Characters >= 3 && m.NGrams.Characters <= longestNGram, "model.ngrams.characters", "%d: want 3 to %d, or 0 for none", m.NGrams.Characters, longestNGram)
	v.atLeast("model.ngrams.buckets", m.NGrams.Buckets, 1)
	v.positive("model.ngrams.scale", m.NGrams.Scale)
}

func (v *validator) loss(c *Config) {
	known := slices.Clone(c.Data.Polarities)
	if c.Model.Head.AbsentClass {
		known = append(known, AbsentLabel)
	}
	const key = "loss.class_weights"
	weights := map[string]float64{}
	for _, w := range c.Loss.ClassWeights {
		hint := ""
		if w.Label == AbsentLabel {
			hint = "; set model.head.absent_class to true, or take it out"
		}
		v.check(slices.Contains(known, w.Label), key, "%q is not a label (labels: %s)%s", w.Label, strings.Join(known, ", "), hint)
		_, twice := weights[w.Label]
		v.check(!twice, key, "%q stands twice", w.Label)
		v.check(w.Weight >= 0 && !math.IsInf(w.Weight, 1), key, "%q weighs %v: want a number that is not negative", w.Label, w.Weight)
		weights[w.Label] = w.Weight
	}
	counts := slices.ContainsFunc(c.Data.Polarities, func(label string) bool {
		w, stated := weights[label]
		return !stated || w != 0
	})
	v.check(counts || len(c.Data.Polarities) == 0, key, "every polarity weighs 0, so there is nothing to learn; leave one above 0")
	v.notNegative("loss.presence_weight", c.Loss.PresenceWeight)
	v.notNegative("loss.consistency", c.Loss.Consistency)
	v.share("loss.label_smoothing", c.Loss.LabelSmoothing)
}

// deviceName is a device as train.device names it.
var deviceName = regexp.MustCompile(`^(auto|cpu|cuda(:[0-9]{1,3})?)$`)

func (v *validator) train(c *Config) {
	t := c.Train
	v.atLeast("train.epochs", t.Epochs, 1)
	v.check(deviceName.MatchString(t.Device), "train.device", "%q: want auto, cpu, cuda or cuda:N", t.Device)
	v.atLeast("train.threads", t.Threads, 0)
	if c.Data.ValidFraction == 0 {
		const needs = "needs a validation set; set data.valid_fraction above 0, or %s"
		v.check(t.Select != "best", "train.select", "best "+needs, "train.select to last")
		v.check(t.Patience <= 0, "train.patience", "%d "+needs, t.Patience, "train.patience to 0")
		v.check(t.Schedule != "plateau", "train.schedule", "plateau "+needs, "train.schedule to constant")
	}
	v.atLeast("train.patience", t.Patience, 0)
	v.atLeast("train.max_steps", t.MaxSteps, 0)
	v.atLeast("train.overfit_batches", t.OverfitBatches, 0)
	v.positive("train.learning_rate", t.LearningRate)
	v.atLeast("train.warmup_steps", t.WarmupSteps, 0)
	v.check(t.FinalRate >= 0 && t.FinalRate <= 1, "train.final_rate", "%v: want a number from 0 to 1", t.FinalRate)
	v.check(t.PlateauFactor > 0 && t.PlateauFactor < 1, "train.plateau_factor", "%v: want a number above 0 and below 1", t.PlateauFactor)
	v.atLeast("train.plateau_patience", t.PlateauPatience, 0)
	v.atLeast("train.accumulate", t.Accumulate, 1)
	v.share("train.beta1", t.Beta1)
	v.share("train.beta2", t.Beta2)
	v.positive("train.eps", t.Eps)
	v.notNegative("train.weight_decay", t.WeightDecay)
	v.notNegative("train.clip_norm", t.ClipNorm)
	v.share("train.ema", t.EMA)
	v.atLeast("train.tensorboard", t.TensorBoard, 0)
	v.auxiliary(c)
}

func (v *validator) auxiliary(c *Config) {
	const key = "train.auxiliary"
	for i, a := range c.Train.Auxiliary {
		v.check(a.Path != "" && utf8.ValidString(a.Path), key, "[%d]: path %q: name a file of SemEval XML, JSON lines or CSV", i, a.Path)
		v.check(a.Weight >= 0 && !math.IsInf(a.Weight, 1), key, "[%d]: weight %v: want a number that is not negative", i, a.Weight)
		v.check(slices.Contains([]string{"shared", "own"}, a.Heads), key, "[%d]: heads %q: want one of shared, own", i, a.Heads)
		v.check(slices.Contains([]string{"warn", "drop", "refuse"}, a.Leakage), key, "[%d]: leakage %q: want one of warn, drop, refuse", i, a.Leakage)
		aspects := c.Data.Aspects
		if a.Heads == "own" {
			aspects = nil
		}
		v.categories(key, a.Categories, aspects)
	}
}

func (v *validator) checkpoint(c *Config) {
	k := c.Checkpoint
	v.atLeast("checkpoint.every_steps", k.EverySteps, 0)
	v.notNegative("checkpoint.every_minutes", k.EveryMinutes)
	v.atLeast("checkpoint.every_epochs", k.EveryEpochs, 0)
	v.atLeast("checkpoint.keep_last", k.KeepLast, 0)
	v.atLeast("checkpoint.keep_best", k.KeepBest, 0)
}
