package cmd

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"absa/internal/checkpoint"
	"absa/internal/metrics"
	"absa/trainer"
)

// listed is a line of the list. Of a damaged checkpoint only what its folder
// shows is known.
type listed struct {
	Kind    string     `json:"kind"` // checkpoint, or run for the run's own manifest
	Dir     string     `json:"dir"`
	Step    int        `json:"step"`
	Epoch   *int       `json:"epoch"` // epochs completed
	Metric  string     `json:"metric,omitempty"`
	Value   *float64   `json:"value"` // of the metric on validation; null where none was done at this step
	Size    int64      `json:"size"`  // bytes of all files
	Written *time.Time `json:"written"`
	Marks   []string   `json:"marks"`             // best, newest
	Damaged string     `json:"damaged,omitempty"` // the reason
}

func newCheckpointsListCmd() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "list RUN",
		Short: "List the checkpoints of a run",
		Long: `List prints the checkpoints of a run by step: how many epochs were completed, the value
of train.metric on validation where that was done just then, the size of all files,
and when it was written. Marks say which is the best on validation of those that are
left, which the newest (the one --resume takes), and which are damaged and why. It
reads manifests and sizes only: verify reads everything.

With --json the last line, of kind run, is that of a run that has ended.`,
		Example: `  absa checkpoints list checkpoints/mine
  absa checkpoints list checkpoints/mine --json | jq .dir`,
		Args: arguments(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			run := args[0]
			list, err := listRun(run)
			if err != nil {
				return err
			}
			ended, err := listEnd(run)
			if err != nil {
				return err
			}
			if !asJSON {
				return printList(c.OutOrStdout(), run, list, ended)
			}
			if ended != nil {
				list = append(list, *ended)
			}
			for _, l := range list {
				if err := writeJSON(c.OutOrStdout(), l); err != nil {
					return err
				}
			}
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON object for each")
	return c
}

// listRun lists the checkpoints of a run, and behind them the damaged ones that
// a save has set aside.
func listRun(run string) ([]listed, error) {
	entries, err := checkpointsOf(run)
	if err != nil {
		return nil, err
	}
	best, newest := "", ""
	if ranked := trainer.Ranked(entries); len(ranked) > 0 {
		best = ranked[0].Dir
	}
	for _, e := range entries {
		if e.Err == nil {
			newest = e.Dir
		}
	}
	aside, err := setAside(run)
	if err != nil {
		return nil, err
	}
	entries = append(entries, aside...)
	var list []listed
	for _, e := range entries {
		l := listed{Kind: checkpoint.KindCheckpoint, Dir: e.Dir, Step: e.Step, Marks: []string{}}
		if l.Size, err = folderSize(e.Dir); err != nil {
			return nil, err
		}
		if e.Err != nil {
			l.Damaged = e.Err.Error()
		} else {
			l.fill(e.Checkpoint.Manifest)
		}
		if e.Dir == best {
			l.Marks = append(l.Marks, "best")
		}
		if e.Dir == newest {
			l.Marks = append(l.Marks, "newest")
		}
		list = append(list, l)
	}
	return list, nil
}

// setAside lists the damaged checkpoints that a save of the same step moved out
// of its way.
func setAside(run string) ([]checkpoint.Entry, error) {
	dir := filepath.Join(run, checkpoint.Folder)
	names, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var list []checkpoint.Entry
	for _, n := range names {
		e := checkpoint.Entry{Dir: filepath.Join(dir, n.Name()), Err: errors.New("set aside when the step was saved again")}
		if _, err := fmt.Sscanf(n.Name(), "step-%d.damaged", &e.Step); err == nil {
			list = append(list, e)
		}
	}
	return list, nil
}

func (l *listed) fill(m checkpoint.Manifest) {
	l.Epoch, l.Metric, l.Value, l.Written = &m.Epoch, m.Metric, m.Value, &m.Written
}

// listEnd returns the line of a run that has ended, nil of one that has not.
func listEnd(run string) (*listed, error) {
	if !sealed(run) {
		return nil, nil
	}
	l := &listed{Kind: checkpoint.KindRun, Dir: run, Marks: []string{}}
	own, err := checkpoint.Inspect(run)
	var damaged *checkpoint.Damaged
	switch {
	case errors.As(err, &damaged):
		l.Damaged = err.Error()
	case err != nil:
		return nil, err
	default:
		l.Kind, l.Step, l.Size = own.Manifest.Kind, own.Manifest.Step, partsSize(own.Manifest)
		l.fill(own.Manifest)
	}
	return l, nil
}

func printList(out io.Writer, run string, list []listed, ended *listed) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if len(list) > 0 {
		metric := "validation"
		if i := slices.IndexFunc(list, func(l listed) bool { return l.Metric != "" }); i >= 0 {
			metric += " " + list[i].Metric
		}
		fmt.Fprintf(w, "step\tepochs\t%s\tsize\twritten\n", metric)
	} else {
		fmt.Fprintf(w, "there is no checkpoint in %s\n", run)
	}
	for _, l := range list {
		epochs, value, written := "-", "-", "-"
		if l.Epoch != nil {
			epochs, written = fmt.Sprint(*l.Epoch), inTime(*l.Written)
		}
		if l.Value != nil {
			value = metrics.Score(*l.Value).String()
		}
		marks := strings.Join(l.Marks, ", ")
		if l.Damaged != "" {
			marks = "damaged: " + l.Damaged
		}
		if marks != "" {
			marks = "\t" + marks
			written = fmt.Sprintf("%-19s", written) // the width of a time
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s%s\n", l.Step, epochs, value, inBytes(l.Size), written, marks)
	}
	switch {
	case ended == nil:
		fmt.Fprintf(w, "the run has not ended\n")
	case ended.Damaged != "":
		fmt.Fprintf(w, "the run has ended, and is damaged: %s\n", ended.Damaged)
	case ended.Kind == checkpoint.KindRun:
		fmt.Fprintf(w, "the run has ended, after %s and %s; %s has its tested weights\n",
			plural(*ended.Epoch, "epoch"), plural(ended.Step, "step"), filepath.Join(run, trainer.WeightsFile))
	default:
		fmt.Fprintf(w, "it is an average of the weights of another run\n")
	}
	return w.Flush()
}
