package trainer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"absa/configs"
	"absa/data"
	"absa/internal/atomicfile"
	"absa/internal/safetensors"
	"absa/internal/torch"
	"absa/models"
)

// Names of the files of a run folder.
const (
	ConfigFile  = "config.yaml"       // the resolved configuration
	LabelsFile  = "labels.json"       // what the logits stand for
	VocabFile   = "vocab.txt"         // words in the order of embedding.weight
	SplitFile   = "split.json"        // sentence ids of training and validation
	MetricsFile = "metrics.jsonl"     // a line per epoch
	WeightsFile = "model.safetensors" // the tested weights
	ResultFile  = "result.json"       // see Result
	LastFile    = "last.safetensors"  // last good weights of a run that did not end
	BestFile    = "best.safetensors"  // its best weights on validation, with train.select: best
)

// ErrNotEmpty refuses a run folder that holds something.
var ErrNotEmpty = errors.New("the folder is not empty")

// folder is a run folder that is being written.
type folder struct {
	dir  string
	made []string // names of the files written
}

// checkFolder refuses, before any work, a folder that cannot take a run.
func checkFolder(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("run folder: %w", err)
	case len(entries) > 0:
		return fmt.Errorf("run folder %s: %w: choose another --out, so that no run is overwritten", dir, ErrNotEmpty)
	}
	return nil
}

// newFolder makes the run folder with what is known before the first step. If
// that fails the folder is left as it was found.
func newFolder(dir string, config configs.Config, labels models.Labels, set *Dataset) (_ *folder, err error) {
	if err := checkFolder(dir); err != nil {
		return nil, err
	}
	_, missing := os.Stat(dir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("run folder: %w", err)
	}
	f := &folder{dir: dir}
	defer func() {
		if err == nil {
			return
		}
		// Another run may have taken the folder meanwhile: its files stay.
		for _, name := range f.made {
			os.Remove(filepath.Join(dir, name))
		}
		if missing != nil {
			os.Remove(dir)
		}
	}()
	if err := f.begin(config, labels, set); err != nil {
		return nil, err
	}
	return f, nil
}

// begin writes what is known before the first step.
func (f *folder) begin(config configs.Config, labels models.Labels, set *Dataset) error {
	if err := f.write(ConfigFile, func(w io.Writer) error { return configs.WriteYAML(w, config) }); err != nil {
		return err
	}
	if err := f.writeJSON(LabelsFile, labelsFile{Labels: labels, Majority: set.majorityNames(labels.Polarities)}); err != nil {
		return err
	}
	if err := f.write(VocabFile, func(w io.Writer) error { _, err := set.Vocabulary.WriteTo(w); return err }); err != nil {
		return err
	}
	return f.writeJSON(SplitFile, split{Train: ids(set.Train), Valid: ids(set.Valid)})
}

// split lists which sentences were trained on and which were held out.
type split struct {
	Train []string `json:"train"`
	Valid []string `json:"valid"`
}

func ids(examples []data.Example) []string {
	out := make([]string, len(examples))
	for i, e := range examples {
		out[i] = e.ID
	}
	return out
}

func (f *folder) path(name string) string { return filepath.Join(f.dir, name) }

func (f *folder) write(name string, fill func(io.Writer) error) error {
	if err := atomicfile.Write(f.path(name), fill); err != nil {
		return err
	}
	f.made = append(f.made, name)
	return nil
}

func (f *folder) writeJSON(name string, v any) error {
	return f.write(name, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(v)
	})
}

// append adds a line to metrics.jsonl; a line that does not fit is taken back.
func (f *folder) append(epoch Epoch) error {
	line, err := json.Marshal(epoch)
	if err != nil {
		return fmt.Errorf("write %s: %w", f.path(MetricsFile), err)
	}
	file, err := os.OpenFile(f.path(MetricsFile), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return fmt.Errorf("write metrics: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("write metrics: %w", err)
	}
	if _, err := file.Write(append(line, '\n')); err != nil {
		return errors.Join(fmt.Errorf("write metrics: %w", err), file.Truncate(info.Size()))
	}
	return nil
}

// writeWeights saves all parameters under their names. Weights that are not
// finite are refused: an update can overflow after a loss that did not.
func (f *folder) writeWeights(name string, parameters *torch.Parameters) error {
	list := parameters.All()
	tensors := make([]safetensors.Tensor, len(list))
	for i, p := range list {
		values, err := p.Float32s()
		if err != nil {
			return fmt.Errorf("save weights: %w", err)
		}
		for _, v := range values {
			if !finite(float64(v)) {
				return fmt.Errorf("save weights: %s holds %g, so none are saved; %s", p.Name, v, tamer)
			}
		}
		if tensors[i], err = safetensors.NewFloat32(p.Name, p.Tensor.Shape(), values); err != nil {
			return fmt.Errorf("save weights: %w", err)
		}
	}
	if err := safetensors.WriteFile(f.path(name), tensors, map[string]string{"format": "pt", "absa": Program}); err != nil {
		return fmt.Errorf("save weights: %w", err)
	}
	return nil
}
