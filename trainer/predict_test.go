package trainer

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"absa/data"
	"absa/data/sample"
	"absa/internal/metrics"
	"absa/internal/torch"
	"absa/models"
)

// predictor loads a run, and closes it with the test.
func predictor(t testing.TB, run string, o PredictOptions) *Predictor {
	t.Helper()
	o.Run = run
	p, err := NewPredictor(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// predictAll labels texts.
func predictAll(t testing.TB, p *Predictor, texts []string) []Prediction {
	t.Helper()
	all, err := p.Predict(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// newWords has sentences with words that the sample corpus lacks.
const newWords = `<sentences>
<sentence id="1"><text>The zorgle was blifty and the food krunk</text><aspectCategories><aspectCategory category="food" polarity="negative"/></aspectCategories></sentence>
<sentence id="2"><text>blifty zorgle</text><aspectCategories><aspectCategory category="service" polarity="positive"/></aspectCategories></sentence>
<sentence id="3"><text>We paid a prazzle of snorf for the drubbish mellop, krunk krunk krunk</text><aspectCategories><aspectCategory category="price" polarity="neutral"/></aspectCategories></sentence>
<sentence id="4"><text>!!!</text><aspectCategories><aspectCategory category="ambience" polarity="positive"/></aspectCategories></sentence>
</sentences>`

// vectorsFile writes vectors of eight values for the new words and a few others.
func vectorsFile(t *testing.T) string {
	var b strings.Builder
	for i, word := range strings.Fields("zorgle blifty krunk prazzle snorf drubbish mellop the was and food we paid a for of service good bad staff") {
		fmt.Fprint(&b, word)
		for k := range 8 {
			fmt.Fprintf(&b, " %.4f", 2*math.Sin(float64(7*i+3*k)))
		}
		fmt.Fprintln(&b)
	}
	return write(t, "vectors.txt", b.String())
}

// TestPredictAsEvaluate holds that predicting gives the very figures of
// evaluating, for every kind of model, and with words that training did not see.
func TestPredictAsEvaluate(t *testing.T) {
	tests := []struct {
		name string
		set  []string
	}{
		{"presence", nil},
		{"n-grams", []string{"model.ngrams.words=2", "model.ngrams.characters=3", "model.ngrams.buckets=1000"}},
		{"file of vectors", []string{"vectors.kind=file", "vectors.dimension=8", "vectors.aliases=true", "vectors.unknown=random"}},
		{"absent class, alone", []string{"model.head.absent_class=true", "model.head.presence=false", "model.attention.kind=self", "model.attention.pool=last_padded", "model.attention.masked=false", "loader.batch_size=1", "text.cleaning=article"}},
	}
	corpora := []string{write(t, "sample.xml", string(sample.Test())), write(t, "new.xml", newWords)}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			set := append([]string{"train.max_steps=12", "train.learning_rate=0.02"}, test.set...)
			if test.name == "file of vectors" {
				set = append(set, "vectors.path="+vectorsFile(t))
			}
			r := train(t, small(t, set...))
			for _, path := range corpora {
				want, err := Evaluate(t.Context(), EvaluateOptions{Runs: []string{r.dir}, Data: path})
				if err != nil {
					t.Fatal(err)
				}
				// With one sentence at a time there is room for few new words, which are
				// forgotten and looked up again.
				for _, size := range []int{1, 0} {
					p := predictor(t, r.dir, PredictOptions{BatchSize: size})
					if diff := cmp.Diff(want.Score.Confusion, scored(t, p, path, r)); diff != "" {
						t.Errorf("%s, batch size %d (-evaluate +predict):\n%s", path, size, diff)
					}
				}
			}
		})
	}
}

// scored counts a predictor's answers to a corpus.
func scored(t *testing.T, p *Predictor, path string, r training) metrics.Confusion {
	t.Helper()
	var gold, predicted []int
	corpus, err := data.Open(t.Context(), path, small(t), data.OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer corpus.Close()
	for i := range corpus.Len() {
		for _, label := range corpus.Labels(i) {
			gold = append(gold, int(label))
		}
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	texts := textsOf(t, path, file)
	for _, sentence := range predictAll(t, p, texts) {
		for _, o := range sentence {
			predicted = append(predicted, o.Polarity)
		}
	}
	saved, err := open(r.dir, silent)
	if err != nil {
		t.Fatal(err)
	}
	result, err := metrics.Evaluate(p.Labels.Aspects, p.Labels.Polarities, gold, predicted, saved.majority)
	if err != nil {
		t.Fatal(err)
	}
	return result.Overall.Model
}

// TestPredictLooksWordsUp holds that the vectors of words that training did not
// see are used, and that without their file they are read as unknown.
func TestPredictLooksWordsUp(t *testing.T) {
	file := vectorsFile(t)
	r := train(t, small(t, "train.max_steps=2", "vectors.kind=file", "vectors.path="+file, "vectors.dimension=8", "vectors.aliases=false", "vectors.unknown=zero"))
	texts := []string{"zorgle blifty", "notaword", "blifty"}
	with := predictAll(t, predictor(t, r.dir, PredictOptions{}), texts)
	if cmp.Equal(with[0], with[1]) || cmp.Equal(with[0], with[2]) {
		t.Errorf("sentences of different words have one answer: %v", with)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	var events []Event
	without := predictAll(t, predictor(t, r.dir, PredictOptions{Report: func(e Event) { events = append(events, e) }}), texts)
	if !cmp.Equal(without[1], without[2]) || cmp.Equal(without[0], with[0]) {
		t.Errorf("without vectors %v, with them %v", without, with)
	}
	if !strings.Contains(notes(events), "vectors.txt is not there: words that were not seen in training are read as unknown") {
		t.Errorf("notes: %s", notes(events))
	}
}

// TestLexiconForgets holds that new words are forgotten when there is no room for
// those of the next batch, and when they are long.
func TestLexiconForgets(t *testing.T) {
	r := train(t, small(t, "train.max_steps=2", "vectors.kind=file", "vectors.path="+vectorsFile(t), "vectors.dimension=8", "vectors.unknown=random"))
	err := torch.Locked(func() error {
		l, err := newLabeller(t.Context(), PredictOptions{Run: r.dir, BatchSize: 2, Report: func(Event) {}})
		if err != nil {
			return err
		}
		defer l.close()
		most, longest := 0, 0
		for i := range 400 {
			word := fmt.Sprint("word", i)
			if i%10 == 0 {
				word = strings.Repeat("long", 100_000) + word
			}
			first, err := l.label(t.Context(), []string{word, "the food"})
			if err != nil {
				return err
			}
			again, err := l.label(t.Context(), []string{word})
			if err != nil {
				return err
			}
			if !sameOpinions(first[0], again[0]) {
				t.Errorf("word %d: first %v, then %v", i, first, again)
			}
			held := 0
			for word := range l.words.fresh {
				held += len(word)
			}
			most, longest = max(most, len(l.words.fresh)), max(longest, held)
		}
		if most > l.words.room || most < 10 || longest > freshBytes+500_000 {
			t.Errorf("it held %d words of %d bytes, want at most %d words and about %d bytes", most, longest, l.words.room, freshBytes)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestPredictBatches holds that batches change neither order nor answers, and
// what the figures of an answer are.
func TestPredictBatches(t *testing.T) {
	r := train(t, small(t, "train.max_steps=8"))
	var texts []string
	for i := range 40 {
		texts = append(texts, strings.TrimSpace(strings.Repeat("the food was good but the service slow ", i%7)+strings.Repeat("bad ", i%3+1)))
	}
	one, many := predictor(t, r.dir, PredictOptions{BatchSize: 1}), predictor(t, r.dir, PredictOptions{BatchSize: 16})
	if !one.Presence || one.Alone {
		t.Errorf("presence %v, alone %v; want true, false", one.Presence, one.Alone)
	}
	a, b := predictAll(t, one, texts), predictAll(t, many, texts)
	for i := range texts {
		if !sameOpinions(a[i], b[i]) {
			t.Errorf("sentence %d: alone %v, in a batch %v", i, a[i], b[i])
		}
		if len(a[i]) != len(one.Labels.Aspects) {
			t.Fatalf("sentence %d: %d opinions", i, len(a[i]))
		}
		for _, o := range a[i] {
			sum := float32(0)
			for _, v := range o.Probabilities {
				sum += v
				if v > o.Probabilities[o.Polarity] {
					t.Errorf("sentence %d: %v is not the most probable", i, o)
				}
			}
			if math.Abs(float64(sum)-1) > 1e-5 || o.Presence <= 0 || o.Presence >= 1 {
				t.Errorf("sentence %d: %v", i, o)
			}
		}
	}
	if sameOpinions(a[0], a[1]) {
		t.Error("different sentences have one answer, so this test shows nothing")
	}
	if none, err := one.Predict(t.Context(), nil); err != nil || len(none) != 0 {
		t.Errorf("no text: %v, %v", none, err)
	}
}

// sameOpinions says whether two predictions are equal but for the rounding of sums.
func sameOpinions(a, b Prediction) bool {
	for i := range a {
		if a[i].Polarity != b[i].Polarity || math.Abs(float64(a[i].Presence-b[i].Presence)) > 1e-5 {
			return false
		}
		for k := range a[i].Probabilities {
			if math.Abs(float64(a[i].Probabilities[k]-b[i].Probabilities[k])) > 1e-5 {
				return false
			}
		}
	}
	return true
}

// TestPredictFromGoroutines holds that a predictor may be asked by several, each
// of which gets its own answers.
func TestPredictFromGoroutines(t *testing.T) {
	r := train(t, small(t, "train.max_steps=2"))
	p := predictor(t, r.dir, PredictOptions{})
	texts := []string{"good food", "the service was bad and slow", "pricey", "we loved the place and its music"}
	want := predictAll(t, p, texts)
	var wait sync.WaitGroup
	for i, text := range texts {
		wait.Go(func() {
			for range 20 {
				got, err := p.Predict(t.Context(), []string{text})
				if err != nil || !sameOpinions(got[0], want[i]) {
					t.Errorf("%q: %v, %v; want %v", text, got, err, want[i])
				}
			}
		})
	}
	wait.Wait()
}

func TestPredictorErrors(t *testing.T) {
	r := train(t, small(t, "train.max_steps=2"))
	for _, test := range []struct {
		name string
		o    PredictOptions
		want string
	}{
		{"no run", PredictOptions{Run: t.TempDir()}, "never completed"},
		{"device", PredictOptions{Run: r.dir, Device: "tpu"}, "tpu"},
		{"batch size", PredictOptions{Run: r.dir, BatchSize: -1}, "batch size -1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, err := NewPredictor(t.Context(), test.o)
			if err == nil {
				p.Close()
			}
			wantError(t, err, test.want)
		})
	}
	p := predictor(t, r.dir, PredictOptions{})
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("stopped")
	cancel(stopped)
	if _, err := p.Predict(ctx, []string{"a"}); !errors.Is(err, stopped) {
		t.Errorf("of a context that has ended: %v", err)
	}
}

// TestWindow holds that sentences leave a window in their order, when it is full
// or flushed, and that what has no text has no prediction.
func TestWindow(t *testing.T) {
	r := train(t, small(t, "train.max_steps=2"))
	p := predictor(t, r.dir, PredictOptions{BatchSize: 1})
	var sizes []int
	var out []string
	w := p.NewWindow(t.Context(), func(sentences []data.Sentence, predictions []Prediction) error {
		sizes = append(sizes, len(sentences))
		for i, s := range sentences {
			out = append(out, fmt.Sprint(s.ID, predictions[i] != nil))
		}
		return nil
	})
	var want []string
	for i := range windowBatches + 2 {
		s := data.Sentence{ID: fmt.Sprint(i, " "), Text: strings.Repeat("word ", (i+1)%4)}
		if i == 1 {
			s.Text, s.Err = "", errors.New("no text")
		}
		want = append(want, fmt.Sprint(s.ID, strings.TrimSpace(s.Text) != ""))
		if err := w.Add(s); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(want, out); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if want := []int{windowBatches, 2}; !cmp.Equal(want, sizes) {
		t.Errorf("it handed on %d sentences at a time, want %d", sizes, want)
	}

	full := errors.New("no space left")
	w = p.NewWindow(t.Context(), func([]data.Sentence, []Prediction) error { return full })
	if err := errors.Join(w.Add(data.Sentence{Text: strings.Repeat("a", windowBytes)}), w.Flush()); !errors.Is(err, full) {
		t.Errorf("a window whose receiver fails: %v", err)
	}
}

// TestAbsentOpinion holds that the class that stands for "not mentioned" is an
// answer, and no polarity.
func TestAbsentOpinion(t *testing.T) {
	l := labeller{model: &models.Model{Labels: models.Labels{Aspects: []string{"a"}, Polarities: []string{"p", "n"}, AbsentClass: true}}}
	got := make([]Prediction, 2)
	l.spread([]int{1, 0}, []int64{0, 2}, []float32{.5, .3, .2, .1, .2, .7}, nil, got)
	want := []Prediction{{{Polarity: 1, Probabilities: []float32{.2, .7}}}, {{Polarity: data.Absent, Probabilities: []float32{.3, .2}}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
