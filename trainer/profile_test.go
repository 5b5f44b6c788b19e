package trainer

import (
	"testing"
	"time"
)

func TestProfilerDividesTime(t *testing.T) {
	p := &profiler{}
	p.begin(3)
	begun := time.Now()
	for range 2 {
		p.waited()
		p.fed()
		time.Sleep(2 * time.Millisecond)
		p.forwarded()
		time.Sleep(time.Millisecond)
		p.backed()
		p.optimized()
		p.stepped()
	}
	took := time.Since(begun).Seconds()
	p.begin(4) // no step is taken

	got := p.means()
	if len(got) != 1 {
		t.Fatalf("epochs with a step: got %d, want 1", len(got))
	}
	e := got[0]
	if e.Epoch != 3 || e.Steps != 2 {
		t.Errorf("got epoch %d with %d steps, want 3 with 2", e.Epoch, e.Steps)
	}
	if e.Forward < 2 || e.Backward < 1 {
		t.Errorf("got forward %v ms and backward %v ms, want at least 2 and 1", e.Forward, e.Backward)
	}
	sum := e.Wait + e.Feed + e.Forward + e.Backward + e.Optimizer + e.Rest
	if want := 1000 * took / 2; sum > want*1.001 || sum < 0.9*want {
		t.Errorf("parts of a step: got %v ms, want all of %v", sum, want)
	}
}

func TestNilProfilerDoesNothing(t *testing.T) {
	var p *profiler
	p.begin(1)
	p.waited()
	p.stepped()
	if err := p.save(nil, nil); err != nil {
		t.Error(err)
	}
}
