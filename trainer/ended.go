package trainer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"absa/configs"
	"absa/internal/atomicfile"
	"absa/internal/checkpoint"
)

// look finds out whether the run ended. With auto, one that ended and was
// damaged is taken up at its last checkpoint, which tests it again.
func (s *start) look(run string, o Options, note func(string, ...any)) error {
	s.ended, s.unseal = 0, false
	c, err := checkpoint.Open(run)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var damage *checkpoint.Damaged
	if errors.As(err, &damage) && damage.Err == nil && o.Resume == ResumeAuto {
		s.unseal = true
		note("the run in %s ended, but is damaged (%v): it is finished again from its last checkpoint", run, err)
		return nil
	}
	if err != nil {
		return fmt.Errorf("resume: %w; --resume auto --out %s finishes the run again from its last checkpoint", err, run)
	}
	if c.Manifest.Kind != checkpoint.KindRun || !c.Has(ResultFile) {
		return fmt.Errorf("run folder %s: %w: it holds weights that no training wrote; --init-from begins a new run with them", run, ErrNotEmpty)
	}
	result, err := ReadResult(run)
	if err != nil {
		return err
	}
	loaded, err := configs.Load(configs.Source{Config: c.Path(ConfigFile)})
	if err != nil {
		return err
	}
	if err := sameRun(run, loaded.Config, o.Config); err != nil {
		return err
	}
	if result.Stopped != "epochs" || o.Config.Train.Epochs <= len(result.Epochs) {
		s.finished = &result
		if asked := o.Config.Train.Epochs; asked > loaded.Config.Train.Epochs {
			note("the run was ended by %s, so more epochs (%d) do not open it again", result.Stopped, asked)
		}
		return nil
	}
	s.ended, s.unseal = len(result.Epochs), true
	return nil
}

// reopen makes a run that ended one that did not, once it is sure to go on. The
// manifest goes last: until then the run has ended.
func (s *start) reopen(run string, epochs int, note func(string, ...any)) error {
	if !s.unseal || s.branch {
		return nil
	}
	if s.ended > 0 {
		for _, name := range []string{ResultFile, WeightsFile, CalibrationFile} {
			err := keepAs(filepath.Join(run, name), filepath.Join(run, earlier(name, s.ended)))
			if err != nil && !(name == CalibrationFile && errors.Is(err, fs.ErrNotExist)) {
				return fmt.Errorf("resume: keep %s: %w", name, err)
			}
		}
		note("the run ended after %d epochs and goes on to %d; its result is kept as %s", s.ended, epochs, earlier(ResultFile, s.ended))
	}
	if err := os.Remove(filepath.Join(run, checkpoint.ManifestFile)); err != nil {
		return fmt.Errorf("resume: %w", err)
	}
	return nil
}

// keepAs copies a file; one of that name is of an earlier try and is replaced.
func keepAs(from, to string) error {
	file, err := os.Open(from)
	if err != nil {
		return err
	}
	defer file.Close()
	return atomicfile.Replace(to, func(w io.Writer) error { _, err := io.Copy(w, file); return err })
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
