package configs

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// writers write a Config in the forms that Load must read back.
var writers = []struct {
	name  string
	write func(io.Writer, Config) error
}{
	{"plain", WriteYAML},
	{"commented", WriteCommentedYAML},
	{"show", func(w io.Writer, c Config) error { return (&Resolved{Config: c}).Show(w) }},
}

func TestRoundTrip(t *testing.T) {
	odd := Default()
	odd.Data.Train = "a: b #c\t'\"\\\x00\u2028\U0001F35C.xml"
	odd.Data.Test = ""
	odd.Data.Aspects = []string{"Room.Service Quality", "true", "1", "null", "~", "- a", "a, b", "[x]", "日本", "no", "*a"}
	odd.Loss.ClassWeights = []ClassWeight{{"positive", 1.0 / 3}, {"conflict", 1e300}, {"neutral", 5e-324}}
	odd.Train.Seed = -9223372036854775808
	odd.Train.LearningRate = 1e-7
	odd.Train.Eps = 1e22

	configs := map[string]Config{"default": Default(), "odd": odd}
	for _, p := range Presets() {
		r, err := Load(Source{Config: p.Name})
		if err != nil {
			t.Fatal(err)
		}
		configs[p.Name] = r.Config
	}
	for name, c := range configs {
		for _, w := range writers {
			t.Run(name+" "+w.name, func(t *testing.T) {
				var b bytes.Buffer
				if err := w.write(&b, c); err != nil {
					t.Fatal(err)
				}
				r, err := loadText(t, b.String(), Source{})
				if err != nil {
					t.Fatalf("%v in\n%s", err, &b)
				}
				if diff := cmp.Diff(c, r.Config); diff != "" {
					t.Errorf("config (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestShow(t *testing.T) {
	r, err := Load(Source{Config: "sample", Set: []string{"train.seed=7"}, Environ: []string{"ABSA_TRAIN_THREADS=2"}})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := r.Show(&b); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(b.String(), "\n")
	column := -1
	for _, want := range []string{"  seed: 7", "  threads: 2", "  batch_size: 32", "  hidden: 64"} {
		i := -1
		for n, line := range lines {
			if strings.HasPrefix(line, want+" ") {
				i = n
				break
			}
		}
		if i < 0 {
			t.Fatalf("no line %q in\n%s", want, &b)
		}
		at := strings.Index(lines[i], "#")
		if column >= 0 && at != column {
			t.Errorf("%q: its comment stands in column %d, not %d", lines[i], at, column)
		}
		column = at
	}
	for _, want := range []string{"# --set\n", "# env ABSA_TRAIN_THREADS\n", "# default\n", "# preset sample\n"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, &b)
		}
	}
}

func TestWriteCommentedYAML(t *testing.T) {
	var b bytes.Buffer
	if err := WriteCommentedYAML(&b, Default()); err != nil {
		t.Fatal(err)
	}
	if want := "\n\ntrain:\n  # passes over the training data\n  epochs: 12\n"; !strings.Contains(b.String(), want) {
		t.Errorf("no %q in\n%s", want, &b)
	}
}

// Every preset is a seed; the property is that Load answers with a Config or an
// error, and that what it accepts can be written and read back.
func FuzzLoad(f *testing.F) {
	for _, p := range Presets() {
		text, _ := preset(p.Name)
		f.Add(text)
	}
	f.Add([]byte("version: 1\ndata: {aspects: [\"a\\nb\", &x y, *x], train: !!str 1}\n"))
	f.Add([]byte("version: 1\nloss:\n  class_weights:\n  - {label: positive, weight: -0}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := load("x.yaml", "", text, Source{})
		if err != nil {
			return
		}
		for _, w := range writers {
			var b bytes.Buffer
			if err := w.write(&b, r.Config); err != nil {
				t.Fatalf("%s: %v", w.name, err)
			}
			again, err := load("y.yaml", "", b.Bytes(), Source{})
			if err != nil {
				t.Fatalf("%s: %v in\n%s", w.name, err, &b)
			}
			if diff := cmp.Diff(r.Config, again.Config); diff != "" {
				t.Fatalf("%s (-first +second):\n%s", w.name, diff)
			}
		}
	})
}

// FuzzSet holds the same of overrides.
func FuzzSet(f *testing.F) {
	f.Add("train.seed=7")
	f.Add("data.aspects=[a, b]")
	f.Add("loss.class_weights=[{label: positive, weight: .5}]")
	f.Fuzz(func(t *testing.T, set string) {
		r, err := load("x.yaml", "", []byte("version: 1\n"), Source{Set: []string{set}})
		if err != nil {
			return
		}
		var b bytes.Buffer
		if err := WriteYAML(&b, r.Config); err != nil {
			t.Fatal(err)
		}
		again, err := load("y.yaml", "", b.Bytes(), Source{})
		if err != nil {
			t.Fatalf("%v in\n%s", err, &b)
		}
		if diff := cmp.Diff(r.Config, again.Config); diff != "" {
			t.Fatalf("(-first +second):\n%s", diff)
		}
	})
}
