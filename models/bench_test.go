package models

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"absa/configs"
	"absa/internal/torch"
)

// benchBatch is 32 sentences of 4 to 35 tokens, longest first.
func benchBatch(words int) [][]int64 {
	var batch [][]int64
	for b := range 32 {
		sentence := make([]int64, 35-b)
		for i := range sentence {
			sentence[i] = int64(torch.Mix(uint64(b), uint64(i)) % uint64(words))
		}
		batch = append(batch, sentence)
	}
	return batch
}

// BenchmarkStep is a training step of the presets, by part, with the fused LSTM
// and with ATen's by turns.
func BenchmarkStep(b *testing.B) {
	for _, preset := range []string{"article", "restaurants"} {
		for _, threads := range []int{1, 2} {
			b.Run(fmt.Sprintf("%s/threads=%d", preset, threads), func(b *testing.B) {
				runtime.LockOSThread()
				defer runtime.UnlockOSThread()
				torch.SetThreads(threads)
				defer torch.SetThreads(1)
				defer torch.ReleaseThreads()
				benchStep(b, preset)
			})
		}
	}
}

func benchStep(b *testing.B, preset string) {
	const words, dimension = 4000, 100
	loaded, err := configs.Load(configs.Source{Config: preset})
	noErr(b, err)
	config := loaded.Config
	labels := Labels{Aspects: config.Data.Aspects, Polarities: config.Data.Polarities, AbsentClass: config.Model.Head.AbsentClass}
	vectors := Vectors{Values: make([]float32, words*dimension), Dimension: dimension, Trainable: config.Vectors.Trainable}
	for i := range vectors.Values {
		vectors.Values[i] = float32(torch.Mix(uint64(i))%1000)/500 - 1
	}
	batch := benchBatch(words)
	targets := make([]int64, len(batch)*len(labels.Aspects))
	for i := range targets {
		targets[i] = int64(i%(len(labels.Polarities)+1)) - 1
	}
	parts := []string{"forward", "loss", "backward", "adam"}
	kinds := []string{"fused", "aten"}
	took := map[string][]time.Duration{}
	var models []*Model
	var optimizers []*torch.Adam
	for _, kind := range kinds {
		config.Model.LSTM = kind
		m, err := New(config.Model, labels, vectors, torch.CPU, 1)
		noErr(b, err)
		defer m.Close()
		adam, err := torch.NewAdam(m.Parameters, torch.AdamOptions{Beta1: 0.9, Beta2: 0.999, Eps: 1e-8})
		noErr(b, err)
		defer adam.Close()
		models, optimizers = append(models, m), append(optimizers, adam)
	}
	loss, err := NewLoss(config.Loss, labels)
	noErr(b, err)
	s := torch.NewScope(torch.CPU)
	defer s.Close()
	for b.Loop() {
		for k, kind := range kinds {
			s.Reset()
			in := feed(s, batch...)
			at := []time.Time{time.Now()}
			out := models[k].Forward(s, in)
			at = append(at, time.Now())
			sum := loss.Forward(s, out, loss.Targets(targets))
			at = append(at, time.Now())
			s.Backward(sum)
			at = append(at, time.Now())
			optimizers[k].Step(s, 1e-3, s.Read(nil, optimizers[k].GradNorm(s))[0], nil)
			at = append(at, time.Now())
			noErr(b, s.Err())
			for i, part := range parts {
				took[kind+"-"+part] = append(took[kind+"-"+part], at[i+1].Sub(at[i]))
			}
			took[kind] = append(took[kind], at[len(parts)].Sub(at[0]))
		}
	}
	for name, times := range took {
		slices.Sort(times)
		b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, name+"-ms")
	}
}
