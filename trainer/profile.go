package trainer

import (
	"fmt"
	"time"

	"absa/internal/atomicfile"
)

// ProfileFile of a run folder says where the time of its steps went.
const ProfileFile = "profile.json"

// Profile is the time of a step by part, in milliseconds, the mean over the
// steps of an epoch that this process took. On CUDA most operations return
// before they are done, and the part that first asks for a value waits for all.
type Profile struct {
	Epoch     int     `json:"epoch"` // from 1
	Steps     int     `json:"steps"`
	Wait      float64 `json:"wait"`    // for the loader
	Feed      float64 `json:"feed"`    // making tensors of a batch
	Forward   float64 `json:"forward"` // model and loss
	Backward  float64 `json:"backward"`
	Optimizer float64 `json:"optimizer"` // norm of the gradients, update, moving average
	Rest      float64 `json:"rest"`      // reading the loss, counting, reporting, saving
}

// profiler divides time into the parts of a Profile. A nil one does nothing, so
// that a run that is not profiled does not read the clock for it.
type profiler struct {
	mark   time.Time
	epochs []Profile // while an epoch is under way its times are sums
}

// begin starts an epoch, numbered from 1.
func (p *profiler) begin(epoch int) {
	if p == nil {
		return
	}
	p.epochs = append(p.epochs, Profile{Epoch: epoch})
	p.mark = time.Now()
}

// The laps add the time since the last one to a part.
func (p *profiler) waited()    { p.lap(func(e *Profile) *float64 { return &e.Wait }) }
func (p *profiler) fed()       { p.lap(func(e *Profile) *float64 { return &e.Feed }) }
func (p *profiler) forwarded() { p.lap(func(e *Profile) *float64 { return &e.Forward }) }
func (p *profiler) backed()    { p.lap(func(e *Profile) *float64 { return &e.Backward }) }
func (p *profiler) optimized() { p.lap(func(e *Profile) *float64 { return &e.Optimizer }) }
func (p *profiler) rested()    { p.lap(func(e *Profile) *float64 { return &e.Rest }) }

func (p *profiler) lap(part func(*Profile) *float64) {
	if p == nil {
		return
	}
	now := time.Now()
	*part(&p.epochs[len(p.epochs)-1]) += now.Sub(p.mark).Seconds()
	p.mark = now
}

// stepped ends a step.
func (p *profiler) stepped() {
	if p == nil {
		return
	}
	p.rested()
	p.epochs[len(p.epochs)-1].Steps++
}

// means are the profiles of the epochs in which a step was taken.
func (p *profiler) means() []Profile {
	means := []Profile{}
	for _, e := range p.epochs {
		if e.Steps == 0 {
			continue
		}
		for _, sum := range []*float64{&e.Wait, &e.Feed, &e.Forward, &e.Backward, &e.Optimizer, &e.Rest} {
			*sum *= 1000 / float64(e.Steps)
		}
		means = append(means, e)
	}
	return means
}

// save writes the profile into the run folder and reports its last epoch, which
// is past the warming up.
func (p *profiler) save(f *folder, report func(Event)) error {
	if p == nil {
		return nil
	}
	means := p.means()
	text, err := indented(means)
	if err != nil {
		return fmt.Errorf("write %s: %w", f.path(ProfileFile), err)
	}
	if err := atomicfile.Replace(f.path(ProfileFile), file{name: ProfileFile, text: text}.write); err != nil {
		return err
	}
	if len(means) > 0 {
		e := means[len(means)-1]
		report(Note{Text: fmt.Sprintf("ms per step in epoch %d: wait for the loader %.2f, feed %.2f, forward %.2f, backward %.2f, optimizer %.2f, rest %.2f",
			e.Epoch, e.Wait, e.Feed, e.Forward, e.Backward, e.Optimizer, e.Rest)})
	}
	return nil
}
