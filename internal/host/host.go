// Package host asks the Linux kernel about the machine and the process.
package host

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// sample is how long BusyByOthers watches.
const sample = 200 * time.Millisecond

// BusyByOthers returns how many cores' worth of time went to other processes
// over the last fifth of a second, on the
// cores that this one may use.
func BusyByOthers() (float64, error) {
	busy, err := busyTicks()
	if err != nil {
		return 0, err
	}
	own := ProcessTime()
	start := time.Now()
	time.Sleep(sample)
	after, err := busyTicks()
	if err != nil {
		return 0, err
	}
	const tick = time.Second / 100 // USER_HZ, fixed in the kernel's interface
	others := time.Duration(after-busy)*tick - (ProcessTime() - own)
	return max(0, float64(others)/float64(time.Since(start))), nil
}

// busyTicks is the time that the cores which this process may use were not idle,
// from the lines of /proc/stat: cpuN user nice system idle iowait irq softirq
// steal ...
func busyTicks() (int64, error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, fmt.Errorf("cpu load: %w", err)
	}
	var allowed unix.CPUSet
	if err := unix.SchedGetaffinity(0, &allowed); err != nil {
		return 0, fmt.Errorf("cpu load: affinity: %w", err)
	}
	var busy int64
	for line := range strings.Lines(string(text)) {
		var core int
		var user, nice, system, idle, wait, irq, soft, steal int64
		n, _ := fmt.Sscanf(line, "cpu%d %d %d %d %d %d %d %d %d", &core, &user, &nice, &system, &idle, &wait, &irq, &soft, &steal)
		if n == 9 && allowed.IsSet(core) {
			busy += user + nice + system + irq + soft + steal
		}
	}
	return busy, nil
}

// ProcessTime is the processor time that this process has used.
func ProcessTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// ResidentMemory returns the bytes of memory that the process holds.
func ResidentMemory() (int64, error) {
	resident, _, err := memory()
	return resident, err
}

// AnonymousMemory is ResidentMemory without the pages of files that are mapped,
// which the system can take back: RssAnon of /proc/self/status.
func AnonymousMemory() (int64, error) {
	resident, shared, err := memory()
	return resident - shared, err
}

// memory returns the bytes that the process holds, and those of files.
func memory() (resident, shared int64, err error) {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, 0, fmt.Errorf("resident memory: %w", err)
	}
	var size int64
	if _, err := fmt.Sscan(string(text), &size, &resident, &shared); err != nil {
		return 0, 0, fmt.Errorf("resident memory: /proc/self/statm: %w", err)
	}
	page := int64(os.Getpagesize())
	return resident * page, shared * page, nil
}

// LoadedLibrary returns the path of a shared library of this process, or "" when
// it is not loaded.
func LoadedLibrary(name string) string {
	f, err := os.Open("/proc/self/maps")
	if err != nil {
		return ""
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if i := strings.IndexByte(lines.Text(), '/'); i >= 0 && strings.HasSuffix(lines.Text(), "/"+name) {
			return lines.Text()[i:]
		}
	}
	return ""
}
