package configs

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDifferences(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Config)
		want   []Difference
	}{
		{"none", func(*Config) {}, nil},
		{"one of each type, in the order of the schema", func(c *Config) {
			c.Checkpoint.EveryMinutes = 2.5
			c.Train.Epochs = 3
			c.Train.LearningRate = 1e-5
			c.Vectors.Trainable = false
			c.Name = "other"
		}, []Difference{
			{"name", "default", "other"},
			{"vectors.trainable", "true", "false"},
			{"train.epochs", "12", "3"},
			{"train.learning_rate", "0.001", "1e-05"},
			{"checkpoint.every_minutes", "10", "2.5"},
		}},
		{"lists", func(c *Config) {
			c.Data.Polarities = []string{"good", "not good"}
			c.Loss.ClassWeights = []ClassWeight{{"good", 0.5}}
		}, []Difference{
			{"data.polarities", "[positive, neutral, negative, conflict]", `[good, "not good"]`},
			{"loss.class_weights", "[]", "[{label: good, weight: 0.5}]"},
		}},
		{"the order of a list", func(c *Config) { c.Data.Polarities = []string{"neutral", "positive", "negative", "conflict"} }, []Difference{
			{"data.polarities", "[positive, neutral, negative, conflict]", "[neutral, positive, negative, conflict]"},
		}},
		{"an empty list for none", func(c *Config) { c.Loss.ClassWeights = []ClassWeight{} }, nil},
		{"text that looks like a list", func(c *Config) { c.Data.Test = "[]" }, []Difference{{"data.test", "sample", `"[]"`}}},
		{"the last digit of a number", func(c *Config) { c.Train.Beta2 = 0.9990000000000001 }, []Difference{{"train.beta2", "0.999", "0.9990000000000001"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a, b := Default(), Default()
			test.change(&b)
			if diff := cmp.Diff(test.want, Differences(a, b)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
