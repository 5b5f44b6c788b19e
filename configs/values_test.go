package configs

import "testing"

func TestValues(t *testing.T) {
	values := Values(Default())
	for key, want := range map[string]any{
		"train.seed": 1.0, "train.learning_rate": 1e-3, "model.attention.masked": true, "data.train": "sample",
		"data.polarities": "[positive, neutral, negative, conflict]",
	} {
		if got := values[key]; got != want {
			t.Errorf("%s: got %#v, want %#v", key, got, want)
		}
	}
	if got, want := len(values), len(Keys()); got != want {
		t.Errorf("%d values of %d keys", got, want)
	}
}
