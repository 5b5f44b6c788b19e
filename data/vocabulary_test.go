package data

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// tally counts words.
func tally(sentences ...[]string) map[string]int {
	counts := map[string]int{}
	for _, word := range slices.Concat(sentences...) {
		counts[word]++
	}
	return counts
}

func TestNewVocabulary(t *testing.T) {
	sentences := [][]string{
		{"zebra", "the", "food"},
		{"the", "food", "apple", "<unk>", "<pad>", "<pad>"},
		{"the"},
	}
	tests := []struct {
		name     string
		minCount int
		want     []string
	}{
		{"all words", 1, []string{"<pad>", "<unk>", "the", "food", "apple", "zebra"}},
		{"zero is one", 0, []string{"<pad>", "<unk>", "the", "food", "apple", "zebra"}},
		{"frequent words", 2, []string{"<pad>", "<unk>", "the", "food"}},
		{"none", 9, []string{"<pad>", "<unk>"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := NewVocabulary(tally(sentences...), tt.minCount)
			if diff := cmp.Diff(tt.want, v.Words()); diff != "" {
				t.Errorf("words (-want +got):\n%s", diff)
			}
			if v.Len() != len(tt.want) {
				t.Errorf("Len() = %d, want %d", v.Len(), len(tt.want))
			}
			for id, word := range tt.want[2:] {
				if got, want := v.ID(word), int64(id+2); got != want {
					t.Errorf("ID(%q) = %d, want %d", word, got, want)
				}
			}
		})
	}
	v := NewVocabulary(tally(sentences...), 2)
	var got []int64
	for _, word := range []string{"food", "apple", "the", "<pad>", "<unk>", ""} {
		got = append(got, v.ID(word))
	}
	if diff := cmp.Diff([]int64{3, 1, 2, 1, 1, 1}, got); diff != "" {
		t.Errorf("IDs (-want +got):\n%s", diff)
	}
}

func TestVocabularyExtend(t *testing.T) {
	v := NewVocabulary(tally([]string{"b", "b", "a"}), 1)
	longer := v.Extend([]string{"z", "c"})
	want := []string{"<pad>", "<unk>", "b", "a", "z", "c"}
	if diff := cmp.Diff(want, longer.Words()); diff != "" {
		t.Errorf("words (-want +got):\n%s", diff)
	}
	if got := []int64{longer.ID("a"), longer.ID("c"), v.ID("c")}; !slices.Equal(got, []int64{3, 5, UnknownID}) {
		t.Errorf("ids of a and c, and of c before = %v, want [3 5 1]", got)
	}
}

func TestVocabularyWordsAreACopy(t *testing.T) {
	v := NewVocabulary(tally([]string{"a"}), 1)
	v.Words()[2] = "b"
	if got := v.Words()[2]; got != "a" {
		t.Errorf("word 2 = %q after its copy was changed, want a", got)
	}
}

func TestVocabularyFile(t *testing.T) {
	v := NewVocabulary(tally([]string{"the", "crème", "\u0085", "the", "😋", "'s"}), 1)
	var file bytes.Buffer
	n, err := v.WriteTo(&file)
	if err != nil {
		t.Fatal(err)
	}
	if n != int64(file.Len()) {
		t.Errorf("WriteTo returned %d of %d bytes", n, file.Len())
	}
	if want := "<pad>\n<unk>\nthe\n's\n"; !strings.HasPrefix(file.String(), want) {
		t.Errorf("the file is %q, want it to begin with %q", file.String(), want)
	}
	got, err := ReadVocabulary("vocab.txt", &file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(v, got, cmp.AllowUnexported(Vocabulary{})); diff != "" {
		t.Errorf("vocabulary (-written +read):\n%s", diff)
	}
}

func TestVocabularyWriteErrors(t *testing.T) {
	var b bytes.Buffer
	for _, word := range []string{"", "two\nlines", "bad\xff"} {
		if n, err := NewVocabulary(tally([]string{word}), 1).WriteTo(&b); err == nil || n != 0 || b.Len() != 0 {
			t.Errorf("word %q: wrote %d bytes, error %v; want an error and nothing written", word, n, err)
		}
	}
	full := errors.New("no space left")
	if _, err := NewVocabulary(nil, 1).WriteTo(failing{full}); !errors.Is(err, full) {
		t.Errorf("got %v, want %v", err, full)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestReadVocabularyErrors(t *testing.T) {
	tests := []struct {
		name, file, want string
	}{
		{"empty", "", "vocab.txt: the last line has no end"},
		{"cut short", "<pad>\n<unk>\nth", "vocab.txt: the last line has no end"},
		{"no reserved words", "the\nfood\n", "vocab.txt:1: the first two lines must be <pad> and <unk>"},
		{"only padding", "<pad>\n", "vocab.txt:1: the first two lines"},
		{"line ends of Windows", "<pad>\r\n<unk>\r\n", "ended by line feeds alone"},
		{"word twice", "<pad>\n<unk>\na\nb\na\n", `"a" is listed twice`},
		{"padding twice", "<pad>\n<unk>\n<pad>\n", `vocab.txt:3: "<pad>" is listed twice`},
		{"empty line", "<pad>\n<unk>\na\n\nb\n", "vocab.txt:4: the word is empty"},
		{"bad UTF-8", "<pad>\n<unk>\n\xff\n", "vocab.txt:3: word \"\\xff\" is not UTF-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ReadVocabulary("vocab.txt", strings.NewReader(tt.file))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error that says %s", err, tt.want)
			}
		})
	}
	broken := errors.New("disk on fire")
	if _, err := ReadVocabulary("vocab.txt", iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
}

func TestExamples(t *testing.T) {
	s := setOf(t, Schema{Aspects: []string{"food"}, Polarities: []string{"+", "-"}}, []Review{
		{ID: "1", Text: "Good food", Labels: []int{0}},
		{ID: "2", Text: "we were there", Labels: []int{1}},
		{ID: "3", Text: "bad food", Labels: []int{Absent}},
	})
	vocabulary := NewVocabulary(tally([]string{"food", "good"}), 1)
	e := s.Examples([]uint32{2, 1, 0}, vocabulary)
	type example struct {
		ID     string
		Tokens []int64
		Labels []int8
	}
	var got []example
	for i := range e.Len() {
		tokens := make([]int64, e.Length(i))
		e.Tokens(tokens, i)
		got = append(got, example{e.ID(i), tokens, e.Labels(i)})
	}
	want := []example{
		{"3", []int64{1, 2}, []int8{Absent}},
		{"2", []int64{1}, []int8{1}}, // no word is left: one unknown
		{"1", []int64{3, 2}, []int8{0}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("examples (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]uint32{0, 2}, s.WithWords(s.All())); diff != "" {
		t.Errorf("sentences with words (-want +got):\n%s", diff)
	}
}
