package cmd

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"absa/configs"
	"absa/internal/host"
	"absa/internal/torch"
)

// diagnosis is what doctor finds, a finding per line of its table.
type diagnosis struct {
	LibTorch struct {
		Version string `json:"version"`
		Path    string `json:"path"`
		Variant string `json:"variant"` // cpu or cuda
	} `json:"libtorch"`
	CUDA struct {
		Available bool   `json:"available"`
		Reason    string `json:"reason,omitempty"` // why not
	} `json:"cuda"`
	CPU struct {
		Cores        int     `json:"cores"`
		Threads      int     `json:"threads"` // the most that train.threads 0 stands for
		Kernels      string  `json:"kernels"`
		BusyByOthers float64 `json:"busy_by_others"`
		Shared       bool    `json:"shared"`
	} `json:"cpu"`
	Files []fileFound `json:"files"`
}

type fileFound struct {
	Preset string `json:"preset"`
	Key    string `json:"key"`
	Path   string `json:"path"`
	Found  bool   `json:"found"`
}

func newDoctorCmd() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Check LibTorch, CUDA, cores and data, and say what is missing",
		Args:  arguments(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			d, err := diagnose()
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(c.OutOrStdout(), d)
			}
			return d.print(c.OutOrStdout())
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON object")
	return c
}

func diagnose() (*diagnosis, error) {
	d := &diagnosis{}
	err := torch.Locked(func() error {
		d.LibTorch.Version = torch.Version()
		d.LibTorch.Path = host.LoadedLibrary("libtorch_cpu.so")
		d.LibTorch.Variant = "cpu"
		if _, err := os.Stat(filepath.Join(filepath.Dir(d.LibTorch.Path), "libtorch_cuda.so")); err == nil {
			d.LibTorch.Variant = "cuda"
		}
		cuda := torch.OpenCUDA()
		d.CUDA.Available = cuda == nil
		if cuda != nil {
			d.CUDA.Reason = strings.TrimPrefix(cuda.Error(), torch.ErrNoCUDA.Error()+": ")
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	d.CPU.Cores = runtime.NumCPU()
	d.CPU.Threads = runtime.GOMAXPROCS(0)
	d.CPU.Kernels = torch.LSTMKernels()
	if d.CPU.BusyByOthers, err = host.BusyByOthers(); err != nil {
		return nil, err
	}
	d.CPU.Shared = d.CPU.BusyByOthers > 0.5
	for _, p := range configs.Presets() {
		r, err := load(p.Name, nil)
		if err != nil {
			return nil, err
		}
		files := []fileFound{{Key: "data.train", Path: r.Config.Data.Train}, {Key: "data.test", Path: r.Config.Data.Test}}
		if r.Config.Vectors.Kind == "file" {
			files = append(files, fileFound{Key: "vectors.path", Path: r.Config.Vectors.Path})
		}
		for _, f := range files {
			if f.Path == "" || f.Path == configs.Sample {
				continue
			}
			_, err := os.Stat(f.Path)
			f.Preset, f.Found = p.Name, err == nil
			d.Files = append(d.Files, f)
		}
	}
	return d, nil
}

func (d *diagnosis) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "LibTorch\t%s (%s variant) in %s\n", d.LibTorch.Version, d.LibTorch.Variant, filepath.Dir(d.LibTorch.Path))
	if d.CUDA.Available {
		fmt.Fprintf(w, "CUDA\tavailable\n")
	} else {
		fmt.Fprintf(w, "CUDA\tno: %s\n", d.CUDA.Reason)
		if d.LibTorch.Variant == "cpu" {
			fmt.Fprintf(w, "\ton a machine with an NVIDIA driver, make train-gpu sets up the cuda variant\n")
		}
	}
	fmt.Fprintf(w, "Cores\t%d, %.1f of them busy with other processes\n", d.CPU.Cores, d.CPU.BusyByOthers)
	fmt.Fprintf(w, "Threads\tup to %d, unless train.threads says otherwise\n", d.CPU.Threads)
	fmt.Fprintf(w, "Kernels\t%s\n", d.CPU.Kernels)
	missing := false
	for _, f := range d.Files {
		state := "found"
		if !f.Found {
			state, missing = "missing", true
		}
		fmt.Fprintf(w, "%s %s\t%s: %s\n", f.Preset, f.Key, state, f.Path)
	}
	if missing {
		fmt.Fprintf(w, "\tabsa fetch semeval2014 glove-100d gets what is missing\n")
	}
	return w.Flush()
}
