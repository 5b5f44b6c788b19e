package configs

import (
	"math"
	"testing"
)

func TestDefaultIsValid(t *testing.T) {
	c := Default()
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
}

func TestValidate(t *testing.T) {
	file := func(c *Config) { c.Vectors.Kind, c.Vectors.Path = "file", "v.txt" }
	self := func(c *Config, pool string, masked bool) {
		c.Model.Attention = Attention{Kind: "self", Heads: 2, Masked: masked, Pool: pool}
	}
	tests := []struct {
		name   string
		change func(*Config)
		want   []string // none: valid
	}{
		{"an unknown version", func(c *Config) { c.Version = 2 }, []string{"version: 2: this program knows version 1"}},
		{"no name", func(c *Config) { c.Name = "" }, []string{`name: "": want letters`}},
		{"a name that leaves the folder", func(c *Config) { c.Name = "../x" }, []string{`name: "../x": want letters`}},
		{"a hidden name", func(c *Config) { c.Name = ".x" }, []string{"name: "}},
		{"no training corpus", func(c *Config) { c.Data.Train = "" }, []string{"data.train: is empty"}},
		{"no test corpus", func(c *Config) { c.Data.Test = "" }, nil},
		{"a path that is not UTF-8", func(c *Config) { c.Data.Test = "\xff" }, []string{`data.test: "\xff" is not UTF-8`}},
		{"everything held out", func(c *Config) { c.Data.ValidFraction = 1 }, []string{"data.valid_fraction: 1: want a number from 0 to below 1"}},
		{"a share that is not a number", func(c *Config) { c.Data.ValidFraction = math.NaN() }, []string{"data.valid_fraction: NaN"}},
		{"no aspects", func(c *Config) { c.Data.Aspects = nil }, []string{"data.aspects: is empty"}},
		{"an aspect twice", func(c *Config) { c.Data.Aspects = []string{"a", "b", "a"} }, []string{`data.aspects: "a" stands twice`}},
		{"an empty aspect", func(c *Config) { c.Data.Aspects = []string{""} }, []string{`data.aspects: "": want text`}},
		{"an aspect with a line end", func(c *Config) { c.Data.Aspects = []string{"a\nb"} }, []string{`data.aspects: "a\nb": want text`}},
		{"an aspect with a dot", func(c *Config) { c.Data.Aspects = []string{"Room.Service Quality"} }, nil},
		{"one polarity", func(c *Config) { c.Data.Polarities = []string{"positive"} }, []string{`data.polarities: ["positive"]: want at least two`}},
		{"absent as a polarity", func(c *Config) { c.Data.Polarities = []string{"positive", "absent"} }, []string{`data.polarities: "absent" is not a polarity`}},
		{"an unknown policy", func(c *Config) { c.Data.Contradictions = "dorp" }, []string{`data.contradictions: "dorp": want one of error, drop; did you mean drop?`}},
		{"a category that leads nowhere", func(c *Config) { c.Data.Categories = []Category{{"staff", "servise"}, {"place", ""}} }, []string{`data.categories: "staff" leads to "servise", which is not in data.aspects (`}},
		{"a category twice", func(c *Config) { c.Data.Categories = []Category{{"a", ""}, {"a", "food"}} }, []string{`data.categories: "a" stands twice`}},
		{"two stars", func(c *Config) { c.Data.Categories = []Category{{"*#*", "food"}} }, []string{`data.categories: "*#*": one * stands for any characters`}},
		{"an empty category", func(c *Config) { c.Data.Categories = []Category{{"", "food"}} }, []string{`data.categories: "": want text`}},
		{"an unknown guard", func(c *Config) { c.Data.Leakage = "warm" }, []string{`data.leakage: "warm": want one of warn, drop, refuse; did you mean warn?`}},
		{"an auxiliary corpus", func(c *Config) {
			c.Train.Auxiliary = []Auxiliary{{Path: "a", Heads: "own", Leakage: "drop", Categories: []Category{{"x", "room"}}}}
		}, nil},
		{"an odd auxiliary corpus", func(c *Config) {
			c.Train.Auxiliary = []Auxiliary{{Path: "", Weight: -1, Heads: "owm", Leakage: "no", Categories: []Category{{"x", "room"}}}}
		}, []string{"train.auxiliary: [0]: path", "train.auxiliary: [0]: weight -1", `train.auxiliary: [0]: heads "owm"`, `train.auxiliary: [0]: leakage "no"`, `train.auxiliary: "x" leads to "room"`}},
		{"an unknown cleaning", func(c *Config) { c.Text.Cleaning = "strong" }, []string{`text.cleaning: "strong": want one of article, none`}},
		{"unknown treatment of stop words", func(c *Config) { c.Text.StopWords = "kept" }, []string{`text.stop_words: "kept": want one of drop, keep; did you mean keep?`}},
		{"the article's text", func(c *Config) { c.Text.Cleaning, c.Text.Tokenizer = "article", "spacy" }, nil},
		{"spaCy's rules on words that are not cleaned", func(c *Config) { c.Text.Tokenizer = "spacy" }, []string{"text.tokenizer: spacy: cuts the words that text.cleaning=article leaves"}},
		{"no tokens", func(c *Config) { c.Text.MaxTokens = 0 }, []string{"text.max_tokens: 0: want at least 1"}},
		{"vectors of no file", func(c *Config) { c.Vectors.Kind = "file" }, []string{"vectors.path: is empty, but vectors.kind is file"}},
		{"the file's own dimension", func(c *Config) { file(c); c.Vectors.Dimension = 0 }, nil},
		{"a negative dimension", func(c *Config) { file(c); c.Vectors.Dimension = -1 }, []string{"vectors.dimension: -1"}},
		{"random vectors of no length", func(c *Config) { c.Vectors.Dimension = 0 }, []string{"vectors.dimension: 0: random vectors need a length"}},
		{"an empty batch", func(c *Config) { c.Loader.BatchSize = 0 }, []string{"loader.batch_size: 0"}},
		{"negative buckets", func(c *Config) { c.Loader.Buckets = -1 }, []string{"loader.buckets: -1"}},
		{"no units", func(c *Config) { c.Model.Hidden = 0 }, []string{"model.hidden: 0"}},
		{"no layers", func(c *Config) { c.Model.Layers = 0 }, []string{"model.layers: 0"}},
		{"unknown kernels", func(c *Config) { c.Model.Kernels = "fuse" }, []string{`model.kernels: "fuse": want one of fused, aten; did you mean fused?`}},
		{"LibTorch's kernels", func(c *Config) { c.Model.Kernels = "aten" }, nil},
		{"bfloat16", func(c *Config) { c.Model.Products = "bfloat16" }, nil},
		{"bfloat16 with LibTorch's kernels", func(c *Config) { c.Model.Products, c.Model.Kernels = "bfloat16", "aten" }, []string{`model.products: "bfloat16": needs model.kernels=fused`}},
		{"dropout of all", func(c *Config) {
			c.Model.EmbeddingDropout, c.Model.LayerDropout, c.Model.OutputDropout, c.Model.Head.Dropout = 1, -0.1, 2, math.Inf(1)
		}, []string{"model.embedding_dropout: 1:", "model.layer_dropout: -0.1:", "model.output_dropout: 2:", "model.head.dropout: +Inf:"}},
		{"heads that do not divide", func(c *Config) { self(c, "mean", true); c.Model.Attention.Heads = 3 }, []string{"model.attention.heads: 3 does not divide the 2 × 128 units"}},
		{"heads that divide 2H but not H", func(c *Config) { self(c, "mean", true); c.Model.Hidden, c.Model.Attention.Heads = 3, 2 }, nil},
		{"units beyond an int", func(c *Config) { self(c, "mean", true); c.Model.Hidden, c.Model.Attention.Heads = math.MaxInt, 2 }, nil},
		{"no heads", func(c *Config) { self(c, "mean", true); c.Model.Attention.Heads = 0 }, []string{"model.attention.heads: 0: want at least 1"}},
		{"heads of another kind", func(c *Config) { c.Model.Attention.Heads = 3 }, nil},
		{"additive attention over padding", func(c *Config) { c.Model.Attention.Masked = false }, []string{"model.attention.masked: false: additive attention always masks"}},
		{"additive attention and any pool", func(c *Config) { c.Model.Attention.Pool = "last_padded" }, nil},
		{"no attention, mean", func(c *Config) { c.Model.Attention = Attention{Kind: "none", Heads: 1, Pool: "mean"} }, nil},
		{"no attention, last states", func(c *Config) { c.Model.Attention = Attention{Kind: "none", Heads: 1, Pool: "last"} }, nil},
		{"no attention, a learned query", func(c *Config) { c.Model.Attention = Attention{Kind: "none", Heads: 1, Pool: "query"} }, []string{`model.attention.pool: "query": attention of kind none takes mean, max, last`}},
		{"no attention, padding", func(c *Config) { c.Model.Attention = Attention{Kind: "none", Heads: 1, Pool: "last_padded"} }, []string{`model.attention.pool: "last_padded"`}},
		{"self-attention, a learned query", func(c *Config) { self(c, "query", true) }, nil},
		{"buckets for masked self-attention", func(c *Config) { self(c, "last", true); c.Loader.Buckets = 8 }, nil},
		{"buckets for unmasked self-attention", func(c *Config) { self(c, "last", false); c.Loader.Buckets = 8 }, []string{"loader.buckets: 8: this model reads padding"}},
		{"buckets for the last padded row", func(c *Config) { self(c, "last_padded", true); c.Loader.Buckets = 8 }, []string{"loader.buckets: 8: this model reads padding"}},
		{"a negative head", func(c *Config) { c.Model.Head.Hidden = -1 }, []string{"model.head.hidden: -1"}},
		{"a weight for no label", func(c *Config) { c.Loss.ClassWeights = []ClassWeight{{"good", 1}} }, []string{`loss.class_weights: "good" is not a label (labels: positive, neutral, negative, conflict)`}},
		{"a weight for absent", func(c *Config) { c.Loss.ClassWeights = []ClassWeight{{"absent", 1}} }, []string{`"absent" is not a label (labels: positive, neutral, negative, conflict); set model.head.absent_class to true`}},
		{"a weight for the absent class", func(c *Config) {
			c.Loss.ClassWeights = []ClassWeight{{"absent", 1}}
			c.Model.Head.AbsentClass = true
		}, nil},
		{"two weights for a label", func(c *Config) { c.Loss.ClassWeights = []ClassWeight{{"neutral", 1}, {"neutral", 2}} }, []string{`loss.class_weights: "neutral" stands twice`}},
		{"a negative weight", func(c *Config) { c.Loss.ClassWeights = []ClassWeight{{"neutral", -1}} }, []string{`loss.class_weights: "neutral" weighs -1`}},
		{"nothing to learn", func(c *Config) {
			c.Data.Polarities = []string{"a", "b"}
			c.Loss.ClassWeights = []ClassWeight{{"a", 0}, {"b", 0}}
		}, []string{"loss.class_weights: every polarity weighs 0"}},
		{"one polarity without weight", func(c *Config) { c.Loss.ClassWeights = []ClassWeight{{"conflict", 0}} }, nil},
		{"label smoothing of everything", func(c *Config) { c.Loss.LabelSmoothing = 1 }, []string{"loss.label_smoothing: 1: want a number from 0 to below 1"}},
		{"a negative presence weight", func(c *Config) { c.Loss.PresenceWeight = -1 }, []string{"loss.presence_weight: -1"}},
		{"no epochs", func(c *Config) { c.Train.Epochs = 0 }, []string{"train.epochs: 0"}},
		{"an unknown device", func(c *Config) { c.Train.Device = "gpu" }, []string{`train.device: "gpu": want auto, cpu, cuda or cuda:N`}},
		{"a device by number", func(c *Config) { c.Train.Device = "cuda:1" }, nil},
		{"limits below zero", func(c *Config) {
			c.Train.Threads, c.Train.Patience, c.Train.MaxSteps, c.Train.OverfitBatches = -1, -1, -1, -1
		}, []string{"train.threads: -1", "train.patience: -1", "train.max_steps: -1", "train.overfit_batches: -1"}},
		{"the best of no validation", func(c *Config) { c.Data.ValidFraction = 0 }, []string{"train.select: best needs a validation set; set data.valid_fraction above 0, or train.select to last"}},
		{"patience without validation", func(c *Config) { c.Data.ValidFraction, c.Train.Select, c.Train.Patience = 0, "last", 3 }, []string{"train.patience: 3 needs a validation set"}},
		{"a plateau of no validation", func(c *Config) { c.Data.ValidFraction, c.Train.Select, c.Train.Schedule = 0, "last", "plateau" }, []string{"train.schedule: plateau needs a validation set; set data.valid_fraction above 0, or train.schedule to constant"}},
		{"a metric without validation", func(c *Config) { c.Data.ValidFraction, c.Train.Select, c.Train.Metric = 0, "last", "loss" }, nil},
		{"an unknown metric", func(c *Config) { c.Train.Metric = "macro-f1" }, []string{`train.metric: "macro-f1": want one of accuracy, macro_f1, loss; did you mean macro_f1?`}},
		{"an unknown schedule", func(c *Config) { c.Train.Schedule = "step" }, []string{`train.schedule: "step": want one of constant, linear, cosine, plateau`}},
		{"schedules out of range", func(c *Config) {
			c.Train.WarmupSteps, c.Train.FinalRate, c.Train.PlateauFactor, c.Train.PlateauPatience, c.Train.Accumulate = -1, 1.1, 1, -1, 0
		}, []string{"train.warmup_steps: -1", "train.final_rate: 1.1: want a number from 0 to 1", "train.plateau_factor: 1: want a number above 0 and below 1", "train.plateau_patience: -1", "train.accumulate: 0: want at least 1"}},
		{"shares that are not numbers", func(c *Config) { c.Train.FinalRate, c.Train.PlateauFactor = math.NaN(), math.NaN() }, []string{"train.final_rate: NaN", "train.plateau_factor: NaN"}},
		{"a plateau that stops learning", func(c *Config) { c.Train.PlateauFactor = 0 }, []string{"train.plateau_factor: 0"}},
		{"a schedule with all its keys", func(c *Config) {
			c.Train.Schedule, c.Train.WarmupSteps, c.Train.FinalRate, c.Train.PlateauFactor, c.Train.PlateauPatience, c.Train.Accumulate = "plateau", 10, 1, 0.1, 0, 4
		}, nil},
		{"everything to train on", func(c *Config) { c.Data.ValidFraction, c.Train.Select = 0, "last" }, nil},
		{"an optimiser that stands still", func(c *Config) {
			c.Train.LearningRate, c.Train.Eps, c.Train.Beta1, c.Train.Beta2 = 0, math.NaN(), 1, -1
		}, []string{"train.learning_rate: 0", "train.beta1: 1", "train.beta2: -1", "train.eps: NaN"}},
		{"decays out of range", func(c *Config) { c.Train.WeightDecay, c.Train.ClipNorm, c.Train.EMA = -1, math.Inf(1), 1 }, []string{"train.weight_decay: -1", "train.clip_norm: +Inf", "train.ema: 1"}},
		{"checkpoints out of range", func(c *Config) { c.Checkpoint = Checkpoint{-1, -1, -1, -1, -1} }, []string{
			"checkpoint.every_steps: -1", "checkpoint.every_minutes: -1", "checkpoint.every_epochs: -1", "checkpoint.keep_last: -1", "checkpoint.keep_best: -1",
		}},
		{"minutes that never pass", func(c *Config) { c.Checkpoint.EveryMinutes = math.Inf(1) }, []string{"checkpoint.every_minutes: +Inf"}},
		{"no checkpoints", func(c *Config) { c.Checkpoint = Checkpoint{} }, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := Default()
			test.change(&c)
			err := c.Validate()
			if len(test.want) == 0 {
				if err != nil {
					t.Errorf("got %v, want no error", err)
				}
				return
			}
			wantError(t, err, test.want...)
		})
	}
}

func TestBatchDependent(t *testing.T) {
	tests := []struct {
		name      string
		attention Attention
		want      bool
	}{
		{"the article", Attention{Kind: "self", Pool: "last_padded"}, true},
		{"masked, last padded row", Attention{Kind: "self", Pool: "last_padded", Masked: true}, true},
		{"unmasked", Attention{Kind: "self", Pool: "mean"}, true},
		{"masked", Attention{Kind: "self", Pool: "mean", Masked: true}, false},
		{"additive", Attention{Kind: "additive", Pool: "last_padded", Masked: true}, false},
		{"none", Attention{Kind: "none", Pool: "mean"}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := Default()
			c.Model.Attention = test.attention
			if got := c.BatchDependent(); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}
