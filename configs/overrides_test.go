package configs

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSet(t *testing.T) {
	r, err := loadText(t, "version: 1\n", Source{Set: []string{
		"data.aspects=[a, Food & Drink]",
		"data.polarities=[Room.Service Quality, bad]",
		"data.train=my: reviews #1.xml",
		"data.test=",
		"loss.class_weights=[{label: Room.Service Quality, weight: 2}]",
		" train.seed = 7 ",
		"train.learning_rate=1e-2",
		"vectors.trainable=false",
		"name=a",
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Name = "a"
	want.Data.Aspects = []string{"a", "Food & Drink"}
	want.Data.Polarities = []string{"Room.Service Quality", "bad"}
	want.Data.Train = "my: reviews #1.xml"
	want.Data.Test = ""
	want.Loss.ClassWeights = []ClassWeight{{"Room.Service Quality", 2}}
	want.Train.Seed = 7
	want.Train.LearningRate = 0.01
	want.Vectors.Trainable = false
	if diff := cmp.Diff(want, r.Config); diff != "" {
		t.Errorf("config (-want +got):\n%s", diff)
	}
}

func TestSetErrors(t *testing.T) {
	tests := []struct {
		name, set, want string
	}{
		{"no value", "train.seed", "--set train.seed: want key=value"},
		{"a misspelt key", "train.epoch=3", "--set train.epoch: unknown key; did you mean train.epochs?"},
		{"a misspelt section", "modle.hidden=3", "--set modle.hidden: unknown key; did you mean model.hidden?"},
		{"a key like no other", "train.lr=3", "--set train.lr: unknown key; train has epochs, seed, device, "},
		{"below a key", "train.seed.x=3", "--set train.seed.x: unknown key; train has epochs, seed, device, "},
		{"no key", "=3", `--set : unknown key; the top level has version, name, data, `},
		{"a section", "model.attention={heads: 3}", "--set model.attention: is a section; set its keys one by one: kind, heads, masked, shared, pool"},
		{"the version", "version=1", "--set version: only a file states its version"},
		{"text for a whole number", "train.epochs=three", `--set train.epochs: want a whole number, got "three"`},
		{"nothing for a whole number", "train.epochs=", "--set train.epochs: want a whole number, got nothing"},
		{"text for a list", "data.aspects=food", `--set data.aspects: want a list of text, got "food"`},
		{"a list that does not end", "data.aspects=[food", `--set data.aspects: want a list of text, got "[food"`},
		{"a misspelt value", "train.optimizer=adamv", `train.optimizer: "adamv": want one of adam, adamw; did you mean adam? (--set)`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := loadText(t, "version: 1\n", Source{Set: []string{test.set}})
			wantError(t, err, test.want)
		})
	}
}

func TestEnviron(t *testing.T) {
	r, err := loadText(t, "version: 1\nname: default\n", Source{Environ: []string{
		"ABSA_TRAIN_SEED=7",
		"ABSA_DATA_ASPECTS=[a, b]",
		"ABSA_MODEL_ATTENTION_HEADS=4",
		"ABSA_TRAIN_EPOCHS=", // empty counts as unset
		// None of these is ours, whatever they begin with.
		"ABSA_DATA=foo", "ABSA_TRAIN=foo", "ABSA_MODEL_ATTENTION=x", "ABSA_VERSION=9", "ABSA_TEST_DATA=/x",
		"ABSA_DATA_FOLDER=/x", "absa_train_seed=9", "TRAIN_SEED=9", "ABSA_=", "=C:", "ABSA_TRAIN_SEED_FILE=x", "",
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Train.Seed = 7
	want.Data.Aspects = []string{"a", "b"}
	want.Model.Attention.Heads = 4
	if diff := cmp.Diff(want, r.Config); diff != "" {
		t.Errorf("config (-want +got):\n%s", diff)
	}
}

// Load takes the environment that it is given, never the process's own.
func TestEnvironIsGiven(t *testing.T) {
	t.Setenv("ABSA_TRAIN_SEED", "7")
	r, err := Load(Source{})
	if err != nil {
		t.Fatal(err)
	}
	if want := Default().Train.Seed; r.Train.Seed != want {
		t.Errorf("seed %d, want %d", r.Train.Seed, want)
	}
}

func TestEnvironErrors(t *testing.T) {
	tests := []struct {
		name, variable, want string
	}{
		{"a wrong type", "ABSA_TRAIN_SEED=x", `env ABSA_TRAIN_SEED: train.seed: want a whole number, got "x"`},
		{"a slip of the pen", "ABSA_TRAIN_SEDE=1", "env ABSA_TRAIN_SEDE: sets nothing; did you mean ABSA_TRAIN_SEED?"},
		{"a slip in a long name", "ABSA_TRAIN_LERNING_RATE=1", "did you mean ABSA_TRAIN_LEARNING_RATE?"},
		{"a value that Validate refuses", "ABSA_TRAIN_EPOCHS=0", "train.epochs: 0: want at least 1 (env ABSA_TRAIN_EPOCHS)"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := loadText(t, "version: 1\n", Source{Environ: []string{test.variable}})
			wantError(t, err, test.want)
		})
	}
}

func TestEveryLayersMistakesAtOnce(t *testing.T) {
	_, err := loadText(t, "version: 1\ntrian: 1\n", Source{Environ: []string{"ABSA_TRAIN_SEED=x"}, Set: []string{"a", "train.seed=y"}})
	wantError(t, err, "x.yaml:2:1: trian", "env ABSA_TRAIN_SEED", "--set a: ", "--set train.seed")
}
