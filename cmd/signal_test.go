package cmd

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"absa/internal/checkpoint"
)

// patience is how long a test waits for what should come soon. It is long, as
// machines can be busy.
const patience = time.Minute

// output collects what a process writes and can be read meanwhile.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// waitFor waits until the output holds a text.
func (o *output) waitFor(t *testing.T, text string) {
	t.Helper()
	for begun := time.Now(); !strings.Contains(o.String(), text); time.Sleep(10 * time.Millisecond) {
		if time.Since(begun) > patience {
			t.Fatalf("no %q after %v in\n%s", text, patience, o.String())
		}
	}
}

// process is a program under way.
type process struct {
	*exec.Cmd
	stdout, stderr output
	ended          chan struct{}
}

// start starts a command, which the end of the test kills.
func start(t *testing.T, c *exec.Cmd) *process {
	t.Helper()
	p := &process{Cmd: c, ended: make(chan struct{})}
	c.Stdout, c.Stderr = &p.stdout, &p.stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		_ = c.Wait() // the status is in ProcessState
	}()
	t.Cleanup(func() {
		_ = c.Process.Kill() // it has ended in most cases
		<-p.ended
	})
	return p
}

// end waits for the end of the process.
func (p *process) end(t *testing.T) outcome {
	t.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience):
		t.Fatalf("the process goes on after %v; stderr:\n%s", patience, p.stderr.String())
	}
	return outcome{p.ProcessState.ExitCode(), p.stdout.String(), p.stderr.String()}
}

func (p *process) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := p.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// TestSignals holds that a signal ends training cleanly: the run is saved as far
// as it came and can be resumed, and the status says which signal it was.
func TestSignals(t *testing.T) {
	tests := []struct {
		name   string
		signal syscall.Signal
		status int
		want   string
	}{
		{"SIGINT", syscall.SIGINT, 130, "interrupt"},
		{"SIGTERM", syscall.SIGTERM, 143, "terminated"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := start(t, command(t, little("--json", "--set", "train.max_steps=0", "--set", "train.epochs=100000")...))
			p.stderr.waitFor(t, "epoch 2/")
			p.signal(t, test.signal)
			got := p.end(t)
			run := filepath.Join(p.Dir, "run")
			left := files(t, run)
			want := []string{"checkpoints", "config.yaml", "labels.json", "metrics.jsonl", "split.json", "tensorboard", "vocab.txt"}
			if !slices.Equal(left, want) {
				t.Errorf("files %q, want %q", left, want)
			}
			newest := newestOf(t, run)
			got.wantError(t, test.status, "once more to end at once", "interrupted", test.want,
				"(saved in "+checkpoint.StepDir("run", newest.Manifest.Step)+"; --resume run goes on)")
			score := absa(t, "evaluate", "--checkpoint", newest.Dir, "--data", "sample")
			score.wantStatus(t, 0)
			same := absa(t, "evaluate", "--checkpoint", run, "--data", "sample")
			same.wantStatus(t, 0)
			if same.stdout != score.stdout || !strings.Contains(same.stderr, "has not ended") {
				t.Errorf("the run scores\n%s%s\nits newest checkpoint\n%s", same.stdout, same.stderr, score.stdout)
			}

			// The epoch under way is then its last one.
			last := newest.Manifest.Epoch + 1
			c := command(t, "train", "--resume", "run", "--set", fmt.Sprint("train.epochs=", last), "--json")
			c.Dir = p.Dir
			resumed := finish(t, c)
			resumed.wantStatus(t, 0)
			if want := "resuming from " + checkpoint.StepDir("run", newest.Manifest.Step); !strings.Contains(resumed.stderr, want) {
				t.Errorf("no %q in\n%s", want, resumed.stderr)
			}
			if n := len(object(t, resumed.stdout)["epochs"].([]any)); n != last {
				t.Errorf("the result has %d epochs, want %d", n, last)
			}
		})
	}
}

// newestOf opens the newest checkpoint of a run, none of which may be damaged.
func newestOf(t *testing.T, run string) *checkpoint.Checkpoint {
	t.Helper()
	c, skipped, err := checkpoint.Newest(run)
	if err != nil || len(skipped) > 0 {
		t.Fatal(err, skipped)
	}
	return c
}

// epochLines counts the epochs that a process has told of.
func (p *process) epochLines() int { return strings.Count(p.stderr.String(), "train loss") }

// TestSaveSignal holds that SIGUSR1 saves a run, at once and whatever the policy,
// and does not end it.
func TestSaveSignal(t *testing.T) {
	p := start(t, command(t, little("--set", "train.max_steps=0", "--set", "train.epochs=100000",
		"--set", "checkpoint.every_steps=0", "--set", "checkpoint.every_minutes=0", "--set", "checkpoint.every_epochs=0")...))
	run := filepath.Join(p.Dir, "run")
	p.stderr.waitFor(t, "epoch 1/")
	if left := files(t, filepath.Join(run, checkpoint.Folder)); left != nil {
		t.Fatalf("without a policy and a signal, there is %q", left)
	}
	p.signal(t, syscall.SIGUSR1)
	p.stderr.waitFor(t, "saved "+filepath.Join("run", checkpoint.Folder, "step-"))
	asked := newestOf(t, run)
	p.stderr.waitFor(t, "saved "+checkpoint.StepDir("run", asked.Manifest.Step)+"\n")

	told := p.epochLines()
	for begun := time.Now(); p.epochLines() < told+2; time.Sleep(10 * time.Millisecond) {
		if time.Since(begun) > patience {
			t.Fatalf("no epoch after the save:\n%s", p.stderr.String())
		}
	}
	p.signal(t, syscall.SIGTERM)
	last := p.end(t)
	ended := newestOf(t, run)
	last.wantError(t, 143, "interrupted", "saved in "+checkpoint.StepDir("run", ended.Manifest.Step))
	if ended.Manifest.Epoch < asked.Manifest.Epoch+2 {
		t.Errorf("saved after %d epochs and, at least two later, after %d", asked.Manifest.Epoch, ended.Manifest.Epoch)
	}
	want := []string{filepath.Base(asked.Dir), filepath.Base(ended.Dir)}
	if left := files(t, filepath.Join(run, checkpoint.Folder)); !slices.Equal(left, want) {
		t.Errorf("checkpoints %q, want %q", left, want)
	}
}

// TestSecondSignal holds that a second Ctrl-C ends the program at once, even
// where it waits for a file.
func TestSecondSignal(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "corpus.xml")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Skipf("needs a pipe with a name: %v", err)
	}
	p := start(t, command(t, little("--set", "data.train="+pipe)...))
	// It can be opened for writing once the program waits to read from it.
	for begun := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		fd, err := unix.Open(pipe, unix.O_WRONLY|unix.O_NONBLOCK, 0)
		if err == nil {
			t.Cleanup(func() { unix.Close(fd) })
			break
		}
		if !errors.Is(err, unix.ENXIO) || time.Since(begun) > patience {
			t.Fatal(err)
		}
	}
	p.signal(t, syscall.SIGINT)
	p.stderr.waitFor(t, "once more to end at once")
	select {
	case <-p.ended:
		t.Fatalf("one signal ended it: %v", p.ProcessState)
	case <-time.After(200 * time.Millisecond):
	}
	p.signal(t, syscall.SIGINT)
	p.end(t)
	status, ok := p.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() || status.Signal() != syscall.SIGINT {
		t.Errorf("it ended with %v, want by the signal", p.ProcessState)
	}
	if left := files(t, filepath.Join(p.Dir, "run")); left != nil {
		t.Errorf("a run folder was made, with %q", left)
	}
}

// TestInterruptedFetch holds that Ctrl-C ends a download that hangs.
func TestInterruptedFetch(t *testing.T) {
	// A proxy that takes connections and says nothing.
	proxy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { proxy.Close() })
	reached := make(chan net.Conn, 1)
	go func() {
		if conn, err := proxy.Accept(); err == nil {
			reached <- conn
		}
		close(reached)
	}()
	c := command(t, "fetch", "semeval2014")
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"} {
		c.Env = append(c.Env, name+"=http://"+proxy.Addr().String())
	}
	c.Env = append(c.Env, "NO_PROXY=", "no_proxy=")
	p := start(t, c)
	select {
	case conn := <-reached:
		if conn == nil {
			t.Fatal("no connection")
		}
		t.Cleanup(func() { conn.Close() })
	case <-p.ended:
		t.Fatalf("it ended before it connected:\n%s", p.stderr.String())
	case <-time.After(patience):
		t.Fatal("it does not connect")
	}
	p.signal(t, syscall.SIGINT)
	p.end(t).wantError(t, 130, "fetch semeval2014", "stopped after 0 of")
}
