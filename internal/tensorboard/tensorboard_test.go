package tensorboard

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// python is the interpreter that has TensorBoard, "" for none.
func python(t *testing.T) string {
	t.Helper()
	path := os.Getenv("ABSA_TEST_PYTHON")
	if path == "" {
		t.Skip("needs TensorBoard: make venv, and ABSA_TEST_PYTHON names its Python")
	}
	return path
}

// readBack is what TensorBoard itself makes of a log folder.
const readBack = `
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import plugin_data_pb2

log = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0, "tensors": 0})
log.Reload()
out = {"scalars": {}, "hparams": {}, "status": 0}
for tag in log.Tags()["scalars"]:
    out["scalars"][tag] = [[e.step, e.value] for e in log.Scalars(tag)]
for tag, content in log.PluginTagToContent("hparams").items():
    data = plugin_data_pb2.HParamsPluginData.FromString(content)
    if data.HasField("session_start_info"):
        for name, value in data.session_start_info.hparams.items():
            out["hparams"][name] = getattr(value, value.WhichOneof("kind"))
    if data.HasField("session_end_info"):
        out["status"] = data.session_end_info.status
json.dump(out, sys.stdout)
`

type readOut struct {
	Scalars map[string][][2]float64 `json:"scalars"`
	HParams map[string]any          `json:"hparams"`
	Status  int                     `json:"status"`
}

func tensorBoard(t *testing.T, dir string) readOut {
	t.Helper()
	c := exec.Command(python(t), "-W", "ignore", "-c", readBack, dir)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	text, err := c.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	var out readOut
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

var settings = map[string]any{"train.seed": 7.0, "model.attention.masked": true, "name": "tëst", "data.aspects": "[food, price]"}

// write makes the events of a run of two epochs of two steps.
func write(t *testing.T, dir string) {
	t.Helper()
	w, err := Open(dir, settings)
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(
		w.Scalars(1, Scalar{"step/loss", 4}),
		w.Scalars(2, Scalar{"step/loss", 3}),
		w.Scalars(2, Scalar{"epoch/train_loss", 3.5}, Scalar{"epoch/valid_accuracy", 0.25}),
		w.Scalars(3, Scalar{"step/loss", 2}),
		w.Scalars(4, Scalar{"step/loss", 1}),
		w.Scalars(4, Scalar{"epoch/train_loss", 1.5}, Scalar{"epoch/valid_accuracy", 0.5}),
		w.End(4),
		w.Close())
	if err != nil {
		t.Fatal(err)
	}
}

func TestTensorBoardReadsIt(t *testing.T) {
	dir := t.TempDir()
	write(t, dir)
	want := readOut{
		Scalars: map[string][][2]float64{
			"step/loss":            {{1, 4}, {2, 3}, {3, 2}, {4, 1}},
			"epoch/train_loss":     {{2, 3.5}, {4, 1.5}},
			"epoch/valid_accuracy": {{2, 0.25}, {4, 0.5}},
		},
		HParams: settings,
		Status:  statusSuccess,
	}
	if diff := cmp.Diff(want, tensorBoard(t, dir)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestTensorBoardReadsAResumedRun goes on after step 2, with a torn end.
func TestTensorBoardReadsAResumedRun(t *testing.T) {
	dir := t.TempDir()
	write(t, dir)
	path := filepath.Join(dir, FileName)
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(appendRecord(nil, version(time.Now()))[:9]); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if err := Resume(dir, dir, func(step int, _ string) bool { return step <= 2 }); err != nil {
		t.Fatal(err)
	}
	w, err := Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Scalars(3, Scalar{"step/loss", 2.5}), w.Close()); err != nil {
		t.Fatal(err)
	}
	want := readOut{
		Scalars: map[string][][2]float64{
			"step/loss":            {{1, 4}, {2, 3}, {3, 2.5}},
			"epoch/train_loss":     {{2, 3.5}},
			"epoch/valid_accuracy": {{2, 0.25}},
		},
		HParams: settings,
	}
	if diff := cmp.Diff(want, tensorBoard(t, dir)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// tags are the steps and tags in an event file.
func tags(t *testing.T, dir string) (list []string) {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, FileName))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for {
		data, err := readRecord(f)
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		_, tag, err := parse(data)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, tag)
	}
}

func TestResume(t *testing.T) {
	from := t.TempDir()
	write(t, from)
	whole, err := os.ReadFile(filepath.Join(from, FileName))
	if err != nil {
		t.Fatal(err)
	}
	all := func(int, string) bool { return true }
	records := []string{"", startTag, "step/loss", "step/loss", "epoch/train_loss", "step/loss", "step/loss", "epoch/train_loss"}

	t.Run("cut anywhere", func(t *testing.T) {
		for size := range whole {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, FileName), whole[:size], 0o644); err != nil {
				t.Fatal(err)
			}
			if err := Resume(dir, dir, all); err != nil {
				t.Fatalf("%d bytes: %v", size, err)
			}
			got := tags(t, dir)
			if len(got) > len(records) || !cmp.Equal(got, records[:len(got)], cmp.Transformer("nil", func(s []string) []string { return append([]string{}, s...) })) {
				t.Fatalf("%d bytes: got %q", size, got)
			}
		}
	})
	t.Run("a byte changed", func(t *testing.T) {
		for at := 0; at < len(whole); at += 7 {
			dir := t.TempDir()
			text := bytes.Clone(whole)
			text[at] ^= 0x40
			if err := os.WriteFile(filepath.Join(dir, FileName), text, 0o644); err != nil {
				t.Fatal(err)
			}
			if err := Resume(dir, dir, all); err != nil {
				t.Fatalf("byte %d: %v", at, err)
			}
			tags(t, dir) // all whole
		}
	})
	t.Run("into another folder, with what a killed process left", func(t *testing.T) {
		to := filepath.Join(t.TempDir(), "to")
		left := filepath.Join(to, "."+FileName+".1.tmp")
		if err := errors.Join(os.Mkdir(to, 0o755), os.WriteFile(left, whole, 0o644)); err != nil {
			t.Fatal(err)
		}
		if err := Resume(from, to, func(step int, tag string) bool { return step == 2 && tag == "epoch/train_loss" }); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"", startTag, "epoch/train_loss"}, tags(t, to)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if _, err := os.Stat(left); err == nil {
			t.Error("the torn file is still there")
		}
	})
	t.Run("nothing there", func(t *testing.T) {
		to := t.TempDir()
		if err := Resume(t.TempDir(), to, all); err != nil {
			t.Fatal(err)
		}
		if err := Remove(to); err != nil {
			t.Error(err)
		}
	})
}

// TestMasked holds the checksum to that of 32 zero bytes in RFC 3720 (appendix
// B.4), 0x8a9136aa, rotated right by 15 bits and shifted by the constant.
func TestMasked(t *testing.T) {
	const rotated = 0x8a9136aa>>15 | 0x8a9136aa&0x7fff<<17
	var want uint32 = rotated
	want += 0xa282ead8
	if got := masked(make([]byte, 32)); got != want {
		t.Errorf("got %x, want %x", got, want)
	}
}

// BenchmarkScalars is what a step costs whose figures are written.
func BenchmarkScalars(b *testing.B) {
	w, err := Open(b.TempDir(), settings)
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	for step := 0; b.Loop(); step++ {
		if err := w.Scalars(step, Scalar{"step/loss", 1}, Scalar{"step/gradient_norm", 2}, Scalar{"step/learning_rate", 3}); err != nil {
			b.Fatal(err)
		}
	}
}
