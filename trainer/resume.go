package trainer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"absa/configs"
	"absa/internal/checkpoint"
	"absa/internal/runs"
)

// ResumeAuto is the value of Options.Resume that takes the newest complete
// checkpoint of Options.Out, or begins where there is none.
const ResumeAuto = "auto"

// start is what a run begins with.
type start struct {
	lock     *checkpoint.RunLock    // nil until the run folder is made
	from     *checkpoint.Checkpoint // nil for a run that begins
	state    State                  // of from
	branch   bool                   // from another run's folder into a new one
	again    bool                   // the folder is of a run that never came to a checkpoint
	finished *Result                // of a run that ended and is not to go on
	ended    int                    // epochs of a run that ended and is to go on
	unseal   bool                   // the run has a manifest that no longer holds
	changed  bool                   // settings are others than those of from
	began    string                 // train.init_from of from
}

// close gives the run folder back.
func (s *start) close() {
	if s.lock != nil {
		s.lock.Unlock()
	}
}

// newStart finds what Options.Resume means, and changes nothing but to clear
// away what a killed process left. On success the caller closes it.
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
	if err := s.take(o.Out, o, note); s.finished != nil || err != nil {
		return err
	}
	from, skipped, err := checkpoint.Newest(o.Out)
	for _, damage := range skipped {
		note("passed over a damaged checkpoint: %v", damage)
	}
	if errors.Is(err, checkpoint.ErrNone) && len(skipped) == 0 && s.ended == 0 && !s.unseal {
		return s.beginAgain(o, note)
	}
	if err != nil {
		return fmt.Errorf("%w that can be read: --init-from begins a new run with other weights, another --out begins anew", err)
	}
	return s.resume(o, from, note)
}

// named resumes the run or step folder that o.Resume names.
func (s *start) named(o Options, note func(string, ...any)) error {
	info, err := os.Stat(o.Resume)
	if err != nil {
		return fmt.Errorf("resume: %w", err)
	}
	if !info.IsDir() {
		return fmt.Errorf("resume %s: it is not a folder; name a run or one of its checkpoints", o.Resume)
	}
	run := checkpoint.RunOf(o.Resume)
	s.branch = run == "" || o.Out != "" && !sameFolder(o.Out, run)
	if s.branch && o.Out == "" {
		return fmt.Errorf("resume %s: it lies in no run folder: name one with --out", o.Resume)
	}
	if s.branch {
		if err := checkFolder(o.Out); err != nil {
			return err
		}
	} else if err := s.take(run, o, note); s.finished != nil || err != nil {
		return err
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
		return fmt.Errorf("resume: %w; %s", err, whatInstead(run))
	}
	return s.resume(o, from, note)
}

// whatInstead guesses what was meant by a folder that is no run.
func whatInstead(dir string) string {
	if parent := filepath.Dir(filepath.Clean(dir)); filepath.Base(dir) == checkpoint.Folder && isRun(parent) {
		return "name the run: " + parent
	}
	return "is it the folder of a run, or of a checkpoint?"
}

// sameFolder says whether two paths lead to one folder.
func sameFolder(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

// runFiles are the names that a run without a checkpoint may have in its folder.
var runFiles = []string{ConfigFile, LabelsFile, VocabFile, SplitFile, LeakageFile, MetricsFile, TableFile, WeightsFile, PredictionsFile, CalibrationFile, ResultFile, ProfileFile, FoldsFolder, runs.ReportFile, BoardFolder, checkpoint.ManifestFile, lockFile, checkpoint.Folder}

// lockFile is internal/checkpoint's.
const lockFile = ".lock"

// isRun says whether a folder is, or was about to become, that of a run: it has
// a checkpoint or a manifest, or nothing that is not of a run.
func isRun(dir string) bool {
	if steps, err := checkpoint.List(dir); err == nil && len(steps) > 0 {
		return true
	}
	if _, err := checkpoint.Inspect(dir); err == nil {
		return true
	}
	entries, err := os.ReadDir(dir)
	return err == nil && !slices.ContainsFunc(entries, func(e os.DirEntry) bool {
		return !slices.Contains(runFiles, e.Name()) && !leftOver(e.Name())
	})
}

// leftOver says whether a name is what a killed process left half-written.
func leftOver(name string) bool {
	return strings.HasSuffix(name, ".tmp") && slices.ContainsFunc(runFiles, func(f string) bool { return strings.HasPrefix(name, "."+f+".") })
}

// take locks a run folder, clears it of what a killed process left, and looks
// whether the run ended. One that did is only read.
func (s *start) take(run string, o Options, note func(string, ...any)) (err error) {
	if !isRun(run) {
		return fmt.Errorf("run folder %s: %w, and no run is in it; %s", run, ErrNotEmpty, whatInstead(run))
	}
	looked := s.look(run, o, silent)
	if s.finished != nil {
		return s.look(run, o, note)
	}
	if s.lock, err = lock(run, note); err != nil {
		if looked != nil && !errors.Is(err, checkpoint.ErrLocked) {
			return looked // a run that cannot be written may still be read
		}
		return err
	}
	swept, err := checkpoint.Sweep(run)
	if n := len(swept); n > 0 {
		note("cleared away what a run that was killed had left half-written in %s (%d)", run, n)
	}
	if err != nil {
		return err
	}
	return s.look(run, o, note) // whoever had the lock may have ended it
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

// beginAgain lets a run begin in the folder of one that was killed before its
// first checkpoint. Nothing but such a run's files may be there.
func (s *start) beginAgain(o Options, note func(string, ...any)) error {
	entries, err := os.ReadDir(o.Out)
	if err != nil {
		return fmt.Errorf("run folder: %w", err)
	}
	for _, e := range entries {
		switch e.Name() {
		case ResultFile:
			return fmt.Errorf("run folder %s: %w: it has the result of a run, but neither its %s nor a checkpoint: choose another --out", o.Out, ErrNotEmpty, checkpoint.ManifestFile)
		case lockFile:
		default: // there are only files of a run
			s.again = true
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
	s.from, s.state = from, state
	at := state.Position
	begun := at.Epoch
	if at.Batch > 0 {
		begun++
	}
	if epochs := o.Config.Train.Epochs; epochs < begun {
		return fmt.Errorf("resume %s: %w: train.epochs is %d, but the run is in epoch %d already", from.Dir, ErrChanged, epochs, begun)
	}
	where := fmt.Sprintf("after epoch %d", at.Epoch)
	if at.Batch > 0 {
		where = fmt.Sprintf("in epoch %d, after batch %d", at.Epoch+1, at.Batch)
	}
	note("resuming from %s: step %d, %s, saved %s", from.Dir, at.Step, where, from.Manifest.Written.Local().Format("2006-01-02 15:04:05"))
	s.began = loaded.Config.Train.InitFrom
	if now := o.Config.Train.InitFrom; now != "" && filepath.Clean(now) != filepath.Clean(s.began) {
		note("train.init_from %s has no effect, as the run has begun", now)
	}
	var changed []string
	for _, d := range configs.Differences(loaded.Config, o.Config) {
		if d.Key == "train.init_from" {
			continue
		}
		changed = append(changed, fmt.Sprintf("%s %s (it was %s)", d.Key, d.B, d.A))
	}
	if s.changed = changed != nil; s.changed {
		note("with other settings than before: %s", strings.Join(changed, ", "))
	}
	return nil
}

// source says where the words and the weights of the run come from.
func (s *start) source(c configs.Config, note func(string, ...any)) (source, error) {
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
		from.base, err = openBase(c.Train.InitFrom, note)
	}
	return from, err
}
