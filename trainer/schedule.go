package trainer

import (
	"math"

	"absa/configs"
)

// schedule is the learning rate as a function of the step, so that a resumed
// run needs nothing but its step to go on. The one exception, what validation
// has cut it to, is the state of a plateau.
type schedule struct {
	kind   string
	peak   float64 // the learning rate that the warm-up leads to
	final  float64 // what is left of it at the end, as a share
	warmup int     // steps
	steps  int     // of the whole run
}

// newSchedule returns the schedule of a run of so many steps.
func newSchedule(c configs.Train, steps int) schedule {
	return schedule{kind: c.Schedule, peak: c.LearningRate, final: c.FinalRate, warmup: c.WarmupSteps, steps: steps}
}

// rate is the learning rate of a step, which count from 0. It rises linearly
// from peak / warmup to peak, then falls so that a step after the last one
// would have peak * final. Scale is what a plateau leaves of it; other kinds of
// schedule ignore it.
func (s schedule) rate(step int, scale float64) float64 {
	share := 1.0
	switch {
	case s.kind == "plateau":
		share = scale
	case s.ends() && step >= s.warmup:
		share = s.decay(step)
	}
	if step < s.warmup {
		share *= float64(step+1) / float64(s.warmup)
	}
	return s.peak * share
}

// decay falls from 1 at the end of the warm-up to final at the end of the run.
func (s schedule) decay(step int) float64 {
	if step >= s.steps {
		return s.final
	}
	done := float64(step-s.warmup) / float64(s.steps-s.warmup)
	if s.kind == "linear" {
		return 1 - (1-s.final)*done
	}
	// Loshchilov and Hutter 2017 (SGDR), eq. 5, one cycle without a restart.
	return s.final + (1-s.final)*(1+math.Cos(math.Pi*done))/2
}

// ends says whether the rate depends on how many steps the run has. Such a run
// cannot be made longer without changing the steps it has already done.
func (s schedule) ends() bool { return s.kind == "linear" || s.kind == "cosine" }

// plateau cuts the learning rate when validation stalls, as PyTorch's
// ReduceLROnPlateau does with a threshold, a cooldown and an eps of 0.
type plateau struct {
	Scale float64  `json:"scale"` // share of the learning rate that is left
	Bad   int      `json:"bad"`   // epochs in a row without a better value
	Best  *float64 `json:"best"`  // nil before the first value
}

func newPlateau() plateau { return plateau{Scale: 1} }

// observe takes the value of validation after an epoch and says whether it cut
// the rate. Lower says that a lower value is better. Not-a-number is no better
// than anything.
func (p *plateau) observe(value float64, lower bool, c configs.Train) (reduced bool) {
	best := math.Inf(-1)
	if lower {
		best = math.Inf(1)
	}
	if p.Best != nil {
		best = *p.Best
	}
	if lower && value < best || !lower && value > best {
		p.Best, p.Bad = &value, 0
		return false
	}
	p.Bad++
	if p.Bad <= c.PlateauPatience {
		return false
	}
	before := p.Scale
	p.Scale, p.Bad = max(p.Scale*c.PlateauFactor, c.FinalRate), 0
	return p.Scale < before
}
