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
	"absa/internal/checkpoint"
	"absa/internal/metrics"
	"absa/trainer"
)

func newTrainCmd() *cobra.Command {
	var (
		config, out, device string
		resume, initFrom    string
		set                 []string
		asJSON, quiet       bool
		profile             bool
		held                string
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

The run folder (checkpoints/NAME-TIME unless --out names one) gets the resolved
config.yaml, metrics.jsonl with a line per epoch, checkpoints as the keys under
checkpoint say, events for TensorBoard (train.tensorboard), and at the end the tested
weights as model.safetensors with labels.json and vocab.txt to read them by, what they
predict of the test and validation corpora as predictions.jsonl, metrics.csv, and
result.json. absa report makes a page of it.

Ctrl-C (SIGINT) and SIGTERM end training after the step under way and save it; a
second one ends it at once. SIGUSR1, sent to absa and not to make, saves and goes on.
--resume takes a run up where it was saved, in the middle of an epoch too, and ends
with the very weights of a run that was never interrupted:

    --resume auto   the newest complete checkpoint in --out; without --out, that of
                    the newest unfinished run of the same configuration under
                    checkpoints/ that no other process is training; where there is
                    none, a new run begins
    --resume DIR    that run, or the folder of one of its checkpoints; with another
                    --out the run goes on there

Without --config a run is resumed with its own configuration; what may change of it
(train.epochs of a schedule that does not end, checkpoint, device, threads, paths) is
said, the rest is refused. --init-from begins a new run with the weights of another
one: aspects that it lacks start fresh.`,
		Example: `  absa train
  absa train --config article --set train.seed=2
  absa train --config restaurants --out checkpoints/mine --device cuda:0
  absa train --config restaurants --out checkpoints/mine --resume auto
  absa train --resume checkpoints/mine --set train.epochs=20
  absa train --config my.yaml --init-from checkpoints/mine
  absa train --config my.yaml --set 'data.aspects=[room, staff]' --json`,
		Args: arguments(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			save, stop := onSaveSignal()
			defer stop()
			for _, name := range []string{"config", "resume", "out", "init-from", "device"} {
				if f := c.Flags().Lookup(name); f.Changed && f.Value.String() == "" {
					return usageError{fmt.Errorf("--%s is empty: is it a variable that is not set?", name)}
				}
			}
			var fold trainer.Fold
			if held != "" {
				if n, err := fmt.Sscanf(held, "%d/%d", &fold.Number, &fold.Of); n != 2 || err != nil || fold.Of < 2 {
					return usageError{fmt.Errorf("--fold %s: want a fold and their number, such as 1/5", held)}
				}
				set = append(set, "data.test=")
			}
			if device != "" {
				set = append(set, "train.device="+device)
			}
			if initFrom != "" {
				if resume != "" && resume != trainer.ResumeAuto {
					return usageError{errors.New("--init-from begins a new run and --resume goes on with an old one: give one of them")}
				}
				set = append(set, "train.init_from="+initFrom)
			}
			if !c.Flags().Changed("config") {
				config = configOf(resume, out, config)
			}
			loaded, err := load(config, set)
			if err != nil {
				return err
			}
			show := newProgress(c.ErrOrStderr(), quiet)
			if out, resume, err = runFolder(loaded.Config, out, resume, show.note); err != nil {
				return err
			}
			if resume == "" {
				defer os.Remove(out) // only if nothing is in it
			}
			result, err := trainer.Train(c.Context(), trainer.Options{Config: loaded.Config, Out: out, Resume: resume, Save: save, Profile: profile, Fold: fold, Report: show.event})
			show.close()
			if err != nil {
				if show.tested != nil && !asJSON { // tested, but not saved
					fmt.Fprintf(c.OutOrStdout(), "%v\n", show.tested)
				}
				return err
			}
			if asJSON {
				return writeJSON(c.OutOrStdout(), result)
			}
			return printResult(c.OutOrStdout(), show.tested, result, show.out)
		},
	}
	f := c.Flags()
	f.StringVarP(&config, "config", "c", configs.DefaultPreset, "`name` of a preset, or a YAML file")
	f.StringArrayVar(&set, "set", nil, "override a key: `key=value`; may be repeated")
	f.StringVarP(&out, "out", "o", "", "run `folder`, empty or new unless --resume goes on in it (default checkpoints/NAME-TIME)")
	f.StringVar(&resume, "resume", "", "go on with a run: auto, or the `folder` of a run or checkpoint")
	f.StringVar(&initFrom, "init-from", "", "begin with the weights of a run, a checkpoint or a .safetensors `file` (train.init_from)")
	f.StringVar(&device, "device", "", "auto, cpu, cuda or `cuda:N` (train.device)")
	f.BoolVar(&profile, "profile", false, "measure the parts of a step; the run folder gets profile.json")
	f.BoolVar(&asJSON, "json", false, "print result.json on one line instead of the table")
	f.BoolVarP(&quiet, "quiet", "q", false, "no progress, no notes")
	f.StringVar(&held, "fold", "", "hold out a fold of the training corpus, `K/N`, and test on it (absa cv)")
	// They fail only for a flag that is not there.
	_ = f.MarkHidden("fold")
	_ = c.RegisterFlagCompletionFunc("config", completePresets)
	_ = c.RegisterFlagCompletionFunc("set", completeKeys)
	return c
}

// configOf is the configuration of a run that is resumed without naming one: its
// own. With --resume auto there may be no run yet.
func configOf(resume, out, config string) string {
	dir := resume
	if resume == trainer.ResumeAuto {
		dir = out
	}
	if dir == "" {
		return config
	}
	if path := trainer.ConfigPath(dir); path != "" {
		return path
	}
	return config
}

// runFolder settles where a run goes, and whether it goes on with another one.
func runFolder(c configs.Config, out, resume string, note func(string, ...any)) (folder, from string, err error) {
	switch {
	case out != "":
		return out, resume, nil
	case resume == trainer.ResumeAuto:
		if out, err = trainer.Unfinished("checkpoints", c, note); err != nil || out != "" {
			return out, resume, err
		}
		out, err = newRunFolder(c.Name)
		return out, "", err
	case resume != "":
		return checkpoint.RunOf(resume), resume, nil
	}
	out, err = newRunFolder(c.Name)
	return out, "", err
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
func printResult(w io.Writer, tested *metrics.Table, r *trainer.Result, out string) error {
	if tested != nil {
		if _, err := fmt.Fprintf(w, "%v\n", tested); err != nil {
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
