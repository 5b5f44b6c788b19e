package configs

import (
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestKeys(t *testing.T) {
	keys := map[string]Key{}
	for _, k := range Keys() {
		keys[k.Path] = k
	}
	want := []Key{
		{Path: "train.seed", Type: "whole number", Doc: "seed of initialisation, dropout and order", OneOf: []string{}, Default: "1"},
		{Path: "train.optimizer", Type: "text", Doc: "adam | adamw", OneOf: []string{"adam", "adamw"}, Default: "adam"},
		{Path: "loss.class_weights", Type: "list of {label, weight}", Doc: "list of {label, weight}; labels left out weigh 1", OneOf: []string{}, Default: "[]"},
		{Path: "data.polarities", Type: "list of text", Doc: "polarities, in the order of the logits", OneOf: []string{}, Default: "[positive, neutral, negative, conflict]"},
	}
	for _, w := range want {
		if diff := cmp.Diff(w, keys[w.Path]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", w.Path, diff)
		}
	}
}

// viper lower-cases keys and splits them at dots, and the environment has no
// dots, so the schema's names must survive both.
func TestKeysAreSound(t *testing.T) {
	name := regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$`)
	seen := map[string]string{}
	for _, k := range Keys() {
		if !name.MatchString(k.Path) {
			t.Errorf("%s: want lower-case names", k.Path)
		}
		if k.Doc == "" {
			t.Errorf("%s: has no doc tag", k.Path)
		}
		if env := k.Env(); env != "" && seen[env] != "" {
			t.Errorf("%s and %s share %s", k.Path, seen[env], env)
		} else {
			seen[env] = k.Path
		}
	}
	if got := (Key{Path: "model.head.absent_class"}).Env(); got != "ABSA_MODEL_HEAD_ABSENT_CLASS" {
		t.Errorf("env %s", got)
	}
}

func TestDistance(t *testing.T) {
	tests := []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"", "abc", 3},
		{"seed", "seed", 0},
		{"sede", "seed", 1}, // a swap
		{"epoch", "epochs", 1},
		{"kitten", "sitting", 3},
		{"ca", "abc", 3}, // optimal string alignment, not 2
	}
	for _, test := range tests {
		t.Run(test.a+" "+test.b, func(t *testing.T) {
			if got := distance(test.a, test.b); got != test.want {
				t.Errorf("distance %d, want %d", got, test.want)
			}
			if got := distance(test.b, test.a); got != test.want {
				t.Errorf("the other way: %d, want %d", got, test.want)
			}
		})
	}
}
