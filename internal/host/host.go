// Package host asks the Linux kernel about the machine and the process.
package host

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"
)

// sample is how long BusyByOthers watches.
const sample = 200 * time.Millisecond

// BusyByOthers returns how many cores' worth of time went to other processes
// over the last fifth of a second.
func BusyByOthers() (float64, error) {
	busy, err := busyTicks()
	if err != nil {
		return 0, err
	}
	own := ownTime()
	start := time.Now()
	time.Sleep(sample)
	after, err := busyTicks()
	if err != nil {
		return 0, err
	}
	const tick = time.Second / 100 // USER_HZ, fixed in the kernel's interface
	others := time.Duration(after-busy)*tick - (ownTime() - own)
	return max(0, float64(others)/float64(time.Since(start))), nil
}

// busyTicks is the time that all cores were not idle, from the first line of
// /proc/stat: user nice system idle iowait irq softirq steal ...
func busyTicks() (int64, error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, fmt.Errorf("cpu load: %w", err)
	}
	var user, nice, system, idle, wait, irq, soft, steal int64
	if _, err := fmt.Sscanf(string(text), "cpu %d %d %d %d %d %d %d %d", &user, &nice, &system, &idle, &wait, &irq, &soft, &steal); err != nil {
		return 0, fmt.Errorf("cpu load: /proc/stat: %w", err)
	}
	return user + nice + system + irq + soft + steal, nil
}

// ownTime is the processor time of this process.
func ownTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// ResidentMemory returns the bytes of memory that the process holds.
func ResidentMemory() (int64, error) {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, fmt.Errorf("resident memory: %w", err)
	}
	var size, resident int64
	if _, err := fmt.Sscan(string(text), &size, &resident); err != nil {
		return 0, fmt.Errorf("resident memory: /proc/self/statm: %w", err)
	}
	return resident * int64(os.Getpagesize()), nil
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
