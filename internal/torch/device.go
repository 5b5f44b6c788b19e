package torch

// #include <stdlib.h>
// #include "shim.h"
import "C"

import (
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"unsafe"
)

// Device is where tensors live: the CPU or a CUDA device by number.
type Device struct{ cuda int } // number of the CUDA device plus one; 0 is the CPU

// CPU is the host.
var CPU = Device{}

// CUDA returns the CUDA device of that number.
func CUDA(n int) Device { return Device{cuda: n + 1} }

// IsCPU reports whether d is the host.
func (d Device) IsCPU() bool { return d.cuda == 0 }

func (d Device) String() string {
	if d.IsCPU() {
		return "cpu"
	}
	return fmt.Sprintf("cuda:%d", d.cuda-1)
}

// index is the device in LibTorch's C binding: -1 for the CPU.
func (d Device) index() int32 { return int32(d.cuda - 1) }

// ErrNoCUDA is wrapped by every error about a CUDA device that cannot be used.
var ErrNoCUDA = errors.New("CUDA is not available")

// ParseDevice understands auto, cpu, cuda and cuda:N. auto is the first CUDA
// device where one can be used, and the CPU otherwise. CUDA is opened when it
// is asked for.
func ParseDevice(name string) (Device, error) {
	kind, number, numbered := strings.Cut(name, ":")
	switch {
	case name == "cpu":
		return CPU, nil
	case name == "auto":
		if OpenCUDA() != nil {
			return CPU, nil
		}
		return CUDA(0), nil
	case kind == "cuda":
		n := 0
		if numbered {
			var err error
			if n, err = strconv.Atoi(number); err != nil || n < 0 {
				return CPU, fmt.Errorf("device %q: want cuda:N with N from 0", name)
			}
		}
		if err := OpenCUDA(); err != nil {
			return CPU, fmt.Errorf("device %q: %w", name, err)
		}
		if have := int(C.absa_cuda_devices()); n >= have {
			return CPU, fmt.Errorf("device %q: %w: this host has %d devices", name, ErrNoCUDA, have)
		}
		return CUDA(n), nil
	}
	return CPU, fmt.Errorf("device %q: want auto, cpu, cuda or cuda:N", name)
}

// OpenCUDA opens LibTorch's CUDA library, which the program is not linked
// against, and returns nil when at least one CUDA device can be used. The error
// says why not.
func OpenCUDA() error {
	name := C.CString("libtorch_cuda.so")
	defer C.free(unsafe.Pointer(name))
	if err := message(C.absa_open_library(name)); err != nil {
		return fmt.Errorf("%w: %w", ErrNoCUDA, err)
	}
	if C.absa_cuda_devices() == 0 {
		return fmt.Errorf("%w: the library is there, but no device or driver", ErrNoCUDA)
	}
	return nil
}

// Version returns LibTorch's version, 2.11.0 for instance.
func Version() string { return C.GoString(C.absa_version()) }

// Locked runs f on a goroutine's OS thread that nothing else uses meanwhile.
// All work on LibTorch happens inside it: errors and the gradient mode are kept
// per thread, and a pool of workers belongs to the thread that started it.
//
// The C library keeps up to a quarter of a gigabyte of freed memory for the next
// step from then on.
//
// Inside, numbers too small for full precision count as zero, as arithmetic on
// them is many times slower. The thread goes back to other goroutines without
// that.
func Locked(f func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	C.absa_keep_memory()
	C.absa_flush_denormals(true)
	defer C.absa_flush_denormals(false)
	return f()
}

// SetThreads sets the number of threads of the operations that are this
// package's own, at least 1; those of LibTorch get one. The threads sleep while
// there is nothing to do, and one whose core is taken by another process is
// waited for only where it is in the middle of something.
func SetThreads(n int) { C.absa_set_threads(C.int(n)) }

// Threads returns the number of threads of this package's own operations.
func Threads() int { return int(C.absa_threads()) }

// SetATenThreads sets the number of threads of LibTorch's own operations, at
// least 1, after SetThreads. Their workers spin after every operation, so they
// take the cores from those of SetThreads, and beside a busy process they wait for
// each other many times as long as an operation takes.
func SetATenThreads(n int) { C.absa_set_aten_threads(C.int(n)) }

// ReleaseThreads ends LibTorch's idle workers, which otherwise spin for a while
// after every parallel region. The next region starts them again.
func ReleaseThreads() { C.absa_release_threads() }
