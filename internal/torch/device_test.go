package torch

import (
	"errors"
	"strings"
	"testing"
)

func TestParseDevice(t *testing.T) {
	lock(t)
	noCUDA := OpenCUDA() != nil
	for _, c := range []struct {
		name, want string // want is the device or, after "error: ", a part of the error
	}{
		{"cpu", "cpu"},
		{"", "error: want auto, cpu, cuda or cuda:N"},
		{"gpu", "error: want auto, cpu, cuda or cuda:N"},
		{"CPU", "error: want auto, cpu, cuda or cuda:N"},
		{"cpu:0", "error: want auto, cpu, cuda or cuda:N"},
		{"auto:1", "error: want auto, cpu, cuda or cuda:N"},
		{"cuda:", "error: want cuda:N"},
		{"cuda:x", "error: want cuda:N"},
		{"cuda:-1", "error: want cuda:N"},
		{"cuda:0:1", "error: want cuda:N"},
		{"cuda:100000", "error: CUDA is not available"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := ParseDevice(c.name)
			if part, ok := strings.CutPrefix(c.want, "error: "); ok {
				plain(t, err, `device "`+c.name+`"`, part)
				if !d.IsCPU() {
					t.Errorf("beside the error: got %v, want the zero Device", d)
				}
				return
			}
			noErr(t, err)
			if got := d.String(); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}

	auto, err := ParseDevice("auto")
	noErr(t, err)
	if auto.IsCPU() != noCUDA {
		t.Errorf("auto: got %v, but OpenCUDA says %v", auto, OpenCUDA())
	}
	if !noCUDA {
		return
	}
	for _, name := range []string{"cuda", "cuda:0"} {
		_, err := ParseDevice(name)
		if !errors.Is(err, ErrNoCUDA) {
			t.Errorf("%s: got %v, want an error that wraps ErrNoCUDA", name, err)
			continue
		}
		if _, why, _ := strings.Cut(err.Error(), ErrNoCUDA.Error()+": "); len(why) < 10 {
			t.Errorf("%s: %q does not say why", name, err)
		}
	}
}

func TestDeviceString(t *testing.T) {
	for _, c := range []struct {
		device Device
		want   string
		cpu    bool
	}{{CPU, "cpu", true}, {Device{}, "cpu", true}, {CUDA(0), "cuda:0", false}, {CUDA(3), "cuda:3", false}} {
		if got := c.device.String(); got != c.want || c.device.IsCPU() != c.cpu {
			t.Errorf("got %s (CPU %v), want %s (CPU %v)", got, c.device.IsCPU(), c.want, c.cpu)
		}
	}
}

func TestLocked(t *testing.T) {
	lock(t)
	want := errors.New("of f")
	// The smallest normal float32 is 1.2e-38.
	tiny := func() float64 {
		s := NewScope(CPU)
		defer s.Close()
		v := s.Item(s.Sum(s.Scale(New(s, []float32{2e-38}, 1), 1e-3)))
		noErr(t, s.Err())
		return v
	}
	err := Locked(func() error {
		if got := tiny(); got != 0 {
			t.Errorf("inside, a denormal result: got %g, want 0", got)
		}
		return want
	})
	if !errors.Is(err, want) {
		t.Errorf("got %v, want the error of f", err)
	}
	if got := tiny(); got == 0 {
		t.Error("the thread flushes denormals after Locked, so other goroutines would")
	}
}

func TestVersion(t *testing.T) {
	if got := Version(); !strings.HasPrefix(got, "2.11.") {
		t.Errorf("got LibTorch %s, want 2.11: the goldens and the compatibility header are for it", got)
	}
}
