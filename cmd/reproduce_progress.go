package cmd

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"

	"absa/internal/study"
)

// studyProgress shows how far a study is: a bar over those left on a terminal,
// otherwise a line for each that ended.
type studyProgress struct {
	w     io.Writer
	quiet bool
	bar   *progressbar.ProgressBar
	began time.Time
	first int // trainings done before
}

func newStudyProgress(w io.Writer, quiet bool) *studyProgress {
	return &studyProgress{w: w, quiet: quiet, began: time.Now(), first: -1}
}

func (p *studyProgress) event(e study.Event) {
	if p.quiet {
		return
	}
	if p.first < 0 {
		p.first = e.Done
		fmt.Fprintf(p.w, "%d trainings, %d of them done before\n", e.Total, e.Done)
		if isTerminal(p.w) { // over what is left, by which the bar guesses its end
			p.bar = progressbar.NewOptions(e.Total-e.Done,
				progressbar.OptionSetWriter(p.w), progressbar.OptionSetDescription("training"), progressbar.OptionShowCount(),
				progressbar.OptionSetPredictTime(true), progressbar.OptionSetElapsedTime(true), progressbar.OptionSetWidth(20))
		}
	}
	if e.Err != nil {
		p.line("%s failed: %v", e.Unit, e.Err)
		return
	}
	if p.bar != nil {
		p.bar.Describe(e.Unit)
		_ = p.bar.Set(e.Done - p.first) // only the terminal can fail
		return
	}
	if !e.Begun {
		p.line("%d of %d: %s, %.1f s%s", e.Done, e.Total, e.Unit, e.Took.Seconds(), p.left(e))
	}
}

// left guesses the time to the end, by that of the trainings done so far.
func (p *studyProgress) left(e study.Event) string {
	done := e.Done - p.first
	if done < 1 || e.Done == e.Total {
		return ""
	}
	left := time.Since(p.began) / time.Duration(done) * time.Duration(e.Total-e.Done)
	return fmt.Sprintf("; about %s left", left.Round(time.Minute/4))
}

func (p *studyProgress) line(format string, args ...any) {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
	fmt.Fprintf(p.w, format+"\n", args...)
}

func (p *studyProgress) close() {
	if p.bar != nil {
		_ = p.bar.Clear()
		p.bar = nil
	}
}
