package trainer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"absa/configs"
	"absa/data"
	"absa/data/sample"
	"absa/internal/checkpoint"
	"absa/internal/safetensors"
	"absa/internal/torch"

	"github.com/google/go-cmp/cmp"
)

// example is the folder that a user of PyTorch copies.
const example = "../examples/pytorch"

// withPyTorch runs Python in the repository's example on what it reads from
// standard input, and returns what it prints.
func withPyTorch(t *testing.T, stdin []byte, args ...string) []byte {
	t.Helper()
	python := os.Getenv("ABSA_TEST_PYTHON")
	if python == "" {
		t.Skip("ABSA_TEST_PYTHON is not set: name a Python that has the packages of reference/requirements.txt")
	}
	cmd := exec.Command(python, args...)
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1", "OMP_NUM_THREADS=1")
	cmd.Stdin = bytes.NewReader(stdin)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("python %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return out
}

// sentences are those of the sample's test side, and some that are hard to cut.
func sentences(t *testing.T) []string {
	t.Helper()
	list := []string{
		"I don't think it's $20.50... isn't it?", "", "It was over for all of us!", "We wouldn't've gone, 'tis true",
		"see www.a.example/b?c. or mail A.B@x-y.co.uk", "``well-kept'' at 5 p.m., 7:30pm and 1/2 off",
		"yum😋😋 👍🏽👩‍🍳❤️ok cafe\u0301", "İstanbul ΑΣ ﬁn 寿司 x² Ⅷ", "a\u00a0b\u2003c\x1cd soft\u00adly", "<pad> <unk>",
	}
	return append(list, textsOf(t, "test.xml", bytes.NewReader(sample.Test()))...)
}

// textsOf are the texts of a corpus.
func textsOf(t *testing.T, name string, r io.Reader) (texts []string) {
	t.Helper()
	for record, err := range data.Records(name, r, data.RecordOptions{}) {
		if err := errors.Join(err, record.Err); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, record.Text)
	}
	return texts
}

// TestPyTorchTokens holds that the example cuts sentences as this program does.
func TestPyTorchTokens(t *testing.T) {
	all := sentences(t)
	stdin, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []configs.Text{{Cleaning: "article", MaxTokens: 60}, {Cleaning: "article", StopWords: "keep", MaxTokens: 60}, {Cleaning: "none", MaxTokens: 60}, {Cleaning: "none", MaxTokens: 3}} {
		t.Run(fmt.Sprintf("%s %s %d", c.Cleaning, c.StopWords, c.MaxTokens), func(t *testing.T) {
			out := withPyTorch(t, stdin, "-c", `
import json, sys
sys.path.append(sys.argv[1])
from tokens import tokenizer
tokenize = tokenizer({"cleaning": sys.argv[2], "stop_words": sys.argv[3] or "drop", "max_tokens": int(sys.argv[4])})
print(json.dumps([tokenize(sentence) for sentence in json.load(sys.stdin)]))
`, example, c.Cleaning, c.StopWords, strconv.Itoa(c.MaxTokens))
			var got [][]string
			if err := json.Unmarshal(out, &got); err != nil {
				t.Fatal(err)
			}
			tokenize, err := data.NewTokenizer(c)
			if err != nil {
				t.Fatal(err)
			}
			want := make([][]string, len(all))
			for i, sentence := range all {
				want[i] = append([]string{}, tokenize(sentence)...)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("tokens (-absa +PyTorch):\n%s", d)
			}
		})
	}
}

// answer is what a model says of a sentence: by aspect and, of the logits, by
// class.
type answer struct {
	Logits   map[string]map[string]float64 `json:"logits"`
	Presence map[string]float64            `json:"presence,omitempty"`
}

// each calls f with the name of every number.
func (a answer) each(f func(name string, value float64)) {
	for aspect, row := range a.Logits {
		for class, x := range row {
			f(aspect+" "+class, x)
		}
	}
	for aspect, x := range a.Presence {
		f(aspect+" presence", x)
	}
}

// ask runs the saved model over sentences, as an evaluation runs one whose
// answer depends on the batch.
func ask(t *testing.T, dir string, sentences []string) []answer {
	t.Helper()
	answers := make([]answer, len(sentences))
	if err := torch.Locked(func() error {
		torch.SetThreads(1)
		defer torch.ReleaseThreads()
		run, err := open(dir, silent)
		if err != nil {
			return err
		}
		c := run.config
		if err := run.extend(t.Context(), c, selection{}, func(Event) {}); err != nil {
			return err
		}
		model, err := run.model(c, torch.CPU)
		if err != nil {
			return err
		}
		defer model.Close()
		var lines bytes.Buffer
		for _, text := range sentences {
			if text == "" {
				text = "\u200b" // no word either, but no corpus has an empty text
			}
			if err := json.NewEncoder(&lines).Encode(map[string]string{"text": text}); err != nil {
				return err
			}
		}
		set, err := data.OpenReader(t.Context(), "sentences.jsonl", &lines, c)
		if err != nil {
			return err
		}
		loader, err := data.NewLoader(set.Examples(set.All(), run.vocabulary).WithNGrams(c.Model.NGrams), data.Options{BatchSize: c.Loader.BatchSize})
		if err != nil {
			return err
		}
		s := torch.NewInferenceScope(torch.CPU)
		defer s.Close()
		for batch, err := range loader.Epoch(0, 0) {
			if err != nil {
				return err
			}
			s.Reset()
			out := model.Forward(s, feed(s, batch))
			logits := s.Float32s(out.Logits)
			var presence []float32
			if out.Presence.Defined() {
				presence = s.Float32s(out.Presence)
			}
			if err := s.Err(); err != nil {
				return err
			}
			for _, at := range batch.Index {
				a := answer{Logits: map[string]map[string]float64{}}
				for _, aspect := range model.Labels.Aspects {
					row := map[string]float64{}
					for _, class := range model.Labels.Classes() {
						row[class], logits = float64(logits[0]), logits[1:]
					}
					a.Logits[aspect] = row
					if presence != nil {
						if a.Presence == nil {
							a.Presence = map[string]float64{}
						}
						a.Presence[aspect], presence = float64(presence[0]), presence[1:]
					}
				}
				answers[at] = a
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return answers
}

// askPyTorch asks the example.
func askPyTorch(t *testing.T, dir string, sentences []string) []answer {
	t.Helper()
	out := withPyTorch(t, []byte(strings.Join(sentences, "\n")+"\n"), filepath.Join(example, "load.py"), "--logits", dir)
	var answers []answer
	for line := range bytes.Lines(out) {
		var a answer
		if err := json.Unmarshal(line, &a); err != nil {
			t.Fatal(err)
		}
		answers = append(answers, a)
	}
	if len(answers) != len(sentences) {
		t.Fatalf("%d answers to %d sentences", len(answers), len(sentences))
	}
	return answers
}

// article is the article's model in small: its answer depends on the batch.
func article(more ...string) []string {
	return append([]string{
		"text.cleaning=article", "loader.order=file", "loader.buckets=0", "model.layers=2",
		"model.attention.kind=self", "model.attention.heads=2", "model.attention.masked=false", "model.attention.pool=last_padded",
		"model.head.hidden=6", "model.head.absent_class=true", "model.head.presence=false",
	}, more...)
}

// TestPyTorchLoads holds that PyTorch gives the answers of a run's model.
func TestPyTorchLoads(t *testing.T) {
	const limit = 1e-5
	for _, tt := range []struct {
		name string
		step bool // the newest checkpoint instead of the run
		set  []string
	}{
		{"additive with presence", false, []string{"text.cleaning=none"}},
		{"shared projection", true, []string{"text.cleaning=none", "model.attention.shared=true"}},
		{"n-grams", true, []string{"text.cleaning=none", "model.ngrams.words=3", "model.ngrams.characters=5", "model.ngrams.buckets=500"}},
		{"a sharing that nothing does", false, []string{"model.attention.shared=true", "model.attention.kind=none", "model.attention.pool=mean"}},
		{"article", false, article()},
		{"masked self-attention, not cleaned", true, article("text.cleaning=none", "model.attention.masked=true", "model.attention.pool=query")},
		{"no attention", true, []string{"text.cleaning=article", "model.attention.kind=none", "model.attention.pool=max"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := small(t, append([]string{"loader.batch_size=16", "train.max_steps=12", "train.learning_rate=1e-2"}, tt.set...)...)
			all := sentences(t)
			dir := train(t, c).dir
			if tt.step {
				newest, _, err := checkpoint.Newest(dir)
				if err != nil {
					t.Fatal(err)
				}
				dir = newest.Dir
			}
			got, want := askPyTorch(t, dir, all), ask(t, dir, all)

			worst, least, most := 0.0, math.Inf(1), math.Inf(-1)
			for i, sentence := range all {
				values := map[string]float64{}
				want[i].each(func(name string, x float64) {
					values[name] = x
					least, most = min(least, x), max(most, x)
				})
				got[i].each(func(name string, x float64) {
					y, ok := values[name]
					delete(values, name)
					worst = max(worst, math.Abs(x-y))
					if !ok || !(math.Abs(x-y) <= limit) {
						t.Errorf("sentence %d %q: %s: PyTorch %v, absa %v", i, sentence, name, x, y)
					}
				})
				if len(values) != 0 {
					t.Errorf("sentence %d %q: PyTorch has none of %v", i, sentence, values)
				}
			}
			if most-least < 1 {
				t.Errorf("the answers are between %v and %v: the model has learned too little to tell one from another", least, most)
			}
			t.Logf("%d sentences, answers from %.2f to %.2f, largest difference %.1g", len(all), least, most, worst)
		})
	}
}

// TestPyTorchSaves holds that what PyTorch saves is what this program saved.
func TestPyTorchSaves(t *testing.T) {
	r := train(t, small(t, article("train.max_steps=2")...))
	saved := filepath.Join(t.TempDir(), "new", WeightsFile)
	withPyTorch(t, nil, filepath.Join(example, "load.py"), "--save", saved, r.dir)

	read := func(path string) (map[string]safetensors.Tensor, map[string]string) {
		tensors, metadata, err := safetensors.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		byName := map[string]safetensors.Tensor{}
		for _, x := range tensors {
			byName[x.Name] = x
		}
		return byName, metadata
	}
	want, _ := read(filepath.Join(r.dir, WeightsFile))
	got, metadata := read(saved)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("weights (-absa +PyTorch):\n%s", d)
	}
	if d := cmp.Diff(map[string]string{"format": "pt"}, metadata); d != "" {
		t.Errorf("metadata (-want +got):\n%s", d)
	}
	for _, name := range []string{LabelsFile, VocabFile} {
		copied, err := os.ReadFile(filepath.Join(filepath.Dir(saved), name))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(r.read(t, name), string(copied)); d != "" {
			t.Errorf("%s beside the weights (-want +got):\n%s", name, d)
		}
	}
}

// TestPyTorchTrainsOn holds that a run begins with the weights that PyTorch
// has trained on, and moves them.
func TestPyTorchTrainsOn(t *testing.T) {
	first := train(t, small(t, "train.epochs=1"))
	tuned := filepath.Join(t.TempDir(), WeightsFile)
	withPyTorch(t, nil, "-c", `
import sys
from pathlib import Path
sys.path.append(sys.argv[1])
import torch
from load import load
trained = load(Path(sys.argv[2]))
model = trained.model.train()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
tokens, lengths, ngrams, places = trained.batch(["The food was great.", "Never again!"])
for step in range(5):
    optimizer.zero_grad()
    logits, presence = model(tokens, lengths, ngrams)
    (presence.sum() - logits.log_softmax(dim=-1)[..., 0].sum()).backward()
    optimizer.step()
trained.save(Path(sys.argv[3]))
`, example, first.dir, tuned)

	const rate = 1e-6
	second := train(t, small(t, "train.epochs=1", "train.select=last", fmt.Sprintf("train.learning_rate=%g", rate), "train.init_from="+tuned))
	if said := notes(second.events); !strings.Contains(said, "beginning with the weights of "+tuned) || strings.Contains(said, "fresh") {
		t.Errorf("the user was told %q, want that all weights are those of %s", said, tuned)
	}
	before, after := training{dir: filepath.Dir(tuned)}.weights(t, WeightsFile), second.weights(t, WeightsFile)
	original := first.weights(t, WeightsFile)
	for name, want := range before {
		if e := farthest(want, original[name]); e < 1e-3 {
			t.Errorf("%s: PyTorch moved it by %v at most, want more: it has not trained", name, e)
		}
		// Adam moves a weight by about the learning rate in each of the 8 steps.
		if e := farthest(after[name], want); !(e > 0 && e <= 20*rate) {
			t.Errorf("%s: at most %v from what PyTorch saved, want a few times the learning rate %v", name, e, rate)
		}
	}
	if len(after) != len(before) {
		t.Errorf("%d tensors, PyTorch saved %d", len(after), len(before))
	}
}

// farthest returns the largest difference, infinity where the lengths differ.
func farthest(a, b []float32) float64 {
	if len(a) != len(b) {
		return math.Inf(1)
	}
	var most float64
	for i := range a {
		most = max(most, math.Abs(float64(a[i])-float64(b[i])))
	}
	return most
}
