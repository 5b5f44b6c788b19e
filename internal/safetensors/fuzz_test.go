package safetensors

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzOpen holds that no file makes the reader fail other than by an error, and
// that what it accepts covers the file exactly and survives a round trip.
func FuzzOpen(f *testing.F) {
	f.Add(file(`{}`))
	f.Add(file(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}   `, 1))
	f.Add(file(`{"__metadata__":{"k":"v"},"b":{"dtype":"F32","shape":[0,2],"data_offsets":[0,0]},"a":{"dtype":"I16","shape":[1],"data_offsets":[0,2]}}`, 1, 2))
	for _, h := range hostile {
		f.Add(h.content)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		file, err := open(content)
		if err != nil {
			return
		}
		var tensors []Tensor
		total := file.data
		aligned := true
		for _, name := range file.Names() {
			tensor, err := file.Tensor(name)
			if err != nil {
				t.Fatalf("tensor %q of a file that was accepted: %v", name, err)
			}
			aligned = aligned && (total-file.data)%tensor.DType.Size() == 0
			total += int64(len(tensor.Data))
			tensors = append(tensors, tensor)
		}
		if total != int64(len(content)) {
			t.Fatalf("tensors end at byte %d of %d", total, len(content))
		}
		if !aligned {
			return // the format allows it, our writer does not
		}
		var b bytes.Buffer
		if err := Write(&b, tensors, file.Metadata()); err != nil {
			t.Fatalf("write what was read: %v", err)
		}
		again, err := open(b.Bytes())
		if err != nil {
			t.Fatalf("read what was written: %v", err)
		}
		if diff := cmp.Diff(file.Names(), again.Names()); diff != "" {
			t.Fatalf("names (-first +second):\n%s", diff)
		}
	})
}
