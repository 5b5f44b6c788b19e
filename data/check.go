package data

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"math"
	"strings"

	"absa/configs"
)

// Finding is what a check has to say of a line, or of a file as a whole.
type Finding struct {
	Kind    string `json:"kind"` // one of the constants below
	File    string `json:"file"`
	Line    int    `json:"line,omitempty"` // 0 for the file as a whole
	Message string `json:"message"`
}

// The kinds of findings. Training refuses a file with an error; the others are
// warnings.
const (
	Fault         = "error"
	Duplicate     = "duplicate"     // a text twice, labelled alike
	Contradiction = "contradiction" // a text twice, with other labels
	Leakage       = "leakage"       // a text that an earlier file has too
	Unseen        = "unseen"        // an aspect or polarity without an example
	Rare          = "rare"          // a class with too few examples to hold some out
)

func (f Finding) String() string {
	kind := Fault
	if f.Kind != Fault {
		kind = "warning"
	}
	if f.Line == 0 {
		return fmt.Sprintf("%s: %s: %s", f.File, kind, f.Message)
	}
	return fmt.Sprintf("%s:%d: %s: %s", f.File, f.Line, kind, f.Message)
}

// Checked is what a check has counted in a file.
type Checked struct {
	File       string         `json:"file"`
	Sentences  int            `json:"sentences"`
	Labels     int            `json:"labels"`
	Findings   map[string]int `json:"findings"` // by kind, all of them
	Statistics Statistics     `json:"statistics"`
	Lengths    Lengths        `json:"lengths"`
	Words      Words          `json:"words"`
}

// Errors is the number of findings that training would refuse.
func (c *Checked) Errors() int { return c.Findings[Fault] }

// Checker looks through the files of one corpus. The first is the one to train
// on, and what others share with it is leakage.
//
// It holds no sentence: a hash of each id and text, the labels of each text and
// the counts of a quarter of a million words at most, about 200 bytes for a sentence.
type Checker struct {
	cfg      configs.Config
	worker   *worker
	tokenize Tokenizer
	knows    func(word string) bool
	found    func(Finding) error

	files  []string
	texts  keyNumbers
	firsts []place // where each text stands first
	labels []int8  // and its labels there
}

// place is a line of one of the files.
type place struct {
	file int32
	line uint32
}

// NewChecker returns a Checker for the aspects, polarities and texts of cfg,
// which tells found of each finding as it comes and ends where that fails.
// hasVector says which words have a vector of their own, nil that nobody can
// say; random vectors have the words that the first file has often enough.
func NewChecker(cfg configs.Config, hasVector func(word string) bool, found func(Finding) error) (*Checker, error) {
	w, err := newWorker(cfg.Data, cfg.Text, [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()})
	if err != nil {
		return nil, err
	}
	uncut := cfg.Text
	uncut.MaxTokens = max(maxLength, cfg.Text.MaxTokens+1)
	tokenize, err := NewTokenizer(uncut)
	if err != nil {
		return nil, err
	}
	return &Checker{cfg: cfg, worker: w, tokenize: tokenize, knows: hasVector, found: found, texts: newKeyNumbers()}, nil
}

// Check looks through a file. What is wrong with it is a finding; an error is
// that of ctx or of telling the findings.
func (c *Checker) Check(ctx context.Context, name string, r io.Reader, format Format) (*Checked, error) {
	x := &check{Checker: c, ids: newKeyNumbers(), lengths: newLengthCounts(c.cfg.Text.MaxTokens), words: newWordCounts()}
	x.result = Checked{File: name, Findings: map[string]int{}, Statistics: newStatistics(c.worker.schema)}
	c.files = append(c.files, name)
	for record, err := range Records(name, r, RecordOptions{Format: format, Aspects: c.worker.schema.Aspects, Categories: c.cfg.Data.Categories}) {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err == nil {
			err = record.Err
		}
		if err != nil {
			err = x.fault(err)
		} else {
			err = x.record(record)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := x.finish(); err != nil {
		return nil, err
	}
	return &x.result, nil
}

// check is a file that is being looked through.
type check struct {
	*Checker
	result  Checked
	ids     keyNumbers
	lines   []uint32 // of each id
	lengths *lengthCounts
	words   *wordCounts
}

// find tells of a finding.
func (x *check) find(kind string, line int, format string, args ...any) error {
	x.result.Findings[kind]++
	return x.found(Finding{Kind: kind, File: x.result.File, Line: line, Message: fmt.Sprintf(format, args...)})
}

// fault tells of an error of reading.
func (x *check) fault(err error) error {
	var at *LineError
	if errors.As(err, &at) {
		return x.find(Fault, at.Line, "%v", at.Err)
	}
	return x.find(Fault, 0, "%s", strings.TrimPrefix(err.Error(), x.result.File+": "))
}

// record looks at a sentence that could be read.
func (x *check) record(r Record) error {
	id := r.name()
	x.result.Sentences++
	l := x.worker.labels
	faults := x.result.Errors()
	err := l.resolve(r, id, x.worker.drop, func(line int, err error) error { return x.find(Fault, line, "%v", err) })
	if err != nil {
		return err
	}
	sound := x.result.Errors() == faults
	x.result.Statistics.add(l.polarity)
	key := textKey{maphash.String(x.worker.seeds[0], id), maphash.String(x.worker.seeds[1], id)}
	if n := x.ids.number(key); int(n) == len(x.lines) {
		x.lines = append(x.lines, uint32(r.Line))
	} else if err := x.find(Fault, r.Line, "%v", idTaken(id, int(x.lines[n]))); err != nil {
		return err
	}
	tokens := x.tokenize(r.Text)
	x.lengths.add(len(tokens))
	x.words.add(tokens[:min(len(tokens), x.cfg.Text.MaxTokens)])
	return x.text(r, sound)
}

// text looks for the text among those before, and compares the labels if those
// of r are sound.
func (x *check) text(r Record, sound bool) error {
	labels, n := x.worker.labels.polarity, len(x.worker.schema.Aspects)
	hash, room := foldedHash(x.worker.folded, []byte(r.Text))
	x.worker.folded = room
	at := x.texts.number(textKey{first: hash})
	if int(at) == len(x.firsts) {
		x.firsts = append(x.firsts, place{int32(len(x.files) - 1), uint32(r.Line)})
		for _, p := range labels {
			x.labels = append(x.labels, int8(p))
		}
		return nil
	}
	there := x.labels[int(at)*n:][:n]
	other := ""
	for a, p := range labels {
		if sound && p != int(there[a]) {
			schema := x.worker.schema
			other = fmt.Sprintf("; %s is %s here and %s there", schema.Aspects[a], schema.name(p), schema.name(int(there[a])))
			break
		}
	}
	first := x.firsts[at]
	if file := int(first.file); file < len(x.files)-1 {
		return x.find(Leakage, r.Line, "the text is that of %s:%d too%s", x.files[file], first.line, other)
	}
	kind := Duplicate
	if other != "" {
		kind = Contradiction
	}
	return x.find(kind, r.Line, "the text is that of line %d too%s", first.line, other)
}

// finish looks at the file as a whole.
func (x *check) finish() error {
	s := &x.result.Statistics
	x.result.Labels = s.Labels()
	x.result.Lengths = x.lengths.summary()
	if x.cfg.Vectors.Kind == "random" && len(x.files) == 1 {
		counts, least := x.words.counts, x.cfg.Vectors.MinCount
		x.Checker.knows = func(word string) bool { return counts[word] >= least }
	}
	x.result.Words = x.words.summary(x.knows)
	if x.result.Sentences == 0 && x.result.Errors() == 0 {
		return x.find(Fault, 0, "no sentence in it")
	}
	if len(x.files) > 1 || x.result.Sentences == 0 {
		return nil
	}
	return x.classes(s)
}

// classes warns of what the file to train on cannot teach.
func (x *check) classes(s *Statistics) error {
	byPolarity := make([]int, len(s.Polarities))
	for _, a := range s.Aspects {
		if a.Labelled() == 0 {
			if err := x.find(Unseen, 0, "no sentence has the aspect %q; take it out of data.aspects or label some", a.Aspect); err != nil {
				return err
			}
		}
		for p, n := range a.Counts {
			byPolarity[p] += n
			share := x.cfg.Data.ValidFraction
			if n > 0 && float64(n)*share < 1 && share > 0 {
				if err := x.find(Rare, 0, "%q has only %s of %q, of which data.valid_fraction %v holds none out; %.0f would do", a.Aspect, examples(n), s.Polarities[p], share, math.Ceil(1/share)); err != nil {
					return err
				}
			}
		}
	}
	for p, n := range byPolarity {
		if n == 0 {
			if err := x.find(Unseen, 0, "no sentence has the polarity %q; take it out of data.polarities or label some", s.Polarities[p]); err != nil {
				return err
			}
		}
	}
	return nil
}

func examples(n int) string {
	if n == 1 {
		return "1 example"
	}
	return fmt.Sprintf("%d examples", n)
}
