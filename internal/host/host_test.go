package host

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

func TestBusyByOthers(t *testing.T) {
	// Other processes may be busy; one that this test starts must show.
	spin := exec.Command("sh", "-c", "while :; do :; done")
	if err := spin.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		spin.Process.Kill()
		spin.Wait()
	}()
	for range 20 { // it shares a core where none is free
		got, err := BusyByOthers()
		if err != nil {
			t.Fatal(err)
		}
		if got > 0.2 {
			return
		}
	}
	t.Error("a process that does nothing but count goes unnoticed")
}

func TestOwnWorkIsNotOthers(t *testing.T) {
	before := ProcessTime()
	for i, end := 0, before+50e6; ProcessTime() < end; i++ {
	}
	if got := ProcessTime() - before; got < 50e6 {
		t.Errorf("own time grew by %v", got)
	}
}

func TestResidentMemory(t *testing.T) {
	before, err := ResidentMemory()
	if err != nil {
		t.Fatal(err)
	}
	const size = 64 << 20
	block := make([]byte, size)
	for i := 0; i < size; i += os.Getpagesize() {
		block[i] = 1
	}
	after, err := ResidentMemory()
	if err != nil {
		t.Fatal(err)
	}
	if grown := after - before; grown < size/2 || grown > 2*size {
		t.Errorf("64 MiB more of memory show as %d bytes", grown)
	}
	if block[0] != 1 {
		t.Error("the block was lost")
	}
}

func TestLoadedLibrary(t *testing.T) {
	if got := LoadedLibrary("no-such-library.so"); got != "" {
		t.Errorf("a library that is not there is at %q", got)
	}
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(maps), self) {
		t.Skip("the test binary is not mapped under its name")
	}
	if got := LoadedLibrary(self[strings.LastIndexByte(self, '/')+1:]); got != self {
		t.Errorf("got %q, want %q", got, self)
	}
}
