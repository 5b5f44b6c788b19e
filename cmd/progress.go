package cmd

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"absa/internal/metrics"
	"absa/trainer"
)

// lineEvery is how often progress is told where there is no terminal.
const lineEvery = 15 * time.Second

// progress shows a run's events: a bar on a terminal, otherwise a line now and
// then.
type progress struct {
	w        io.Writer
	quiet    bool
	terminal bool
	bar      *progressbar.ProgressBar
	last     time.Time // of the last line, without a terminal
	out      string    // the run folder
	tested   *metrics.Table
}

func newProgress(w io.Writer, quiet bool) *progress {
	return &progress{w: w, quiet: quiet, terminal: isTerminal(w), last: time.Now()}
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

func (p *progress) event(e trainer.Event) {
	switch e := e.(type) {
	case trainer.Tested:
		p.tested = e.Table
	case trainer.Prepared:
		p.out = e.Out
	case trainer.Ended:
		p.out, p.tested = e.Out, e.Table
	}
	if p.quiet {
		return
	}
	switch e := e.(type) {
	case trainer.Note:
		p.endBar()
		fmt.Fprintln(p.w, e.Text)
	case trainer.VectorsRead:
		p.advance(e.Done, e.Total, "reading "+e.Path+" (once)", true)
	case trainer.CorpusRead:
		what := "converting " + e.Path + " (once)"
		if e.Names {
			what = "looking for the labels of " + e.Path
		}
		p.advance(e.Done, e.Total, what, true)
	case trainer.Prepared:
		p.endBar()
		fmt.Fprintf(p.w, "%d sentences to train on, %d to validate, %d to test; %d words; %d trainable values; %s, threads: %d\nrun: %s\n",
			e.Train, e.Valid, e.Test, e.Words, e.Trainable, e.Device, e.Threads, e.Out)
	case trainer.Ended:
		fmt.Fprintf(p.w, "the run in %s has ended, after %d epochs; its result:\n", e.Out, len(e.Result.Epochs))
	case trainer.FoldBegun:
		p.endBar()
		fmt.Fprintf(p.w, "fold %d of %d\n", e.Fold, e.Folds)
	case trainer.StepDone:
		p.step(e)
	case trainer.EpochDone:
		p.endBar()
		fmt.Fprintln(p.w, epochLine(e))
	}
}

// note shows a sentence.
func (p *progress) note(format string, args ...any) {
	p.event(trainer.Note{Text: fmt.Sprintf(format, args...)})
}

func (p *progress) step(e trainer.StepDone) {
	text := fmt.Sprintf("epoch %d/%d  loss %.4f  accuracy %.4f  %.0f sentences/s  %v left",
		e.Epoch, e.Epochs, e.Loss, e.Accuracy, e.SentencesPerSec, e.Left.Round(time.Second))
	if p.terminal {
		p.advance(int64(e.Batch), int64(e.Batches), text, false)
		return
	}
	if time.Since(p.last) < lineEvery {
		return
	}
	p.last = time.Now()
	fmt.Fprintf(p.w, "%s  batch %d/%d\n", text, e.Batch, e.Batches)
}

// epochLine is what stays on the screen of an epoch.
func epochLine(e trainer.EpochDone) string {
	line := fmt.Sprintf("epoch %d/%d  train loss %.4f accuracy %v", e.Epoch.Epoch, e.Epochs, e.Epoch.TrainLoss, e.Epoch.TrainAccuracy)
	for k, loss := range e.Epoch.AuxiliaryLoss {
		line += fmt.Sprintf("%s%.4f", []string{"  auxiliary loss ", ", "}[min(k, 1)], loss)
	}
	if e.Epoch.ValidLoss != nil {
		line += fmt.Sprintf("  valid loss %.4f accuracy %v", *e.Epoch.ValidLoss, *e.Epoch.ValidAccuracy)
	}
	line += fmt.Sprintf("  %.1f s, %.0f sentences/s", e.Epoch.Seconds, float64(e.Epoch.Sentences)/e.Epoch.Seconds)
	if e.Best {
		line += "  best so far"
	}
	return line
}

// advance moves the bar on a terminal.
func (p *progress) advance(done, total int64, text string, bytes bool) {
	if !p.terminal {
		return
	}
	if p.bar == nil {
		p.bar = progressbar.NewOptions64(total,
			progressbar.OptionSetWriter(p.w),
			progressbar.OptionShowBytes(bytes),
			progressbar.OptionSetWidth(20),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionSetPredictTime(bytes), // of a run, the trainer knows better
			progressbar.OptionClearOnFinish())
	}
	p.bar.Describe(text)
	p.bar.Set64(done)
	if done >= total {
		p.endBar()
	}
}

// labelled counts the sentences of a stream, which has no known end. Without a
// terminal, a line tells of them now and then if lines.
func (p *progress) labelled(sentences int, lines bool) {
	if lines && !p.terminal && !p.quiet && time.Since(p.last) >= lineEvery {
		p.last = time.Now()
		fmt.Fprintf(p.w, "%d sentences\n", sentences)
	}
	if !p.terminal || p.quiet {
		return
	}
	if p.bar == nil {
		p.bar = progressbar.NewOptions64(-1,
			progressbar.OptionSetWriter(p.w),
			progressbar.OptionSetDescription("sentences"),
			progressbar.OptionShowCount(),
			progressbar.OptionShowIts(),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionClearOnFinish())
	}
	p.bar.Set64(int64(sentences))
}

func (p *progress) endBar() {
	if p.bar != nil {
		p.bar.Finish()
		p.bar = nil
	}
}

func (p *progress) close() { p.endBar() }
