package torch

// #include <stdlib.h>
// #include "shim.h"
import "C"

import (
	"errors"
	"fmt"
	"strings"
	"unsafe"

	"github.com/sugarme/gotch/libtch"
)

// message takes ownership of an error text of the shim; nil stands for success.
func message(text *C.char) error {
	if text == nil {
		return nil
	}
	defer C.free(unsafe.Pointer(text))
	return errors.New(tidy(C.GoString(text)))
}

// lastError takes the error that gotch's binding keeps for this OS thread.
func lastError() error {
	text := libtch.GetAndResetLastErr()
	if text == nil {
		return nil
	}
	defer C.free(unsafe.Pointer(text))
	return errors.New(tidy(C.GoString((*C.char)(unsafe.Pointer(text)))))
}

// tidy leaves out the C++ stack trace that LibTorch appends to its messages.
func tidy(text string) string {
	for _, mark := range []string{"\nException raised from ", "\nC++ CapturedTraceback", "\nframe #0"} {
		if i := strings.Index(text, mark); i >= 0 {
			text = text[:i]
		}
	}
	return strings.Join(strings.Fields(text), " ")
}

// describe names an operation and the shapes it was given.
func describe(op string, args []Tensor) string {
	shapes := make([]string, len(args))
	for i, t := range args {
		shapes[i] = t.describe()
	}
	return fmt.Sprintf("%s(%s)", op, strings.Join(shapes, ", "))
}
