package trainer

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"absa/configs"
	"absa/data"
	"absa/internal/checkpoint"
	"absa/internal/safetensors"
)

// still is a configuration that changes no weight: what a run begins with is
// what it ends with.
func still(t testing.TB, set ...string) configs.Config {
	t.Helper()
	return small(t, append([]string{"train.learning_rate=1e-30", "train.max_steps=1", "train.select=last"}, set...)...)
}

// rows returns the vector of each word of a run.
func (r training) rows(t testing.TB) map[string][]float32 {
	t.Helper()
	v, err := readVocabulary(filepath.Join(r.dir, VocabFile))
	if err != nil {
		t.Fatal(err)
	}
	values := r.weights(t, WeightsFile)[embeddingName]
	d := len(values) / v.Len()
	rows := map[string][]float32{}
	for i, word := range v.Words() {
		rows[word] = values[i*d : (i+1)*d]
	}
	return rows
}

// drinks is a corpus with a new aspect, new words, and few of the old ones.
const drinks = `<sentences>
<sentence id="1"><text>great zyzzyva wine</text><aspectCategories><aspectCategory category="drinks" polarity="positive"/></aspectCategories></sentence>
<sentence id="2"><text>the wine was awful and the food too</text><aspectCategories><aspectCategory category="drinks" polarity="negative"/><aspectCategory category="food" polarity="negative"/></aspectCategories></sentence>
</sentences>
`

// TestInitFrom holds what a new run takes over from another one.
func TestInitFrom(t *testing.T) {
	old := train(t, small(t, "train.epochs=1"))
	other := write(t, "drinks.xml", drinks)
	corpus := []string{"data.train=" + other, "data.test=", "data.valid_fraction=0"}
	tests := []struct {
		name  string
		from  string
		set   []string
		fresh []string // aspects whose heads are not the old ones, "" for what they share
		note  string
	}{
		{"a run", old.dir, nil, nil, "beginning with the weights of " + old.dir},
		{"a checkpoint", checkpoint.StepDir(old.dir, 8), nil, nil, "beginning with the weights"},
		{"a file", filepath.Join(old.dir, WeightsFile), nil, nil, "beginning with the weights"},
		{"another seed", old.dir, []string{"train.seed=7"}, nil, "beginning with the weights"},
		{"another corpus with another aspect", old.dir, append([]string{"data.aspects=[drinks, food]"}, corpus...), []string{"drinks"}, "the heads of drinks start fresh"},
		{"other polarities", old.dir, []string{"data.polarities=[neutral, positive, negative, conflict]"},
			[]string{"service", "food", "anecdotes/miscellaneous", "price", "ambience"}, "every head starts fresh"},
		{"another attention", old.dir, []string{"model.attention.kind=none"}, []string{"service", "food", "anecdotes/miscellaneous", "price", "ambience"}, "every head starts fresh"},
		{"an attention that shares", old.dir, []string{"model.attention.shared=true"}, []string{"service", "food", "anecdotes/miscellaneous", "price", "ambience", ""}, "every head starts fresh"},
	}
	was, words := old.weights(t, WeightsFile), old.rows(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := still(t, append(test.set, "train.init_from="+test.from)...)
			r := train(t, c)
			if !strings.Contains(notes(r.events), test.note) {
				t.Errorf("said %q, want %q in it", notes(r.events), test.note)
			}
			now := r.weights(t, WeightsFile)
			for name, values := range now {
				if name == embeddingName {
					continue
				}
				fresh := slices.ContainsFunc(test.fresh, func(a string) bool {
					return strings.HasPrefix(name, "heads."+a+".") || a == "" && strings.HasPrefix(name, "attention.")
				})
				if same := slices.Equal(values, was[name]); same == fresh {
					t.Errorf("%s is the old one: %v, want %v", name, same, !fresh)
				}
			}
			rows := r.rows(t)
			for word, row := range words {
				if got, ok := rows[word]; !ok || !slices.Equal(got, row) {
					t.Errorf("the vector of %q is %v, want %v", word, got, row)
				}
			}
			if test.name == "another corpus with another aspect" {
				if row := rows["zyzzyva"]; len(row) != 12 || slices.Equal(row, rows[data.UnknownWord]) {
					t.Errorf("the vector of a new word is %v", row)
				}
			}
			// Config and weights say the same, so that it can be repeated.
			saved, err := configs.Load(configs.Source{Config: filepath.Join(r.dir, ConfigFile)})
			if err != nil {
				t.Fatal(err)
			}
			if saved.Config.Train.InitFrom != test.from {
				t.Errorf("config.yaml begins with %q, want %q", saved.Config.Train.InitFrom, test.from)
			}
		})
	}
}

// TestInitFromShared holds that what the heads share is taken with them, and not by
// heads that share nothing.
func TestInitFromShared(t *testing.T) {
	const name = "attention.projection.weight"
	old := train(t, small(t, "train.epochs=1", "model.attention.shared=true"))
	for _, shared := range []bool{true, false} {
		r := train(t, still(t, fmt.Sprint("model.attention.shared=", shared), "train.init_from="+old.dir))
		now, was := r.weights(t, WeightsFile), old.weights(t, WeightsFile)
		if _, has := now[name]; has != shared || shared && !slices.Equal(now[name], was[name]) {
			t.Errorf("shared %v: %s is not the old one", shared, name)
		}
		if fresh := strings.Contains(notes(r.events), "every head starts fresh"); fresh == shared {
			t.Errorf("shared %v: said %q", shared, notes(r.events))
		}
	}
}

// TestInitFromNGrams holds that n-grams are taken where they mean the same, and start
// at zero elsewhere.
func TestInitFromNGrams(t *testing.T) {
	ngrams := []string{"model.ngrams.words=2", "model.ngrams.buckets=50"}
	old := train(t, small(t, append(ngrams, "train.epochs=1")...))
	for _, test := range []struct {
		name  string
		from  training
		set   []string
		taken bool
	}{
		{"the same", old, nil, true},
		{"other n-grams", old, []string{"model.ngrams.words=3"}, false},
		{"another table", old, []string{"model.ngrams.buckets=51"}, false},
		{"other aspects", old, []string{"data.learn=[food]"}, false},
		{"from a network without", train(t, small(t, "train.epochs=1")), nil, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := train(t, still(t, slices.Concat(ngrams, test.set, []string{"train.init_from=" + test.from.dir})...))
			if fresh := strings.Contains(notes(r.events), "the n-grams start fresh"); fresh == test.taken {
				t.Errorf("said %q", notes(r.events))
			}
			for _, name := range []string{"ngrams.weight", "ngrams.bias"} {
				now, zero := r.weights(t, WeightsFile)[name], true
				for _, x := range now {
					zero = zero && math.Abs(float64(x)) < 1e-20 // after one step of a tiny rate
				}
				switch {
				case test.taken && (zero || !slices.Equal(now, test.from.weights(t, WeightsFile)[name])):
					t.Errorf("%s is not the old one", name)
				case !test.taken && !zero:
					t.Errorf("%s does not start at zero", name)
				}
			}
		})
	}
}

// TestInitFromResumes holds that a run which began with other weights resumes
// without them.
func TestInitFromResumes(t *testing.T) {
	old := train(t, small(t, "train.epochs=1"))
	c := small(t, "train.seed=3", "train.init_from="+old.dir)
	whole := train(t, c)
	r := interrupted(t, c)
	if err := os.RemoveAll(old.dir); err != nil {
		t.Fatal(err)
	}
	if again := resume(t, c, r.dir); again.read(t, WeightsFile) != whole.read(t, WeightsFile) {
		t.Error("it ended with other weights")
	}
}

func TestInitFromErrors(t *testing.T) {
	old := train(t, small(t, "train.max_steps=1"))
	tensors, metadata, err := safetensors.ReadFile(filepath.Join(old.dir, WeightsFile))
	if err != nil {
		t.Fatal(err)
	}
	file := func(name string, change func([]safetensors.Tensor) []safetensors.Tensor) string {
		path := filepath.Join(t.TempDir(), name)
		if err := safetensors.WriteFile(path, change(slices.Clone(tensors)), metadata); err != nil {
			t.Fatal(err)
		}
		return path
	}
	half := file("half.safetensors", func(list []safetensors.Tensor) []safetensors.Tensor {
		list[1].DType, list[1].Shape = safetensors.F16, []int64{list[1].Shape[0], 2 * list[1].Shape[1]}
		return list
	})
	without := file("without.safetensors", func(list []safetensors.Tensor) []safetensors.Tensor {
		return slices.DeleteFunc(list, func(x safetensors.Tensor) bool { return x.Name == "backbone.weight_hh_l0" })
	})
	alone := file("alone.safetensors", func(list []safetensors.Tensor) []safetensors.Tensor { return list })
	damaged := filepath.Join(t.TempDir(), "damaged")
	if err := os.CopyFS(damaged, os.DirFS(old.dir)); err != nil {
		t.Fatal(err)
	}
	flip(t, filepath.Join(damaged, WeightsFile))
	tests := []struct {
		name string
		from string
		set  []string
		want []string
	}{
		{"nothing there", "nowhere", nil, []string{"train.init_from", "nowhere", "no such file"}},
		{"no run", t.TempDir(), nil, []string{"train.init_from", "manifest.json"}},
		{"damaged", damaged, nil, []string{damaged, WeightsFile, "SHA-256"}},
		{"no safetensors", write(t, "x.safetensors", "PK\x03\x04 is a zip file"), nil, []string{"x.safetensors", "read header"}},
		{"half precision", half, nil, []string{"half.safetensors", "F16", "float32"}},
		{"a layer missing", without, nil, []string{"without.safetensors", "backbone.weight_hh_l0", "model.layers"}},
		{"another size", old.dir, []string{"model.hidden=14"}, []string{"backbone.weight_ih_l0", "[48 12]", "[56 12]", "model.hidden"}},
		{"more layers", old.dir, []string{"model.layers=2"}, []string{"backbone.weight_ih_l1", "model.layers"}},
		{"vectors of another length", old.dir, []string{"vectors.dimension=10"}, []string{"10 values", "vectors.dimension"}},
		{"a bare file and other words", alone, []string{"vectors.min_count=3"}, []string{"alone.safetensors", VocabFile, "beside it"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := try(t, t.Context(), still(t, append(test.set, "train.init_from="+test.from)...), nil)
			wantError(t, r.err, test.want...)
			if _, err := os.Stat(r.dir); err == nil {
				t.Error("a run folder was made")
			}
		})
	}
}
