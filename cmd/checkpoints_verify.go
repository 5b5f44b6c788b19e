package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"absa/internal/checkpoint"
)

// verified is what came of reading one folder.
type verified struct {
	Dir     string `json:"dir"`
	OK      bool   `json:"ok"`
	Files   int    `json:"files,omitempty"`
	Size    int64  `json:"size,omitempty"` // bytes read
	Damaged string `json:"damaged,omitempty"`
}

func newCheckpointsVerifyCmd() *cobra.Command {
	var asJSON, quiet bool
	c := &cobra.Command{
		Use:   "verify RUN|STEP ...",
		Short: "Read checkpoints in full and say which are damaged",
		Long: `Verify reads every file of every checkpoint of the runs, and of the runs' own
manifests where they have ended, and compares sizes and SHA-256 with the manifests.
It prints a line for each: ok, or the file and what is wrong with it. The exit status
is 1 when anything is damaged, or when there is nothing to verify.`,
		Example: `  absa checkpoints verify checkpoints/mine
  absa checkpoints verify checkpoints/mine/checkpoints/step-00000076`,
		Args: arguments(cobra.MinimumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			var dirs []string
			var failed error
			for _, arg := range args {
				found, err := foldersOf(arg)
				dirs, failed = append(dirs, found...), errors.Join(failed, err)
			}
			show := newProgress(c.ErrOrStderr(), quiet)
			defer show.close()
			damaged, err := verify(c.Context(), c.OutOrStdout(), show, dirs, asJSON)
			if err != nil {
				return err
			}
			if damaged > 0 {
				failed = errors.Join(failed, fmt.Errorf("%d of %d are damaged", damaged, len(dirs)))
			}
			return failed
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON object for each")
	c.Flags().BoolVarP(&quiet, "quiet", "q", false, "no progress")
	return c
}

// foldersOf lists the folders that have, or should have, a manifest.
func foldersOf(arg string) ([]string, error) {
	if checkpoint.IsStep(arg) {
		return []string{arg}, nil
	}
	entries, err := checkpointsOf(arg)
	if err != nil {
		return nil, err
	}
	var dirs []string
	for _, e := range entries {
		dirs = append(dirs, e.Dir)
	}
	if sealed(arg) {
		dirs = append(dirs, arg)
	}
	if dirs == nil {
		return nil, fmt.Errorf("%s: there is no checkpoint to verify", arg)
	}
	return dirs, nil
}

// verify reads the folders one after the other and prints as it goes.
func verify(ctx context.Context, out io.Writer, show *progress, dirs []string, asJSON bool) (damaged int, err error) {
	var done, total int64
	for _, dir := range dirs {
		if c, err := checkpoint.Inspect(dir); err == nil {
			total += partsSize(c.Manifest)
		}
	}
	for _, dir := range dirs {
		if ctx.Err() != nil {
			return damaged, context.Cause(ctx)
		}
		if !show.quiet && total > 0 {
			show.advance(done, total, dir, true)
		}
		v := verified{Dir: dir}
		var bad *checkpoint.Damaged
		c, err := checkpoint.Open(dir)
		switch {
		case errors.As(err, &bad):
			v.Damaged = err.Error()
			damaged++
		case err != nil:
			return damaged, err
		default:
			v.OK, v.Files, v.Size = true, len(c.Manifest.Parts), partsSize(c.Manifest)
			done += v.Size
		}
		show.endBar()
		if err := v.print(out, asJSON); err != nil {
			return damaged, err
		}
	}
	return damaged, nil
}

func (v verified) print(out io.Writer, asJSON bool) error {
	if asJSON {
		return writeJSON(out, v)
	}
	var err error
	if v.OK {
		_, err = fmt.Fprintf(out, "ok       %s: %d files, %s\n", v.Dir, v.Files, inBytes(v.Size))
	} else {
		_, err = fmt.Fprintf(out, "damaged  %s\n", v.Damaged)
	}
	return err
}
