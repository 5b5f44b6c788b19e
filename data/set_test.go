package data

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"absa/configs"
)

// cleaned is a configuration with the schema of d and the article's cleaning.
func cleaned(d configs.Data) configs.Config {
	return configs.Config{Data: d, Text: configs.Text{Cleaning: "article", MaxTokens: 60}}
}

// jsonl writes reviews as a file of JSON lines.
func jsonl(t testing.TB, schema Schema, reviews []Review) string {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	for _, r := range reviews {
		labels := map[string]string{}
		for a, label := range r.Labels {
			if label != Absent {
				labels[schema.Aspects[a]] = schema.Polarities[label]
			}
		}
		line := map[string]any{"text": r.Text, "labels": labels}
		if r.ID != "" {
			line["id"] = r.ID
		}
		if err := e.Encode(line); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

// setOf makes a set of reviews, in ordinary memory.
func setOf(t testing.TB, schema Schema, reviews []Review) *Set {
	t.Helper()
	c := cleaned(configs.Data{Aspects: schema.Aspects, Polarities: schema.Polarities})
	s, err := OpenReader(t.Context(), "reviews.jsonl", strings.NewReader(jsonl(t, schema, reviews)), c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
