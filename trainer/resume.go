package trainer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"absa/configs"
	"absa/internal/checkpoint"
)

// ResumeAuto is the value of Options.Resume that takes the newest complete
// checkpoint of Options.Out, or begins where there is none.
const ResumeAuto = "auto"

// ErrChanged refuses to resume a run whose configuration or data is another.
var ErrChanged = errors.New("it is not the run that was interrupted")

// start is what a run begins with.
type start struct {
	lock     *checkpoint.RunLock    // nil until the run folder is made
	from     *checkpoint.Checkpoint // nil for a run that begins
	state    State                  // of from
	old      configs.Config         // of from
	branch   bool                   // from another run's folder into a new one
	again    bool                   // the folder is of a run that never came to a checkpoint
	finished *Result                // of a run that ended and is not to go on
}

// close gives the run folder back.
func (s *start) close() {
	if s.lock != nil {
		s.lock.Unlock()
	}
}

// newStart finds what Options.Resume means. On success the caller closes it.
func newStart(o Options, note func(string, ...any)) (_ *start, err error) {
	s := &start{}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	switch o.Resume {
	case "":
		return s, checkFolder(o.Out)
	case ResumeAuto:
		return s, s.auto(o, note)
	}
	return s, s.named(o, note)
}

// auto resumes o.Out, or begins.
func (s *start) auto(o Options, note func(string, ...any)) error {
	if _, err := os.Stat(o.Out); errors.Is(err, fs.ErrNotExist) {
		note("there is no run in %s yet: this one begins", o.Out)
		return nil
	}
	if err := s.take(o.Out, note); err != nil {
		return err
	}
	if ended, err := s.ended(o, note); ended || err != nil {
		return err
	}
	from, skipped, err := checkpoint.Newest(o.Out)
	for _, damage := range skipped {
		note("passed over a damaged checkpoint: %v", damage)
	}
	if errors.Is(err, checkpoint.ErrNone) && len(skipped) == 0 {
		return s.beginAgain(o, note)
	}
	if err != nil {
		return fmt.Errorf("%w that can be read: --init-from begins a new run with other weights, another --out begins anew", err)
	}
	return s.resume(o, from, note)
}

// named resumes the run or step folder that o.Resume names.
func (s *start) named(o Options, note func(string, ...any)) error {
	run := checkpoint.RunOf(o.Resume)
	s.branch = run == "" || o.Out != "" && filepath.Clean(o.Out) != filepath.Clean(run)
	if _, err := os.Stat(o.Resume); err != nil {
		return fmt.Errorf("resume: %w", err)
	}
	if s.branch && o.Out == "" {
		return fmt.Errorf("resume %s: it lies in no run folder: name one with --out", o.Resume)
	}
	if s.branch {
		if err := checkFolder(o.Out); err != nil {
			return err
		}
	} else {
		if err := s.take(run, note); err != nil {
			return err
		}
		if ended, err := s.ended(o, note); ended || err != nil {
			return err
		}
	}
	if checkpoint.IsStep(o.Resume) {
		from, err := checkpoint.Open(o.Resume)
		if err != nil {
			return fmt.Errorf("resume: %w", err)
		}
		if newest, _, err := checkpoint.Newest(run); !s.branch && err == nil && newest.Manifest.Step > from.Manifest.Step {
			return fmt.Errorf("resume %s: the run went on to step %d, which would be lost: --out NEW continues from here in a new folder", o.Resume, newest.Manifest.Step)
		}
		return s.resume(o, from, note)
	}
	from, skipped, err := checkpoint.Newest(run)
	if len(skipped) > 0 {
		hint := "no other checkpoint is whole"
		if err == nil {
			hint = fmt.Sprintf("--resume auto --out %s goes back to step %d", run, from.Manifest.Step)
		}
		return fmt.Errorf("resume: %w; %s", errors.Join(skipped...), hint)
	}
	if err != nil {
		return fmt.Errorf("resume: %w; is it the folder of a run?", err)
	}
	return s.resume(o, from, note)
}

// take locks a run folder and clears it of what a killed process left.
func (s *start) take(run string, note func(string, ...any)) (err error) {
	if s.lock, err = lock(run, note); err != nil {
		return err
	}
	swept, err := checkpoint.Sweep(run)
	if n := len(swept); n > 0 {
		note("cleared away what a run that was killed had left half-written in %s (%d)", run, n)
	}
	return err
}

// lock takes a run folder. Where the file system has no locks that is told, and
// the lock is nil.
func lock(run string, note func(string, ...any)) (*checkpoint.RunLock, error) {
	l, err := checkpoint.Lock(run)
	if errors.Is(err, checkpoint.ErrNoLocks) {
		note("%v", err)
		return nil, nil
	}
	return l, err
}

// ended looks whether the run came to its end. One that more epochs are asked of
// is opened again: its result is kept under another name.
func (s *start) ended(o Options, note func(string, ...any)) (bool, error) {
	run := o.Out
	if run == "" {
		run = checkpoint.RunOf(o.Resume)
	}
	c, err := checkpoint.Inspect(run)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
		return false, err
	}
	if c.Manifest.Kind != checkpoint.KindRun || !c.Has(ResultFile) {
		return false, fmt.Errorf("run folder %s: %w: it holds weights that no training wrote", run, ErrNotEmpty)
	}
	result, err := ReadResult(run)
	if err != nil {
		return false, err
	}
	loaded, err := configs.Load(configs.Source{Config: filepath.Join(run, ConfigFile)})
	if err != nil {
		return false, err
	}
	if err := sameRun(run, loaded.Config, o.Config); err != nil {
		return false, err
	}
	if result.Stopped != "epochs" || o.Config.Train.Epochs <= len(result.Epochs) {
		s.finished = &result
		return true, nil
	}
	note("the run ended after %d epochs and goes on to %d; its result is kept as %s", len(result.Epochs), o.Config.Train.Epochs, earlier(ResultFile, len(result.Epochs)))
	return false, reopen(run, len(result.Epochs))
}

// reopen makes a run that ended one that did not. The manifest goes first: what
// is without it has not ended.
func reopen(run string, epochs int) error {
	if err := os.Remove(filepath.Join(run, checkpoint.ManifestFile)); err != nil {
		return fmt.Errorf("resume: %w", err)
	}
	for _, name := range []string{ResultFile, WeightsFile} {
		if err := os.Rename(filepath.Join(run, name), filepath.Join(run, earlier(name, epochs))); err != nil {
			return fmt.Errorf("resume: %w", err)
		}
	}
	return nil
}

// earlier names a file of a run's end after so many epochs.
func earlier(name string, epochs int) string {
	extension := filepath.Ext(name)
	return fmt.Sprintf("%s-epoch-%d%s", strings.TrimSuffix(name, extension), epochs, extension)
}

// ReadResult reads the result.json of a run that ended.
func ReadResult(run string) (Result, error) {
	var r Result
	path := filepath.Join(run, ResultFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return r, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// beginAgain lets a run begin in the folder of one that was killed before its
// first checkpoint. Nothing but such a run's files may be there.
func (s *start) beginAgain(o Options, note func(string, ...any)) error {
	entries, err := os.ReadDir(o.Out)
	if err != nil {
		return fmt.Errorf("run folder: %w", err)
	}
	for _, e := range entries {
		switch e.Name() {
		case ConfigFile, LabelsFile, VocabFile, SplitFile, MetricsFile, WeightsFile, ResultFile, checkpoint.Folder:
			s.again = true
		case ".lock":
		default:
			return fmt.Errorf("run folder %s: %w, and %s is no file of a run: choose another --out", o.Out, ErrNotEmpty, e.Name())
		}
	}
	path := filepath.Join(o.Out, ConfigFile)
	if _, err := os.Stat(path); err == nil {
		loaded, err := configs.Load(configs.Source{Config: path})
		if err != nil {
			return err
		}
		if err := sameRun(o.Out, loaded.Config, o.Config); err != nil {
			return err
		}
	}
	if s.again {
		note("the run in %s has no checkpoint yet: it begins again", o.Out)
	}
	return nil
}

// resume checks that the run is the one that was interrupted and takes its state.
func (s *start) resume(o Options, from *checkpoint.Checkpoint, note func(string, ...any)) error {
	state, err := ReadState(from)
	if err != nil {
		return fmt.Errorf("resume: %w", err)
	}
	loaded, err := configs.Load(configs.Source{Config: from.Path(ConfigFile)})
	if err != nil {
		return fmt.Errorf("resume: %w", err)
	}
	if err := sameRun(from.Dir, loaded.Config, o.Config); err != nil {
		return err
	}
	s.from, s.state, s.old = from, state, loaded.Config
	at := state.Position
	where := fmt.Sprintf("after epoch %d", at.Epoch)
	if at.Batch > 0 {
		where = fmt.Sprintf("in epoch %d, after batch %d", at.Epoch+1, at.Batch)
	}
	note("resuming from %s: step %d, %s, saved %s", from.Dir, at.Step, where, from.Manifest.Written.Local().Format("2006-01-02 15:04:05"))
	return nil
}

// checkData refuses data that is not what the run was trained on.
func (s *start) checkData(c configs.Config, now Fingerprint) error {
	was := s.state.Data
	for _, x := range []struct{ key, value, was, now string }{
		{"data.train", c.Data.Train, was.Train, now.Train},
		{"data.test", c.Data.Test, was.Test, now.Test},
		{"data.split_seed", fmt.Sprint(c.Data.SplitSeed), was.Split, now.Split},
	} {
		if x.was != x.now {
			return fmt.Errorf("resume %s: %w: %s=%s has other sentences than then (fingerprint %s, it was %s): put the old ones back, or begin a new run with --init-from %s", s.from.Dir, ErrChanged, x.key, x.value, x.now, x.was, s.from.Dir)
		}
	}
	return nil
}

// sayChanges tells what resuming elsewhere does to the last digits.
func (s *start) sayChanges(device string, threads int, note func(string, ...any)) {
	if was := s.state.Device; was != device {
		note("the run was on %s and goes on on %s: its numbers are no longer those, bit by bit, of a run that was never interrupted", was, device)
	} else if was := s.state.Threads; was != threads {
		note("the run had %d threads and goes on with %d: its numbers are no longer those, bit by bit, of a run that was never interrupted (--set train.threads=%d keeps them)", was, threads, was)
	}
}

// sameRun refuses to go on with settings that would make another run of it.
func sameRun(where string, was, now configs.Config) error {
	var lines []string
	for _, d := range configs.Differences(was, now) {
		if !mayChange(d.Key, now) {
			lines = append(lines, fmt.Sprintf("  %s: %s, it was %s", d.Key, d.B, d.A))
		}
	}
	if lines == nil {
		return nil
	}
	return fmt.Errorf("resume %s: %w: these settings are others:\n%s\nleave them as they were, or begin a new run with --init-from", where, ErrChanged, strings.Join(lines, "\n"))
}

// mayChange says whether a run can go on with another value of a key. Paths may
// change, as what lies there is compared itself.
func mayChange(key string, c configs.Config) bool {
	if key == "train.epochs" {
		return !newSchedule(c.Train, 0).ends()
	}
	return strings.HasPrefix(key, "checkpoint.") ||
		slices.Contains([]string{"name", "data.train", "data.test", "vectors.path", "train.device", "train.threads"}, key)
}

// Unfinished returns the newest run folder under dir, by its newest checkpoint,
// that did not end and has the same configuration, "" where there is none.
func Unfinished(dir string, c configs.Config) (string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("look for a run to resume: %w", err)
	}
	var found string
	var newest int64
	for _, e := range entries {
		run := filepath.Join(dir, e.Name())
		loaded, err := configs.Load(configs.Source{Config: filepath.Join(run, ConfigFile)})
		if err != nil || sameRun(run, loaded.Config, c) != nil {
			continue // not a run, or another one
		}
		if _, err := os.Stat(filepath.Join(run, checkpoint.ManifestFile)); err == nil {
			continue // it ended
		}
		steps, err := checkpoint.List(run)
		if err != nil {
			continue
		}
		for _, step := range slices.Backward(steps) {
			if step.Err != nil {
				continue
			}
			if at := step.Checkpoint.Manifest.Written.UnixNano(); found == "" || at > newest {
				found, newest = run, at
			}
			break
		}
	}
	return found, nil
}

// source says where the words and the weights of the run come from.
func (s *start) source(c configs.Config) (source, error) {
	var from source
	var err error
	switch {
	case s.from != nil:
		if from.vocabulary, err = readVocabulary(s.from.Path(VocabFile)); err != nil {
			return from, fmt.Errorf("resume: %w", err)
		}
		if from.vectors, err = readVectors(s.from.Path(WeightsFile), from.vocabulary.Len()); err != nil {
			return from, fmt.Errorf("resume: %w", err)
		}
		from.vectors.Trainable = c.Vectors.Trainable
	case c.Train.InitFrom != "":
		from.base, err = openBase(c.Train.InitFrom)
	}
	return from, err
}
