package configs

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLoadStudy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mine.yaml")
	const text = `version: 1
title: Mine
about: Does more dropout help?
set: {train.threads: 1}
variants:
  - {name: short, title: two epochs, set: {train.epochs: 2}}
rows:
  - {name: base, group: All, title: as it is, config: sample, set: {train.epochs: 3}, variants: [short]}
  - name: dropout
    title: more dropout
    from: base
    set:
      model.embedding_dropout: 0.6
      data.aspects: [room, staff]
    variants: [short]
  - {name: five, title: five of them, kind: ensemble, from: base}
  - {name: both, title: one of each, kind: ensemble, of: [base, base-short], against: base}
  - {name: all, title: all ten, kind: ensemble, from: both}
  - {name: most, title: majority, kind: majority}
claims:
  - {says: It helps, compare: [{row: dropout, against: base}]}
`
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	s, err := LoadStudy(path, "train.seed=7")
	if err != nil {
		t.Fatal(err)
	}
	base := []string{"train.threads=1", "train.epochs=3"}
	dropout := append(append([]string{}, base...), "model.embedding_dropout=0.6", "data.aspects=[room, staff]")
	with := func(set []string, more ...string) []string {
		return append(append([]string{}, set...), append(more, "train.seed=7")...)
	}
	want := &Study{
		Title: "Mine", About: "Does more dropout help?",
		Rows: []StudyRow{
			{Name: "base", Group: "All", Title: "as it is", Kind: RowTrained, Config: "sample", Set: with(base)},
			{Name: "base-short", Group: "All", Title: "as it is, two epochs", Kind: RowTrained, Reference: "base", Config: "sample", Set: with(base, "train.epochs=2")},
			{Name: "dropout", Group: "All", Title: "more dropout", Kind: RowTrained, Reference: "base", Config: "sample", Set: with(dropout)},
			{Name: "dropout-short", Group: "All", Title: "more dropout, two epochs", Kind: RowTrained, Reference: "base-short", Config: "sample", Set: with(dropout, "train.epochs=2")},
			{Name: "five", Group: "All", Title: "five of them", Kind: RowEnsemble, Reference: "base", Of: []string{"base"}, Config: "sample", Set: with(base)},
			{Name: "both", Group: "All", Title: "one of each", Kind: RowEnsemble, Reference: "base", Of: []string{"base", "base-short"}, EachSeed: true},
			{Name: "all", Group: "All", Title: "all ten", Kind: RowEnsemble, Reference: "both", Of: []string{"both"}, Set: []string{"train.seed=7"}},
			{Name: "most", Group: "All", Title: "majority", Kind: RowMajority, Set: []string{"train.threads=1", "train.seed=7"}},
		},
		Claims: []StudyClaim{{Says: "It helps", Compare: []StudyPair{{"dropout", "base"}}}},
	}
	want.SHA256 = fmt.Sprintf("%x", sha256.Sum256([]byte(text)))
	if diff := cmp.Diff(want, s); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A recipe beside the study is found from anywhere.
func TestLoadStudyRelative(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"recipe.yaml": "version: 1\ndata: {train: sample, test: sample}\n",
		"mine.yaml":   "version: 1\ntitle: T\nrows:\n  - {name: a, title: t, config: ./recipe.yaml}\n  - {name: b, title: t, from: a}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	s, err := LoadStudy(filepath.Join(dir, "mine.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range s.Rows {
		if want := filepath.Join(dir, "recipe.yaml"); row.Config != want {
			t.Errorf("row %s begins with %s, want %s", row.Name, row.Config, want)
		}
	}
}

func TestLoadStudyErrors(t *testing.T) {
	const head = "version: 1\ntitle: T\n"
	const two = head + "rows:\n  - {name: a, title: t, config: sample}\n  - {name: b, title: t, from: a}\n"
	tests := []struct{ name, text, want string }{
		{"no rows", head, "rows is empty"},
		{"another version", "version: 2\nrows: []\n", "version: this program reads version 1, the study has 2"},
		{"an unknown key", head + "rows:\n  - {name: a, title: t, config: sample}\nrow: 1\n", "mine.yaml:5: unknown key row"},
		{"an unknown key of a row", head + "rows:\n  - {name: a, titel: t, config: sample}\n", "mine.yaml:4: unknown key titel"},
		{"no place to begin", head + "rows:\n  - {name: a, title: t}\n", "mine.yaml:4: row a: give config, where its recipe begins, or from"},
		{"from below", head + "rows:\n  - {name: a, title: t, from: b}\n  - {name: b, title: t, config: sample}\n", `mine.yaml:4: row a: from: there is no row "b" above`},
		{"twice", head + "rows:\n  - {name: a, title: t, config: sample}\n  - {name: a, title: t, config: sample}\n", "mine.yaml:5: row a: stands twice"},
		{"a kind that is none", head + "rows:\n  - {name: a, title: t, config: sample, kind: tuned}\n", `row a: kind "tuned" is none of trained, single_task, ensemble, majority`},
		{"an ensemble of nothing", head + "rows:\n  - {name: a, title: t, kind: ensemble}\n", "row a: give from, the row whose seeds are an ensemble, or of, a list of rows"},
		{"an ensemble with a recipe", two + "  - {name: e, title: t, kind: ensemble, of: [a, b], set: {train.epochs: 2}}\n", "row e: an ensemble takes models as they are: config, set and variants"},
		{"an ensemble that varies", head + "variants: [{name: v, title: v}]\nrows:\n  - {name: a, title: t, config: sample}\n  - {name: e, title: t, kind: ensemble, from: a, variants: [v]}\n", "row e: an ensemble takes models as they are"},
		{"an ensemble of a row below", head + "rows:\n  - {name: b, title: t, kind: ensemble, of: [a]}\n  - {name: a, title: t, config: sample}\n", `row b: of: there is no row "a" above`},
		{"an ensemble of a row twice", two + "  - {name: e, title: t, kind: ensemble, of: [a, b, a]}\n", "row e: of: a stands twice"},
		{"an ensemble of all seeds among those of each", two + "  - {name: e, title: t, kind: ensemble, from: a}\n  - {name: f, title: t, kind: ensemble, of: [e, b]}\n", "row f: of: row e has no model of each seed"},
		{"an ensemble of other questions", two + "  - {name: c, title: t, from: b, set: {model.head.absent_class: true, model.head.presence: false, loss.presence_weight: 0}}\n  - {name: e, title: t, kind: ensemble, of: [a, c]}\n", "row e: of: a and c differ in data.aspects, data.polarities, data.test or model.head.absent_class"},
		{"an ensemble from the majority", head + "rows:\n  - {name: m, title: t, kind: majority}\n  - {name: e, title: t, kind: ensemble, from: m}\n", "row e: from: row m has no recipe"},
		{"models of rows", two + "  - {name: c, title: t, config: sample, of: [a]}\n", "row c: of: only an ensemble is of rows"},
		{"a recipe from an ensemble of an ensemble of rows", two + "  - {name: e, title: t, kind: ensemble, of: [a, b]}\n  - {name: f, title: t, kind: ensemble, from: e}\n  - {name: c, title: t, from: f}\n", "row c: from: row f has no recipe"},
		{"a variant that is none", head + "rows:\n  - {name: a, title: t, config: sample, variants: [long]}\n", `row a: variants: there is none called "long"`},
		{"a key of no configuration", head + "rows:\n  - {name: a, title: t, config: sample, set: {train.epoch: 3}}\n", "row a: --set train.epoch: unknown key; did you mean train.epochs?"},
		{"a recipe that cannot be", head + "rows:\n  - {name: a, title: t, config: sample, set: {train.epochs: 0}}\n", "row a: train.epochs: 0: want at least 1"},
		{"a claim about nothing", head + "rows:\n  - {name: a, title: t, config: sample}\nclaims:\n  - {says: c, compare: [{row: a, against: b}]}\n", `claim "c": there is no row "b"`},
		{"no YAML", "rows: [", "mine.yaml"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "mine.yaml")
			if err := os.WriteFile(path, []byte(tt.text), 0o666); err != nil {
				t.Fatal(err)
			}
			if _, err := LoadStudy(path); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error that says %s", err, tt.want)
			}
		})
	}
	if _, err := LoadStudy("artcle"); err == nil || !strings.Contains(err.Error(), "did you mean article?") {
		t.Errorf("a misspelt name: got %v", err)
	}
}

// The studies that come with the program can be run.
func TestStudiesOfTheProgram(t *testing.T) {
	for _, name := range StudyNames() {
		s, err := LoadStudy(name)
		if err != nil {
			t.Error(err)
			continue
		}
		if len(s.Rows) == 0 || len(s.Claims) == 0 || s.About == "" {
			t.Errorf("%s: %d rows, %d claims, about %q", name, len(s.Rows), len(s.Claims), s.About)
		}
	}
}
