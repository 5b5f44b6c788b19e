package trainer

import "time"

// pace predicts how long a run still takes, from what this process has seen of
// it: an earlier one may have run on another machine.
type pace struct {
	batches    int
	training   time.Duration // of so many batches
	mark       time.Time
	validation time.Duration // the last one
}

// resume begins to count, after a validation for instance.
func (p *pace) resume() { p.mark = time.Now() }

// step counts the batches of a step.
func (p *pace) step(batches int) {
	now := time.Now()
	p.batches += batches
	p.training += now.Sub(p.mark)
	p.mark = now
}

// validated notes how long a validation took.
func (p *pace) validated(took time.Duration) { p.validation = took }

// left is the time of so many batches and validations.
func (p *pace) left(batches, validations int) time.Duration {
	if p.batches == 0 {
		return 0
	}
	return time.Duration(float64(p.training)/float64(p.batches)*float64(batches)) + time.Duration(validations)*p.validation
}
