package trainer

import (
	"fmt"
	"slices"
	"testing"

	"absa/data"
)

// TestFoldIsUnseen holds that a fold is neither trained nor validated on, that
// validation sentences come from the others, and that folds do not depend on what
// cleaning leaves of a sentence.
func TestFoldIsUnseen(t *testing.T) {
	const of = 3
	ids := func(e *data.Examples) (list []string) {
		for i := range e.Len() {
			list = append(list, e.ID(i))
		}
		return list
	}
	lines := "id,text,food,price\n"
	for i := range 60 {
		text := fmt.Sprintf("good food %c%c", 'a'+i%26, 'a'+i/26)
		if i%7 == 0 {
			text = fmt.Sprintf("%d ?", i) // of which the article's cleaning leaves nothing
		}
		lines += fmt.Sprintf("s%d,%s,%s,%s\n", i, text, []string{"positive", "negative", ""}[i%3], []string{"", "positive"}[i%2])
	}
	corpus := write(t, "train.csv", lines)
	var folds [of][]string
	for _, cleaning := range []string{"none", "article"} {
		c := small(t, "data.train="+corpus, "data.test=", "data.aspects=[food, price]", "data.valid_fraction=0.25", "data.split_order=2", "text.cleaning="+cleaning)
		var all []string
		for n := range of {
			d, err := Prepare(t.Context(), c, source{fold: Fold{n + 1, of}}, func(Event) {})
			if err != nil {
				t.Fatal(err)
			}
			held := ids(d.Test)
			if folds[n] == nil {
				folds[n] = held
			} else if !slices.Equal(folds[n], held) {
				t.Errorf("cleaning %s: fold %d is %v, with all words %v", cleaning, n+1, held, folds[n])
			}
			seen := slices.Concat(ids(d.Train), ids(d.Valid))
			for _, id := range seen {
				if slices.Contains(held, id) {
					t.Errorf("cleaning %s, fold %d: %s is held out and seen", cleaning, n+1, id)
				}
			}
			if want := 60 - len(held); cleaning == "none" && len(seen) != want || d.Valid.Len() == 0 {
				t.Errorf("cleaning %s, fold %d: %d sentences seen, %d of them to validate; want %d, some to validate", cleaning, n+1, len(seen), d.Valid.Len(), want)
			}
			all = append(all, held...)
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		}
		slices.Sort(all)
		if n := len(slices.Compact(all)); n != 60 || len(all) != 60 {
			t.Errorf("the folds have %d sentences, %d different ones", len(all), n)
		}
	}
	for _, f := range []Fold{{0, 2}, {3, 2}, {1, 1}, {1, 61}} {
		_, err := Prepare(t.Context(), small(t, "data.train="+corpus, "data.test=", "data.aspects=[food, price]"), source{fold: f}, func(Event) {})
		wantError(t, err, fmt.Sprintf("fold %d of %d", f.Number, f.Of), "60 sentences")
	}
}
