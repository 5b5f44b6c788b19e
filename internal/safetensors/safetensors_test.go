package safetensors

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// file puts a header in front of data without looking at either.
func file(header string, data ...byte) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), data...)
}

func open(content []byte) (*File, error) {
	return NewFile(bytes.NewReader(content), int64(len(content)))
}

func TestWriteBytes(t *testing.T) {
	w, err := NewFloat32("w", []int64{1, 2}, []float32{1, -2})
	if err != nil {
		t.Fatal(err)
	}
	n := Tensor{Name: "n", DType: U8, Data: []byte{7}} // a scalar
	var got bytes.Buffer
	if err := Write(&got, []Tensor{w, n}, map[string]string{"b": "<2>", "a": "1"}); err != nil {
		t.Fatal(err)
	}
	header := `{"__metadata__":{"a":"1","b":"<2>"},` +
		`"w":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},` +
		`"n":{"dtype":"U8","shape":[],"data_offsets":[8,9]}}`
	header += strings.Repeat(" ", (8-len(header)%8)%8)
	want := file(header, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 7)
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("bytes (-want +got):\n%s", diff)
	}
}

func TestRoundTrip(t *testing.T) {
	floats, err := NewFloat32("floats", []int64{2, 1, 2}, []float32{0, float32(math.Inf(1)), -1.5, math.SmallestNonzeroFloat32})
	if err != nil {
		t.Fatal(err)
	}
	ints, err := NewInt64("ints 日本 \"<&>\"", []int64{2}, []int64{math.MinInt64, math.MaxInt64})
	if err != nil {
		t.Fatal(err)
	}
	tensors := []Tensor{
		{Name: "z", DType: F64, Shape: []int64{1}, Data: []byte("12345678")},
		ints,
		floats,
		{Name: "empty", DType: F32, Shape: []int64{0, 3}, Data: []byte{}},
		{Name: "i32", DType: I32, Shape: []int64{1}, Data: []byte("abcd")},
		{Name: "f16", DType: F16, Shape: []int64{1}, Data: []byte("ab")},
		{Name: "bf16", DType: BF16, Shape: []int64{1}, Data: []byte("ab")},
		{Name: "i16", DType: I16, Shape: []int64{1}, Data: []byte("ab")},
		{Name: "i8", DType: I8, Shape: []int64{1}, Data: []byte{255}},
		{Name: "", DType: U8, Shape: []int64{1}, Data: []byte{1}},
		{Name: "bool", DType: Bool, Shape: []int64{}, Data: []byte{1}},
	}
	metadata := map[string]string{"format": "pt"}
	var b bytes.Buffer
	if err := Write(&b, tensors, metadata); err != nil {
		t.Fatal(err)
	}
	f, err := open(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if f.data%8 != 0 {
		t.Errorf("data begins at byte %d, not at a multiple of 8", f.data)
	}
	var got []Tensor
	for _, name := range f.Names() {
		tensor, err := f.Tensor(name)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, tensor)
	}
	if diff := cmp.Diff(tensors, got); diff != "" {
		t.Errorf("tensors (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(metadata, f.Metadata()); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
	values, err := got[1].Int64()
	if diff := cmp.Diff([]int64{math.MinInt64, math.MaxInt64}, values); diff != "" || err != nil {
		t.Errorf("Int64: %v (-want +got):\n%s", err, diff)
	}
	if _, err := got[1].Float32(); err == nil || !strings.Contains(err.Error(), "I64, want F32") {
		t.Errorf("Float32 of I64: %v", err)
	}
	single, err := got[2].Float32()
	if diff := cmp.Diff([]float32{0, float32(math.Inf(1)), -1.5, math.SmallestNonzeroFloat32}, single); diff != "" || err != nil {
		t.Errorf("Float32: %v (-want +got):\n%s", err, diff)
	}
	if _, err := f.Tensor("absent"); err == nil || !strings.Contains(err.Error(), `no tensor "absent"`) {
		t.Errorf("absent tensor: %v", err)
	}
	dtype, shape, err := f.Shape("floats")
	if diff := cmp.Diff([]int64{2, 1, 2}, shape); diff != "" || dtype != F32 || err != nil {
		t.Errorf("Shape = %s %v %v", dtype, shape, err)
	}
}

func TestWriteRefuses(t *testing.T) {
	u8 := Tensor{Name: "u8", DType: U8, Shape: []int64{1}, Data: []byte{1}}
	tests := []struct {
		name     string
		tensors  []Tensor
		metadata map[string]string
		want     string
	}{
		{"a name twice", []Tensor{u8, u8}, nil, "the name stands twice"},
		{"the reserved name", []Tensor{{Name: "__metadata__", DType: U8, Shape: []int64{0}}}, nil, "reserved"},
		{"a name that is not UTF-8", []Tensor{{Name: "\xff", DType: U8, Shape: []int64{0}}}, nil, "not UTF-8"},
		{"metadata that is not UTF-8", nil, map[string]string{"a": "\xff"}, "not UTF-8"},
		{"an unknown dtype", []Tensor{{Name: "x", DType: "F8"}}, nil, `dtype "F8" is not known`},
		{"too little data", []Tensor{{Name: "x", DType: F32, Shape: []int64{2}, Data: make([]byte, 4)}}, nil, "4 bytes of data, but F32 [2] takes 8"},
		{"a negative dimension", []Tensor{{Name: "x", DType: F32, Shape: []int64{-1}}}, nil, "negative"},
		{"a size beyond 64 bits", []Tensor{{Name: "x", DType: F32, Shape: []int64{1 << 62, 4}}}, nil, "64 bits"},
		{"misaligned data", []Tensor{u8, {Name: "x", DType: F32, Shape: []int64{1}, Data: make([]byte, 4)}}, nil, "F32 data would begin at byte 1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var b bytes.Buffer
			err := Write(&b, test.tensors, test.metadata)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q in it", err, test.want)
			}
			if b.Len() != 0 {
				t.Errorf("%d bytes were written before the error", b.Len())
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	tests := []struct {
		name    string
		content []byte
		want    string
	}{
		{"an empty file", nil, "fewer than 8"},
		{"a header longer than the file", binary.LittleEndian.AppendUint64(nil, 5), "only 0 bytes follow"},
		{"a header beyond the limit", binary.LittleEndian.AppendUint64(nil, maxHeader+1), "more than the 100000000 allowed"},
		{"a length with the sign bit", binary.LittleEndian.AppendUint64(nil, math.MaxUint64), "allowed"},
		{"no header", file(""), "does not begin with {"},
		{"a space before the header", file(" {}"), "does not begin with {"},
		{"not UTF-8", file("{\"\xff\":{}}"), "not UTF-8"},
		{"not JSON", file(`{"a":}`), "not JSON"},
		{"two values", file(`{}{}`), "not JSON"},
		{"an array", file(`[]`), "does not begin with {"},
		{"a tensor that is a number", file(`{"a":1}`), "found 1, want {"},
		{"a name twice", file(`{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}`), `"a" stands twice`},
		{"a name twice by escape", file(`{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"\u0061":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}`), `"a" stands twice`},
		{"a field twice", file(`{"a":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}}`), `"dtype" stands twice`},
		{"a field missing", file(`{"a":{"dtype":"U8","shape":[0]}}`), "are needed"},
		{"a field too many", file(`{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"x":1}}`), `"x" is not a field`},
		{"a field in other case", file(`{"a":{"DType":"U8","shape":[0],"data_offsets":[0,0]}}`), `"DType" is not a field`},
		{"an unknown dtype", file(`{"a":{"dtype":"Q4","shape":[0],"data_offsets":[0,0]}}`), `dtype "Q4" is not known`},
		{"a null shape", file(`{"a":{"dtype":"U8","shape":null,"data_offsets":[0,0]}}`), "shape: found <nil>"},
		{"a negative dimension", file(`{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,0]}}`), "-1 is not a whole number"},
		{"a fractional dimension", file(`{"a":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}}`, 0), "1.0 is not a whole number"},
		{"a dimension beyond 64 bits", file(`{"a":{"dtype":"U8","shape":[9223372036854775808],"data_offsets":[0,0]}}`), "not a whole number"},
		{"a size beyond 64 bits", file(`{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}`), "64 bits"},
		{"a string dimension", file(`{"a":{"dtype":"U8","shape":["1"],"data_offsets":[0,1]}}`, 0), "want a whole number"},
		{"three offsets", file(`{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0,0]}}`), "want [begin, end]"},
		{"offsets backwards", file(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}}`, 0), "want [begin, end]"},
		{"offsets of another size", file(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}`, 0, 0, 0, 0), "span 4 bytes, but its dtype and shape take 8"},
		{"a hole", file(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 0, 0), "leaves a hole after byte 0"},
		{"an overlap", file(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}`, 0, 0, 0), "inside the tensor before it"},
		{"an empty tensor inside another", file(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[0],"data_offsets":[1,1]}}`, 0, 0), "inside the tensor before it"},
		{"data cut short", file(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}`, 0), "promises 2 bytes, the file holds 1"},
		{"data left over", file(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 0, 0), "1 bytes follow the last tensor"},
		{"data without tensors", file(`{}`, 0), "1 bytes follow"},
		{"metadata that is not text", file(`{"__metadata__":{"a":1}}`), "__metadata__: found 1, want a string"},
		{"metadata twice", file(`{"__metadata__":{},"__metadata__":{}}`), "stands twice"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := open(test.content)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q in it", err, test.want)
			}
		})
	}
}

// Other writers order the header otherwise than the data.
func TestNamesFollowData(t *testing.T) {
	f, err := open(file(`{"b":{"data_offsets":[1,2],"dtype":"U8","shape":[1]},"a":{"shape":[],"dtype":"U8","data_offsets":[0,1]}}  `, 1, 2))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a", "b"}, f.Names()); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	b, err := f.Tensor("b")
	if err != nil || !bytes.Equal(b.Data, []byte{2}) {
		t.Errorf("b = %v, %v", b, err)
	}
}

// A file that shrinks after it was opened.
type shrunk struct{ *bytes.Reader }

func (s shrunk) ReadAt(p []byte, offset int64) (int, error) {
	if offset >= 72 {
		return 0, io.EOF
	}
	return s.Reader.ReadAt(p, offset)
}

func TestTensorOfShrunkFile(t *testing.T) {
	content := file(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}           `, 1)
	f, err := NewFile(shrunk{bytes.NewReader(content)}, int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Tensor("a"); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v, want %v", err, io.ErrUnexpectedEOF)
	}
}
