package trainer

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"absa/configs"
)

// scheduleGoldens are what PyTorch says, written by reference/golden_schedule.py.
type scheduleGoldens struct {
	Rates []struct {
		Name, Schedule string
		LearningRate   float64 `json:"learning_rate"`
		FinalRate      float64 `json:"final_rate"`
		WarmupSteps    int     `json:"warmup_steps"`
		Steps          int
		Rates          []float64 // of steps 0 to Steps
	}
	Plateaus []struct {
		Name         string
		Lower        bool
		Factor       float64
		Patience     int
		LearningRate float64    `json:"learning_rate"`
		FinalRate    float64    `json:"final_rate"`
		Values       []*float64 // nil is not-a-number
		Rates        []float64  // after each value
	}
}

func readScheduleGoldens(t *testing.T) scheduleGoldens {
	t.Helper()
	text, err := os.ReadFile("testdata/schedule.json")
	if err != nil {
		t.Fatal(err)
	}
	var g scheduleGoldens
	if err := json.Unmarshal(text, &g); err != nil {
		t.Fatal(err)
	}
	if len(g.Rates) == 0 || len(g.Plateaus) == 0 {
		t.Fatal("testdata/schedule.json has no cases")
	}
	return g
}

// near says whether two rates are the same but for rounding.
func near(got, want float64) bool { return math.Abs(got-want) <= 1e-12*math.Abs(want) }

func TestSchedule(t *testing.T) {
	for _, c := range readScheduleGoldens(t).Rates {
		t.Run(c.Name, func(t *testing.T) {
			if len(c.Rates) != c.Steps+1 {
				t.Fatalf("%d rates of %d steps", len(c.Rates), c.Steps)
			}
			s := newSchedule(configs.Train{Schedule: c.Schedule, LearningRate: c.LearningRate, FinalRate: c.FinalRate, WarmupSteps: c.WarmupSteps}, c.Steps)
			for step, want := range c.Rates {
				if got := s.rate(step, 0.5); !near(got, want) { // no plateau: no scale
					t.Errorf("step %d: got %.17g, want %.17g", step, got, want)
				}
			}
			if got, want := s.rate(c.Steps+7, 0.5), c.Rates[c.Steps]; !near(got, want) {
				t.Errorf("after the end: got %.17g, want %.17g", got, want)
			}
		})
	}
}

func TestScheduleEnds(t *testing.T) {
	for kind, want := range map[string]bool{"constant": false, "linear": true, "cosine": true, "plateau": false} {
		t.Run(kind, func(t *testing.T) {
			c := configs.Train{Schedule: kind, LearningRate: 1, WarmupSteps: 3}
			short, long := newSchedule(c, 10), newSchedule(c, 20)
			if short.ends() != want {
				t.Errorf("ends: got %v, want %v", short.ends(), want)
			}
			changes := false
			for step := range 10 {
				changes = changes || short.rate(step, 1) != long.rate(step, 1)
			}
			if changes != want {
				t.Errorf("the number of steps changes a rate: %v, want %v", changes, want)
			}
		})
	}
}

// A warm-up may outlast the run: it is not pressed into it.
func TestScheduleWarmup(t *testing.T) {
	for _, c := range []struct {
		name, kind   string
		scale        float64
		warmup, step int
		want         float64
	}{
		{"plateau, first step", "plateau", 1, 4, 0, 0.5},
		{"plateau, cut while warming up", "plateau", 0.5, 4, 1, 0.5},
		{"plateau, warmed up", "plateau", 0.25, 4, 4, 0.5},
		{"linear, longer than the run", "linear", 1, 20, 9, 1},
		{"cosine, longer than the run", "cosine", 1, 20, 19, 2},
		{"cosine, as long as the run", "cosine", 1, 10, 9, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSchedule(configs.Train{Schedule: c.kind, LearningRate: 2, WarmupSteps: c.warmup}, 10)
			if got := s.rate(c.step, c.scale); got != c.want {
				t.Errorf("rate of step %d: got %v, want %v", c.step, got, c.want)
			}
		})
	}
}

// Each observation goes through JSON first, as between two halves of a run.
func TestPlateau(t *testing.T) {
	for _, c := range readScheduleGoldens(t).Plateaus {
		t.Run(c.Name, func(t *testing.T) {
			config := configs.Train{
				Schedule: "plateau", LearningRate: c.LearningRate, FinalRate: c.FinalRate,
				PlateauFactor: c.Factor, PlateauPatience: c.Patience,
			}
			s, p, before := newSchedule(config, 1), newPlateau(), c.LearningRate
			if len(c.Rates) != len(c.Values) {
				t.Fatalf("%d rates of %d values", len(c.Rates), len(c.Values))
			}
			for i, want := range c.Rates {
				value := math.NaN()
				if c.Values[i] != nil {
					value = *c.Values[i]
				}
				text, err := json.Marshal(p)
				if err != nil {
					t.Fatal(err)
				}
				p = plateau{}
				if err := json.Unmarshal(text, &p); err != nil {
					t.Fatal(err)
				}
				reduced := p.observe(value, c.Lower, config)
				if got := s.rate(i, p.Scale); !near(got, want) {
					t.Errorf("after value %d: got rate %.17g, want %.17g", i, got, want)
				}
				if reduced != (want < before) {
					t.Errorf("after value %d: reduced is %v, from %g to %g", i, reduced, before, want)
				}
				before = want
			}
		})
	}
}

func TestPlateauState(t *testing.T) {
	p, best := newPlateau(), 0.5
	p.observe(best, false, configs.Train{PlateauPatience: 1, PlateauFactor: 0.5})
	p.observe(0.4, false, configs.Train{PlateauPatience: 1, PlateauFactor: 0.5})
	if d := cmp.Diff(plateau{Scale: 1, Bad: 1, Best: &best}, p); d != "" {
		t.Errorf("state (-want +got)\n%s", d)
	}
}
