package safetensors

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// hostile are files that claim far more than they hold.
var hostile = []struct {
	name    string
	content []byte
	want    string
}{
	{"a header of 2^64-1 bytes", length(1<<64 - 1), "more than the 100000000 allowed"},
	{"a header of 2^63 bytes", length(1 << 63), "more than the 100000000 allowed"},
	{"a header of 10 GB", length(10 << 30), "more than the 100000000 allowed"},
	{"a header of all that is allowed", length(maxHeader), "only 2 bytes follow"},
	{"10 GB of data", file(`{"a":{"dtype":"F32","shape":[2684354560],"data_offsets":[0,10737418240]}}`, 0), "promises 10737418240 bytes, the file holds 1"},
	{"10 GB by the shape alone", file(`{"a":{"dtype":"F32","shape":[2684354560],"data_offsets":[0,4]}}`, 0, 0, 0, 0), "span 4 bytes, but its dtype and shape take 10737418240"},
	{"10 GB by the offsets alone", file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,10737418240]}}`, 0, 0, 0, 0), "span 10737418240 bytes, but its dtype and shape take 4"},
	{"10 GB at a far place", file(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[10737418240,10737418241]}}`, 0), "leaves a hole after byte 0"},
	{"10 GB twice in one place", file(`{"a":{"dtype":"U8","shape":[10737418240],"data_offsets":[0,10737418240]},"b":{"dtype":"U8","shape":[10737418240],"data_offsets":[0,10737418240]}}`, 0), "inside the tensor before it"},
	{"a shape beyond 64 bits that wraps to nothing", file(`{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}`), "64 bits"},
	{"a shape beyond 64 bits times zero", file(`{"a":{"dtype":"F32","shape":[4294967296,4294967296,4294967296],"data_offsets":[0,0]}}`), "64 bits"},
	{"offsets that end beyond 64 bits", file(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[9223372036854775807,9223372036854775808]}}`, 0), "not a whole number"},
	{"a dtype of another kind", file(`{"a":{"dtype":8,"shape":[1],"data_offsets":[0,1]}}`, 0), "found 8, want a string"},
	{"a dtype with a zero byte", file(`{"a":{"dtype":"F32\u0000","shape":[1],"data_offsets":[0,4]}}`, 0, 0, 0, 0), "is not known"},
	{"many brackets", file(strings.Repeat(`{"a":`, 20_000)), "header is not JSON"},
	{"many brackets that close", file(`{"a":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + "}"), "header is not JSON"},
}

func length(n uint64) []byte { return append(binary.LittleEndian.AppendUint64(nil, n), "{}"...) }

// allocated returns the bytes of memory that f takes, freed or not.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestHostileFiles holds that they are refused, in memory that their own size
// bounds and not what they claim.
func TestHostileFiles(t *testing.T) {
	for _, test := range hostile {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "hostile.safetensors")
			if err := os.WriteFile(path, test.content, 0o666); err != nil {
				t.Fatal(err)
			}
			var err error
			used := allocated(func() { _, _, err = ReadFile(path) })
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v, want %q and the path in it", err, test.want)
			}
			if most := uint64(64<<10 + 40*len(test.content)); used > most {
				t.Errorf("%d bytes of memory for a file of %d, want %d at most", used, len(test.content), most)
			}
		})
	}
}

// TestManyTensors holds that the memory for a header grows with its length.
func TestManyTensors(t *testing.T) {
	var b strings.Builder
	const n = 20_000
	for i := range n {
		fmt.Fprintf(&b, `,"%d":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`, i)
	}
	content := file("{" + b.String()[1:] + "}")
	var f *File
	var err error
	used := allocated(func() { f, err = open(content) })
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Names()) != n {
		t.Errorf("%d tensors, want %d", len(f.Names()), n)
	}
	if used > uint64(40*len(content)) {
		t.Errorf("%d bytes of memory for a header of %d", used, len(content))
	}
}
