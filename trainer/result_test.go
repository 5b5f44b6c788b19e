package trainer

import "testing"

func TestThroughput(t *testing.T) {
	epoch := func(sentences int, seconds float64) Epoch { return Epoch{Sentences: sentences, Seconds: seconds} }
	tests := []struct {
		name   string
		epochs []Epoch
		want   float64
	}{
		{"none", nil, 0},
		{"one", []Epoch{epoch(100, 2)}, 50},
		{"the first warms up", []Epoch{epoch(100, 50), epoch(100, 2)}, 50},
		{"median of odd", []Epoch{epoch(100, 9), epoch(100, 1), epoch(100, 4), epoch(100, 2)}, 50},
		{"median of even", []Epoch{epoch(100, 9), epoch(100, 1), epoch(100, 2)}, 75},
		{"no time", []Epoch{epoch(100, 1), epoch(100, 0)}, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := throughput(test.epochs); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}
