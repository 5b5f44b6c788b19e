package vectors

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// small is a table of one value per word twice over: [v, -v].
func small(t testing.TB) *Table {
	return open(t, write(t, "v.txt", []byte(strings.Join([]string{
		"not 1 -1", "is 2 -2", "food 3 -3", "so 4 -4", "waitstaff 5 -5", "ten 6 -6", "piece 8 -8", "me 10 -10", "Paris 12 -12",
	}, "\n"))), t.TempDir())
}

// firsts are the first values of the rows [n,2].
func firsts(rows []float32) []float32 {
	var out []float32
	for i := 0; i < len(rows); i += 2 {
		out = append(out, rows[i])
	}
	return out
}

func TestMatrix(t *testing.T) {
	words := []string{"<pad>", "<unk>", "food", "FOOD", "n't", "’s", "soooo", "wait-staff", "10-piece", "Paris", "paris", "qq", "-", "I"}
	mean := float32(51.0 / 9)
	tests := []struct {
		name   string
		policy Policy
		want   []float32
		count  Coverage
	}{
		{"zero", Policy{}, []float32{0, 0, 3, 3, 0, 0, 0, 0, 0, 12, 0, 0, 0, 0},
			Coverage{Words: 12, Exact: 2, Folded: 1, Unknown: 9, Missing: []string{"n't", "’s", "soooo", "wait-staff", "10-piece", "paris", "qq", "-", "I"}}},
		{"zero, aliases", Policy{Unknown: Zero, Aliases: true}, []float32{0, 0, 3, 3, 1, 2, 4, 5, 7, 12, 0, 0, 0, 10},
			Coverage{Words: 12, Exact: 2, Folded: 1, Aliased: 6, Unknown: 3, Missing: []string{"paris", "qq", "-"}}},
		{"mean, aliases", Policy{Unknown: Mean, Aliases: true}, []float32{0, mean, 3, 3, 1, 2, 4, 5, 7, 12, mean, mean, mean, 10},
			Coverage{Words: 12, Exact: 2, Folded: 1, Aliased: 6, Unknown: 3, Missing: []string{"paris", "qq", "-"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			rows, c, err := small(t).Matrix(words, test.policy)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, firsts(rows)); diff != "" {
				t.Errorf("rows: %s", diff)
			}
			if diff := cmp.Diff(test.count, c); diff != "" {
				t.Errorf("coverage: %s", diff)
			}
			if got := c.Exact + c.Folded + c.Aliased + c.Unknown; got != c.Words {
				t.Errorf("the counts add up to %d of %d", got, c.Words)
			}
		})
	}
	if _, _, err := small(t).Matrix(words, Policy{Unknown: "nearest"}); err == nil || !strings.Contains(err.Error(), `"nearest"`) {
		t.Errorf("unknown policy: %v", err)
	}
}

func TestMatrixRandom(t *testing.T) {
	table := small(t)
	pick := func(words []string, seed int64) []float32 {
		rows, _, err := table.Matrix(words, Policy{Unknown: Gaussian, Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	one := pick([]string{"<pad>", "<unk>", "aa", "bb", "food"}, 1)
	two := pick([]string{"<pad>", "<unk>", "zz", "food", "bb", "aa"}, 1)
	if !cmp.Equal(one[4:6], two[10:12]) || !cmp.Equal(one[6:8], two[8:10]) || !cmp.Equal(one[2:4], two[2:4]) {
		t.Errorf("a word's row depends on its place: %v, %v", one, two)
	}
	if one[0] != 0 || one[1] != 0 || one[8] != 3 || one[2] == 0 {
		t.Errorf("padding, known word or <unk>: %v", one)
	}
	if other := pick([]string{"<pad>", "<unk>", "aa"}, 2); cmp.Equal(one[4:6], other[4:6]) || cmp.Equal(one[2:4], one[4:6]) {
		t.Errorf("seed or word does not matter: %v, %v", one, other)
	}
	var squares float64 // of ±{1,2,3,4,5,6,8,10,12}, whose mean is 0
	for _, v := range []float64{1, 2, 3, 4, 5, 6, 8, 10, 12} {
		squares += v * v
	}
	if got, want := table.Info().Std, math.Sqrt(squares/9); math.Abs(got-want) > 1e-9 {
		t.Errorf("std %v, want %v", got, want)
	}
	many := make([]string, 20_000)
	for i := range many {
		many[i] = strings.Repeat("q", 3+i%97) + string(rune(0x4e00+i))
	}
	if got, want := spread(pick(many, 3)), table.Info().Std; math.Abs(got/want-1) > 0.02 {
		t.Errorf("std of random rows %v, want about %v", got, want)
	}
}

// spread is the root mean square of rows.
func spread(rows []float32) float64 {
	var squares float64
	for _, v := range rows {
		squares += float64(v) * float64(v)
	}
	return math.Sqrt(squares / float64(len(rows)))
}

func TestRandom(t *testing.T) {
	one := Random([]string{"<pad>", "<unk>", "food", "service"}, 50, 7, 1)
	two := Random([]string{"<pad>", "service", "food"}, 50, 7, 1)
	if !cmp.Equal(one[100:150], two[100:150]) || !cmp.Equal(one[150:], two[50:100]) {
		t.Error("a word's row depends on the vocabulary")
	}
	if cmp.Equal(one[100:150], Random([]string{"", "", "food"}, 50, 8, 1)[100:]) {
		t.Error("the seed does not matter")
	}
	if got := one[:50]; !cmp.Equal(got, make([]float32, 50)) {
		t.Errorf("padding: %v", got)
	}
	wide := Random([]string{"<pad>", "food"}, 100_000, 7, 1)[100_000:]
	if got := spread(wide); math.Abs(got-1) > 0.01 {
		t.Errorf("std %v, want about 1", got)
	}
	if got := spread(Random([]string{"<pad>", "food"}, 100_000, 7, 0.1)[100_000:]); math.Abs(got-0.1) > 0.001 {
		t.Errorf("std %v, want about 0.1", got)
	}
	if got := Random([]string{"a"}, 0, 1, 1); got != nil {
		t.Errorf("dimension 0: %v", got)
	}
	// A change of these numbers would change every run with random vectors.
	want := []float32{0.72024846, 0.075139575, 0.3636018, -1.2904862}
	if got := Random([]string{"<pad>", "food"}, 4, 42, 1)[4:]; !cmp.Equal(got, want) {
		t.Errorf("food by seed 42 = %v, want %v", got, want)
	}
}

func TestShorten(t *testing.T) {
	tests := []struct {
		word string
		keep int
		want string
	}{
		{"soooo", 2, "soo"}, {"soooo", 1, "so"}, {"good", 1, "good"}, {"perrrrfect", 2, "perrfect"},
		{"aaabbb", 1, "ab"}, {"ééé!", 1, "é!"}, {"", 1, ""},
	}
	for _, test := range tests {
		if got := shorten(test.word, test.keep); got != test.want {
			t.Errorf("shorten(%q, %d) = %q, want %q", test.word, test.keep, got, test.want)
		}
	}
}
