package cmd

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"absa/configs"
	"absa/internal/metrics"
	"absa/trainer"
)

func newTrainCmd() *cobra.Command {
	var (
		config, out, device string
		set                 []string
		asJSON, quiet       bool
	)
	c := &cobra.Command{
		Use:   "train",
		Short: "Train a model and print its table on the test corpus",
		Long: `Train reads a corpus, trains as the configuration says, tests the chosen weights
once, and prints accuracy by aspect beside the majority class. Without flags it
trains on a small corpus that comes with the program.

A configuration is a preset (absa config list) or a YAML file. Later sources win:
defaults, then the preset or file, then the environment (ABSA_TRAIN_SEED for
train.seed), then --set. Every key: absa config keys.

The run folder (checkpoints/<name>-<time> unless --out names one) gets the resolved
config.yaml, metrics.jsonl with a line per epoch, the tested weights as
model.safetensors with labels.json and vocab.txt to read them by, and result.json.

Ctrl-C ends training after the step under way and keeps the weights so far in
last.safetensors; a second Ctrl-C ends it at once.`,
		Example: `  absa train
  absa train --config article --set train.seed=2
  absa train --config restaurants --out checkpoints/mine --device cuda:0
  absa train --config my.yaml --set 'data.aspects=[room, staff]' --json`,
		Args: arguments(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			if device != "" {
				set = append(set, "train.device="+device)
			}
			loaded, err := load(config, set)
			if err != nil {
				return err
			}
			if out == "" {
				if out, err = newRunFolder(loaded.Config.Name); err != nil {
					return err
				}
				defer os.Remove(out) // only if nothing is in it
			}
			show := newProgress(c.ErrOrStderr(), quiet)
			result, err := trainer.Train(c.Context(), trainer.Options{Config: loaded.Config, Out: out, Report: show.event})
			show.close()
			if err != nil {
				if show.tested != nil && !asJSON { // tested, but not saved
					fmt.Fprintf(c.OutOrStdout(), "%v\n", metrics.Table{Result: *show.tested})
				}
				return err
			}
			if asJSON {
				return writeJSON(c.OutOrStdout(), result)
			}
			return printResult(c.OutOrStdout(), show.tested, result, out)
		},
	}
	f := c.Flags()
	f.StringVarP(&config, "config", "c", configs.DefaultPreset, "`name` of a preset, or a YAML file")
	f.StringArrayVar(&set, "set", nil, "override a key: `key=value`; may be repeated")
	f.StringVarP(&out, "out", "o", "", "run `folder`, empty or new (default checkpoints/<name>-<time>)")
	f.StringVar(&device, "device", "", "auto, cpu, cuda or `cuda:N` (train.device)")
	f.BoolVar(&asJSON, "json", false, "print result.json on one line instead of the table")
	f.BoolVarP(&quiet, "quiet", "q", false, "no progress, no notes")
	return c
}

// newRunFolder makes checkpoints/<name>-<time>, with a number behind it when
// another run began in the same second.
func newRunFolder(name string) (string, error) {
	if err := os.MkdirAll("checkpoints", 0o755); err != nil {
		return "", fmt.Errorf("run folder: %w", err)
	}
	base := filepath.Join("checkpoints", name+"-"+time.Now().Format("20060102-150405"))
	for n, out := 2, base; ; n++ {
		err := os.Mkdir(out, 0o755)
		if err == nil {
			return out, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", fmt.Errorf("run folder: %w", err)
		}
		out = fmt.Sprintf("%s-%d", base, n)
	}
}

// printResult writes the table of a finished run.
func printResult(w io.Writer, tested *metrics.Result, r *trainer.Result, out string) error {
	if tested != nil {
		if _, err := fmt.Fprintf(w, "%v\n", metrics.Table{Result: *tested}); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "%.0f sentences/s on %s; %d steps; run: %s\n", r.SentencesPerSecond, r.Device, r.Steps, out)
	return err
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
