package checkpoint

import (
	"math/rand/v2"
	"strconv"
	"testing"
	"time"
)

// TestSoakKill kills a process that saves all the time, at random moments, and
// takes up what it left.
func TestSoakKill(t *testing.T) {
	kills := 12
	if soak() {
		kills = 300
	}
	run := t.TempDir()
	saves, left := 0, 0
	for n := 0; n < kills || left == 0 && n < 50*kills; n++ {
		process, out := child(t, "loop", run)
		said := 0
		kill := func() {
			delay := time.Duration(rand.Int64N(int64(20 * time.Millisecond)))
			time.AfterFunc(delay, func() { process.Process.Kill() })
		}
		if n%2 == 0 { // at its beginning; the others in a later save
			kill()
		}
		for out.Scan() {
			step, err := strconv.Atoi(out.Text())
			if err != nil {
				t.Fatalf("kill %d: the process said %q", n, out.Text())
			}
			if said == 0 && n%2 == 1 {
				kill()
			}
			said = step
			saves++
		}
		process.Wait()
		lock, err := Lock(run)
		if err != nil {
			t.Fatalf("kill %d: a dead process is in the way: %v", n, err)
		}
		swept, err := Sweep(run)
		if err != nil {
			t.Fatalf("kill %d: %v", n, err)
		}
		left += len(swept)
		if saves > 0 {
			c, skipped, err := Newest(run)
			if err != nil || len(skipped) > 0 || c.Manifest.Step < said {
				t.Fatalf("kill %d: newest is %v, past %v (%v), but step %d was said to be saved", n, c, skipped, err, said)
			}
			kept(t, run)
		}
		if err := lock.Unlock(); err != nil {
			t.Fatal(err)
		}
	}
	if saves == 0 || left == 0 {
		t.Errorf("%d saves and %d leftovers: no process was killed in the middle of a save", saves, left)
	}
	t.Logf("%d saves, %d leftovers", saves, left)
}
