package trainer

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"absa/configs"
	"absa/data"
	"absa/internal/safetensors"
	"absa/internal/torch"
	"absa/models"
)

// TestPyTorch holds that training is what PyTorch computes: from the same
// weights, the same outputs, loss and gradients of a batch, and the same losses
// over 50 steps. Dropout is off. The batches come from SemEval-2014 where
// ABSA_TEST_DATA is set, and from the sample corpus otherwise.
func TestPyTorch(t *testing.T) {
	python := os.Getenv("ABSA_TEST_PYTHON")
	if python == "" {
		t.Skip("ABSA_TEST_PYTHON is not set: name a Python that has the packages of reference/requirements.txt")
	}
	random := []string{
		"vectors.kind=random", "vectors.dimension=100",
		"model.head.dropout=0", "model.embedding_dropout=0", "model.output_dropout=0", "model.layer_dropout=0",
		"train.ema=0", "train.patience=0",
	}
	if folder := os.Getenv("ABSA_TEST_DATA"); folder != "" {
		random = append(random, semeval(t)...)
	} else {
		random = append(random, "data.train=sample", "data.test=sample")
	}
	for _, preset := range []string{"article", "restaurants"} { // one with n-grams, one without
		t.Run(preset, func(t *testing.T) {
			compareWithPyTorch(t, python, load(t, preset, random...))
		})
	}
}

const (
	comparedSteps = 50
	firstLimit    = 1e-5 // of outputs, loss and gradients: relative, Euclidean norm
	lossesLimit   = 1e-4 // of each loss: relative
)

func compareWithPyTorch(t *testing.T, python string, c configs.Config) {
	folder := t.TempDir()
	ours, err := trainForComparison(t, c, folder)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(python, "../reference/compare.py", folder).CombinedOutput(); err != nil {
		t.Fatalf("reference/compare.py: %v\n%s", err, out)
	}
	tensors, _, err := safetensors.ReadFile(filepath.Join(folder, "reference.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	theirs := map[string][]float32{}
	var all float64 // squared norm of all gradients
	for _, x := range tensors {
		values, err := x.Float32()
		if err != nil {
			t.Fatal(err)
		}
		theirs[x.Name] = values
		if strings.HasPrefix(x.Name, "grad.") {
			all += math.Pow(norm(values), 2)
		}
	}

	worst, worstName := 0.0, ""
	for name, want := range theirs {
		got, ok := ours[name]
		switch {
		case name == "losses":
			continue
		case !ok && strings.HasSuffix(name, ".attention.key.bias"):
			// The softmax cancels it: ours gets no gradient, PyTorch's is what
			// rounding leaves.
			if e := norm(want) / math.Sqrt(all); e > firstLimit {
				t.Errorf("%s: PyTorch has %.2g of the norm of all gradients, ours is taken to be none", name, e)
			}
			continue
		case !ok:
			t.Errorf("%s: PyTorch has it, this program has not", name)
			continue
		}
		limit := firstLimit
		switch {
		case strings.HasSuffix(name, "attention.projection.bias"):
			// The softmax makes it a difference of nearly equal sums: PyTorch's
			// own is as far as 1e-5 from what it computes in float64.
			limit = 1e-4
		case strings.HasSuffix(name, ".presence.bias"):
			// The sum over the batch of probabilities less labels, of both signs.
			limit = 1e-4
		}
		e := relativeError(got, want)
		if e/limit > worst {
			worst, worstName = e/limit, name
		}
		if !(e <= limit) {
			t.Errorf("%s: relative error %.2g, want at most %g", name, e, limit)
		}
	}
	for name := range ours {
		if _, ok := theirs[name]; !ok {
			t.Errorf("%s: this program has it, PyTorch has not", name)
		}
	}
	t.Logf("batch 0: %d tensors, at worst %.2g of the limit in %s", len(theirs)-1, worst, worstName)

	got, want := ours["losses"], theirs["losses"]
	if len(got) != comparedSteps || len(want) != comparedSteps {
		t.Fatalf("%d and %d losses, want %d", len(got), len(want), comparedSteps)
	}
	if want[comparedSteps-1] >= want[0] {
		t.Errorf("PyTorch's loss went from %v to %v: it learned nothing", want[0], want[comparedSteps-1])
	}
	worst = 0
	for i := range got {
		e := math.Abs(float64(got[i])-float64(want[i])) / math.Abs(float64(want[i]))
		worst = max(worst, e)
		if !(e <= lossesLimit) {
			t.Errorf("loss of step %d: got %v, PyTorch %v, relative error %.2g, want at most %g", i+1, got[i], want[i], e, lossesLimit)
		}
	}
	t.Logf("losses from %.4f to %.4f, largest relative error %.2g", want[0], want[comparedSteps-1], worst)
}

// trainForComparison does with the program's own trainer what compare.py does,
// and writes what that reads.
func trainForComparison(t *testing.T, c configs.Config, folder string) (map[string][]float32, error) {
	ours := map[string][]float32{}
	err := torch.Locked(func() error {
		var begin start
		defer begin.close()
		r, err := newTrainer(t.Context(), Options{Config: c, Out: filepath.Join(t.TempDir(), "run"), Report: func(Event) {}}, &begin)
		if err != nil {
			return err
		}
		defer r.close()
		batches, err := r.firstBatches(comparedSteps)
		if err != nil {
			return err
		}
		if err := writeComparison(folder, c, r.model, batches); err != nil {
			return err
		}
		if err := r.firstStep(batches[0], ours); err != nil {
			return err
		}
		for step := range comparedSteps {
			o, err := r.step([]data.Batch{batches[step%len(batches)]})
			if err != nil {
				return err
			}
			r.at.Step++
			ours["losses"] = append(ours["losses"], float32(o.loss))
		}
		return nil
	})
	return ours, err
}

// firstBatches returns the first n batches of epoch 0, or all of them.
func (t *Trainer) firstBatches(n int) ([]data.Batch, error) {
	var list []data.Batch
	for batch, err := range t.batches.Epoch(0, 0) {
		if err != nil {
			return nil, err
		}
		if list = append(list, batch); len(list) == n {
			break
		}
	}
	return list, nil
}

// firstStep adds outputs, loss and gradients of a batch under compare.py's names
// and leaves the weights as they are.
func (t *Trainer) firstStep(batch data.Batch, into map[string][]float32) error {
	s := torch.NewScope(torch.CPU)
	defer s.Close()
	out := t.model.Forward(s, feed(s, batch))
	loss := t.loss.Forward(s, out, t.loss.Targets(batch.Labels))
	s.Backward(loss)
	into["logits"], into["loss"] = s.Float32s(out.Logits), s.Float32s(loss)
	if out.Presence.Defined() {
		into["presence"] = s.Float32s(out.Presence)
	}
	for _, p := range t.model.Parameters.Trainable() {
		if g := s.Grad(p.Tensor); g.Defined() {
			into["grad."+p.Name] = s.Float32s(g)
		}
	}
	t.optimizer.ZeroGrad(s)
	return s.Err()
}

// writeComparison writes config.json, model.safetensors and batches.safetensors
// as compare.py describes them.
func writeComparison(to string, c configs.Config, m *models.Model, batches []data.Batch) error {
	weight := map[string]float64{}
	for _, w := range c.Loss.ClassWeights {
		weight[w.Label] = w.Weight
	}
	var classWeights []float64
	for _, class := range m.Labels.Classes() {
		w, ok := weight[class]
		if !ok {
			w = 1
		}
		classWeights = append(classWeights, w)
	}
	a, h, n := c.Model.Attention, c.Model.Head, c.Model.NGrams
	description, err := json.Marshal(map[string]any{
		"aspects": c.Data.Aspects, "polarities": c.Data.Polarities,
		"hidden": c.Model.Hidden, "layers": c.Model.Layers,
		"attention":     map[string]any{"kind": a.Kind, "heads": a.Heads, "masked": a.Masked, "shared": a.Shared, "pool": a.Pool},
		"head":          map[string]any{"hidden": h.Hidden, "absent_class": h.AbsentClass, "presence": h.Presence},
		"ngrams":        map[string]any{"words": n.Words, "characters": n.Characters, "buckets": n.Buckets, "scale": n.Scale},
		"class_weights": classWeights, "reduction": c.Loss.Reduction, "presence_weight": c.Loss.PresenceWeight, "label_smoothing": c.Loss.LabelSmoothing,
		"learning_rate": c.Train.LearningRate, "eps": c.Train.Eps, "betas": []float64{c.Train.Beta1, c.Train.Beta2},
		"steps": comparedSteps, "trainable_embedding": c.Vectors.Trainable, "threads": 1,
	})
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(to, "config.json"), description, 0o644); err != nil {
		return err
	}
	initial, err := weights(m.Parameters)
	if err != nil {
		return err
	}
	if err := safetensors.WriteFile(filepath.Join(to, WeightsFile), initial, nil); err != nil {
		return err
	}
	var tensors []safetensors.Tensor
	for i, batch := range batches {
		b := int64(batch.Size())
		for _, x := range []struct {
			name   string
			shape  []int64
			values []int64
		}{
			{"tokens", []int64{b, int64(batch.Length)}, batch.Tokens},
			{"lengths", []int64{b}, batch.Lengths},
			{"labels", []int64{b, int64(len(c.Data.Aspects))}, batch.Labels},
			{"ngrams", []int64{int64(len(batch.NGrams))}, batch.NGrams},
			{"ngram_bounds", []int64{int64(len(batch.NGramBounds))}, batch.NGramBounds},
		} {
			tensor, err := safetensors.NewInt64(fmt.Sprintf("%s.%d", x.name, i), x.shape, x.values)
			if err != nil {
				return err
			}
			tensors = append(tensors, tensor)
		}
	}
	return safetensors.WriteFile(filepath.Join(to, "batches.safetensors"), tensors, nil)
}

// norm is the Euclidean norm.
func norm(values []float32) float64 {
	var sum float64
	for _, v := range values {
		sum += float64(v) * float64(v)
	}
	return math.Sqrt(sum)
}

// relativeError is |got-want| / |want|, Euclidean norms. Where want is zero, only
// zero agrees with it.
func relativeError(got, want []float32) float64 {
	if len(got) != len(want) {
		return math.Inf(1)
	}
	difference := make([]float32, len(want))
	for i := range want {
		difference[i] = got[i] - want[i]
	}
	if n := norm(want); n > 0 {
		return norm(difference) / n
	}
	return norm(difference)
}
