package configs

import (
	"slices"
	"strings"
)

// Version is the version of the configuration's schema. A file that states
// another one is refused.
const Version = 1

// Sample is the value of data.train and data.test that stands for the corpus
// embedded in the program.
const Sample = "sample"

// Config is everything that decides the outcome of a run, and how it is saved.
// Two runs of one Config on one machine give the same weights.
//
// The struct is the schema: keys come from the mapstructure tags, the text of
// `absa config show` and of the reference from the doc tags.
type Config struct {
	Version    int        `mapstructure:"version" doc:"version of this schema"`
	Name       string     `mapstructure:"name" doc:"name of the configuration; begins the name of the run folder"`
	Data       Data       `mapstructure:"data"`
	Text       Text       `mapstructure:"text"`
	Vectors    Vectors    `mapstructure:"vectors"`
	Loader     Loader     `mapstructure:"loader"`
	Model      Model      `mapstructure:"model"`
	Loss       Loss       `mapstructure:"loss"`
	Train      Train      `mapstructure:"train"`
	Checkpoint Checkpoint `mapstructure:"checkpoint"`
}

// BatchDependent says whether the logits of a sentence depend on the sentences
// that share its batch: self-attention that reads padding does, since the batch
// decides how much of it there is. Such a model is evaluated in file order with
// the batch size that it was trained with.
func (c *Config) BatchDependent() bool {
	a := c.Model.Attention
	return a.Kind == "self" && (a.Pool == "last_padded" || !a.Masked)
}

// Data says which reviews are read and what their labels may be.
type Data struct {
	Train          string     `mapstructure:"train" doc:"training corpus: a file of SemEval XML, JSON lines or CSV, or sample"`
	Test           string     `mapstructure:"test" doc:"test corpus: a file of SemEval XML, JSON lines or CSV, sample, or empty for none"`
	ValidFraction  float64    `mapstructure:"valid_fraction" doc:"share of the training corpus held out by iterative stratification; 0 trains on everything"`
	TrainFraction  float64    `mapstructure:"train_fraction" doc:"share of what is left for training that is trained on, by iterative stratification: how a model does with less data"`
	SplitOrder     int        `mapstructure:"split_order" doc:"what has its share on both sides of the split: 1 (each label, an aspect with a polarity) | 2 (each pair of labels of a sentence, then each label)"`
	SplitSeed      int64      `mapstructure:"split_seed" doc:"seed of the split"`
	Aspects        []string   `mapstructure:"aspects" doc:"aspects, in the order of the table"`
	Learn          []string   `mapstructure:"learn" doc:"those of the aspects that a model is trained for and tested on; the others still have their share in every split, so that models of different aspects see the same sentences; empty is all"`
	Polarities     []string   `mapstructure:"polarities" doc:"polarities, in the order of the logits"`
	Categories     []Category `mapstructure:"categories" doc:"list of {category, aspect}: what a corpus calls its aspects, * for any characters; the first that fits counts, an empty aspect passes it over (docs/data.md has the mapping of ENTITY#ATTRIBUTE that needs no entry)"`
	Contradictions string     `mapstructure:"contradictions" doc:"two polarities for one aspect of a sentence: error | drop" oneof:"error drop"`
	Leakage        string     `mapstructure:"leakage" doc:"sentences to train on whose text, letter case, punctuation and white space aside, is in the test corpus too: warn (and train on them) | drop (them from training) | refuse" oneof:"warn drop refuse"`
}

// Learned are the aspects of a model, in the order of Aspects.
func (d Data) Learned() []string {
	if len(d.Learn) == 0 {
		return d.Aspects
	}
	return slices.DeleteFunc(slices.Clone(d.Aspects), func(a string) bool { return !slices.Contains(d.Learn, a) })
}

// Category leads what a corpus calls a category to an aspect.
type Category struct {
	Category string `mapstructure:"category"` // a name, or a pattern with one * for any characters
	Aspect   string `mapstructure:"aspect"`   // "" passes its labels over
}

// Fits says whether a name is that of the category.
func (c Category) Fits(name string) bool {
	before, after, pattern := strings.Cut(c.Category, "*")
	if !pattern {
		return name == c.Category
	}
	return len(name) >= len(before)+len(after) && strings.HasPrefix(name, before) && strings.HasSuffix(name, after)
}

// Text says how a sentence becomes tokens.
type Text struct {
	Cleaning  string `mapstructure:"cleaning" doc:"article (case, digits, punctuation and stop words removed) | none" oneof:"article none"`
	StopWords string `mapstructure:"stop_words" doc:"NLTK's 179 stop words: drop | keep (cleaning: article; none keeps them)" oneof:"drop keep"`
	Tokenizer string `mapstructure:"tokenizer" doc:"words (as cleaning leaves them) | spacy (each cut by spaCy's English rules too, as in the article's code; cleaning: article)" oneof:"words spacy"`
	MaxTokens int    `mapstructure:"max_tokens" doc:"longer sentences are cut to this many tokens"`
}

// Vectors says what a token's vector is.
type Vectors struct {
	Kind      string  `mapstructure:"kind" doc:"file | random" oneof:"file random"`
	Path      string  `mapstructure:"path" doc:"word vectors: text of GloVe, word2vec or fastText, .bin of word2vec or fastText, a spaCy package's folder, or the JSON of absa fetch glove-100d (kind: file)"`
	Dimension int     `mapstructure:"dimension" doc:"length of a vector; with kind: file it must be the file's, 0 takes it from there"`
	Std       float64 `mapstructure:"std" doc:"standard deviation of random vectors; PyTorch's embeddings have 1 (kind: random)"`
	Trainable bool    `mapstructure:"trainable" doc:"train the vectors with the model"`
	Unknown   string  `mapstructure:"unknown" doc:"vector of a word that the file lacks: zero | random | mean" oneof:"zero random mean"`
	Aliases   bool    `mapstructure:"aliases" doc:"words that the file lacks start from a related one: n't from not, 's from is, ..."`
	MinCount  int     `mapstructure:"min_count" doc:"training words rarer than this share the unknown vector; 1 keeps all (kind: random)"`
}

// Loader says how sentences become batches.
type Loader struct {
	BatchSize int    `mapstructure:"batch_size" doc:"sentences per batch"`
	Order     string `mapstructure:"order" doc:"shuffle (by train.seed and epoch) | file" oneof:"shuffle file"`
	Buckets   int    `mapstructure:"buckets" doc:"sort by length within windows of this many batches before cutting; 0 is off, and needed for a batch-dependent model"`
}

// Model is the network: embedding, BiLSTM, one head per aspect.
type Model struct {
	Hidden           int       `mapstructure:"hidden" doc:"units H of the LSTM in each direction"`
	Layers           int       `mapstructure:"layers" doc:"layers of the LSTM"`
	EmbeddingDropout float64   `mapstructure:"embedding_dropout" doc:"dropout on the word vectors"`
	LayerDropout     float64   `mapstructure:"layer_dropout" doc:"dropout between the layers of the LSTM"`
	OutputDropout    float64   `mapstructure:"output_dropout" doc:"dropout on the output of the LSTM"`
	Kernels          string    `mapstructure:"kernels" doc:"what computes on the CPU, the same numbers either way: fused (absa's own) | aten (LibTorch's, several times slower); CUDA has LibTorch's" oneof:"fused aten"`
	Products         string    `mapstructure:"products" doc:"large matrix products of the fused LSTM on the CPU: float32 | bfloat16 (rounded operands, needs a processor with AMX or AVX512-BF16) | bfloat16_portable (the same on any processor, slowly)" oneof:"float32 bfloat16 bfloat16_portable"`
	Attention        Attention `mapstructure:"attention"`
	Head             Head      `mapstructure:"head"`
	NGrams           NGrams    `mapstructure:"ngrams"`
}

// Attention pools a sentence's states into one vector per aspect.
type Attention struct {
	Kind   string `mapstructure:"kind" doc:"self (multi-head scaled dot-product) | additive (q·tanh(W h)) | none" oneof:"self additive none"`
	Heads  int    `mapstructure:"heads" doc:"heads of self-attention; 2H must be divisible by it (kind: self)"`
	Masked bool   `mapstructure:"masked" doc:"padding is masked out; false attends to it as the article's code does, which makes a model batch-dependent (kind: self)"`
	Shared bool   `mapstructure:"shared" doc:"one projection W for all aspects, each with a query q of its own; false gives each its own W too (kind: additive)"`
	Pool   string `mapstructure:"pool" doc:"kind self: last_padded (the article; makes a model batch-dependent) | last | mean | max | query (learned); kind none: last | mean | max; kind additive pools by itself and ignores it" oneof:"last_padded last mean max query"`
}

// Head maps the pooled vector of an aspect to logits.
type Head struct {
	Hidden      int     `mapstructure:"hidden" doc:"units of the layer before the logits; 0 leaves it out"`
	Dropout     float64 `mapstructure:"dropout" doc:"dropout before the last layer"`
	AbsentClass bool    `mapstructure:"absent_class" doc:"a logit for absent, never a label (loss.label_smoothing aside), but in softmax and argmax (the article)"`
	Presence    bool    `mapstructure:"presence" doc:"a second logit per aspect: is it mentioned at all"`
}

// NGrams are those of a linear classifier beside the network.
type NGrams struct {
	Words      int     `mapstructure:"words" doc:"a linear classifier of the n-grams of up to so many words is trained beside the network, and the answer is the mean of their probabilities; 0 is off"`
	Characters int     `mapstructure:"characters" doc:"the same of the 3 to so many characters of each word; 0 is off"`
	Buckets    int     `mapstructure:"buckets" doc:"rows of its table, which n-grams share by hash"`
	Scale      float64 `mapstructure:"scale" doc:"factor of its weights, beside 1/√n for a sentence of n n-grams: how fast it learns beside the network"`
}

// On says whether there is one.
func (n NGrams) On() bool { return n.Words > 0 || n.Characters > 0 }

// Loss is the sum over aspects of the class-weighted cross-entropy.
type Loss struct {
	ClassWeights   []ClassWeight `mapstructure:"class_weights" doc:"list of {label, weight}; labels left out weigh 1"`
	Reduction      string        `mapstructure:"reduction" doc:"aspect (mean per aspect, summed: the article) | pairs (mean over all labelled pairs)" oneof:"aspect pairs"`
	LabelSmoothing float64       `mapstructure:"label_smoothing" doc:"share of a label that is spread evenly over the classes, in the cross-entropy and so in train_loss and valid_loss; 0 is off"`
	Consistency    float64       `mapstructure:"consistency" doc:"weight of the divergence between two answers for the same batch under different dropout, both of which are trained (R-Drop): of the classes of labelled pairs, and a part of train_loss; twice the work of a step; 0 is off"`
	PresenceWeight float64       `mapstructure:"presence_weight" doc:"weight of the presence logit's binary cross-entropy"`
}

// ClassWeight weighs one label in the cross-entropy.
type ClassWeight struct {
	Label  string  `mapstructure:"label"`
	Weight float64 `mapstructure:"weight"`
}

// Train is the optimisation and its limits.
type Train struct {
	Epochs          int     `mapstructure:"epochs" doc:"passes over the training data"`
	Seed            int64   `mapstructure:"seed" doc:"seed of initialisation, dropout and order"`
	Device          string  `mapstructure:"device" doc:"auto | cpu | cuda | cuda:N"`
	Threads         int     `mapstructure:"threads" doc:"threads of a step; 0 takes the cores that the process may use, at most 2 for every 8 sentences of a batch"`
	InitFrom        string  `mapstructure:"init_from" doc:"weights to begin with: a run folder, the folder of a checkpoint, or a .safetensors file; empty draws them by train.seed"`
	Select          string  `mapstructure:"select" doc:"weights that are tested: best (on validation) | last" oneof:"best last"`
	Metric          string  `mapstructure:"metric" doc:"what select, patience, the plateau and checkpoint.keep_best go by on validation: accuracy | macro_f1 | loss" oneof:"accuracy macro_f1 loss"`
	Patience        int     `mapstructure:"patience" doc:"stop after this many epochs without a better train.metric; 0 is off"`
	MaxSteps        int     `mapstructure:"max_steps" doc:"stop after this many steps; 0 is off"`
	OverfitBatches  int     `mapstructure:"overfit_batches" doc:"train on the first so many batches only, to see whether the model can learn them; 0 is off"`
	Optimizer       string  `mapstructure:"optimizer" doc:"adam | adamw" oneof:"adam adamw"`
	LearningRate    float64 `mapstructure:"learning_rate" doc:"learning rate"`
	Schedule        string  `mapstructure:"schedule" doc:"learning rate after the warm-up: constant | linear, cosine (fall until the run ends) | plateau (cut when train.metric stalls)" oneof:"constant linear cosine plateau"`
	WarmupSteps     int     `mapstructure:"warmup_steps" doc:"steps in which the learning rate rises linearly; 0 is off"`
	FinalRate       float64 `mapstructure:"final_rate" doc:"share of the learning rate at the end, for plateau at least (schedule: linear, cosine, plateau)"`
	PlateauFactor   float64 `mapstructure:"plateau_factor" doc:"a cut multiplies the learning rate by this (schedule: plateau)"`
	PlateauPatience int     `mapstructure:"plateau_patience" doc:"cut after more than this many epochs without a better train.metric (schedule: plateau)"`
	Accumulate      int     `mapstructure:"accumulate" doc:"batches per step; the gradient is that of one batch so many times as large"`
	Beta1           float64 `mapstructure:"beta1" doc:"decay of the first moment"`
	Beta2           float64 `mapstructure:"beta2" doc:"decay of the second moment"`
	Eps             float64 `mapstructure:"eps" doc:"added to the denominator"`
	WeightDecay     float64 `mapstructure:"weight_decay" doc:"L2 penalty (adam) or decoupled decay (adamw)"`
	ClipNorm        float64 `mapstructure:"clip_norm" doc:"gradients are scaled down to this total norm; 0 is off"`
	EMA             float64 `mapstructure:"ema" doc:"decay of the moving average of the weights that is tested; 0 is off"`
	TensorBoard     int     `mapstructure:"tensorboard" doc:"write figures for TensorBoard after every so many steps, and every epoch; 0 is off"`

	Auxiliary []Auxiliary `mapstructure:"auxiliary" doc:"corpora to train on beside data.train: list of {path, weight (of the loss), heads (shared | own), categories (as data.categories, which do not count here), leakage (refuse | drop | warn)}; all but path may be left out"`
}

// Auxiliary is a corpus that is trained on beside the main one and never evaluated.
type Auxiliary struct {
	Path       string     `mapstructure:"path"`                     // a file
	Weight     float64    `mapstructure:"weight" default:"1"`       // of its loss, beside that of the main corpus; 0 leaves it out
	Heads      string     `mapstructure:"heads" default:"shared"`   // shared: its labels are those of data; own: heads for the labels that it has
	Categories []Category `mapstructure:"categories" default:"[]"`  // in place of data.categories
	Leakage    string     `mapstructure:"leakage" default:"refuse"` // as data.leakage, against test and validation sentences
}

// Checkpoint says when a run is saved, so that it can be resumed, and which of
// the checkpoints stay. An interrupted run is saved in any case.
type Checkpoint struct {
	EverySteps   int     `mapstructure:"every_steps" doc:"save after every so many steps; 0 is off"`
	EveryMinutes float64 `mapstructure:"every_minutes" doc:"save when this many minutes have passed since the last time; 0 is off"`
	EveryEpochs  int     `mapstructure:"every_epochs" doc:"save after every so many epochs; 0 is off"`
	KeepLast     int     `mapstructure:"keep_last" doc:"keep this many of the newest checkpoints; 0 keeps all"`
	KeepBest     int     `mapstructure:"keep_best" doc:"keep this many of the epochs that are best by train.metric too; each is saved when it ends, unless every_* are all 0"`
}
