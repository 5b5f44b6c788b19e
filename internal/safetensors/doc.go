// Package safetensors reads and writes the safetensors format: named tensors in
// one file, weights that can be looked at without running anything.
//
//	8 bytes        N, the length of the header, little-endian
//	N bytes        the header, one JSON object, padded at its end with spaces:
//	               {"__metadata__": {"key": "value"},
//	                "name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}
//	the rest       the data; offsets count from its first byte
//
// The data holds every tensor row by row, little-endian, with no byte left over
// between, before or after them. A scalar has the shape [].
//
// The reader takes a file from a stranger: it checks all of the header before it
// allocates for a tensor, and what it allocates is bounded by the size of the
// file. The writer is deterministic: equal tensors in equal order, equal bytes.
//
// The package holds no arithmetic; F16 and BF16 pass through as bytes.
//
//	w, err := safetensors.NewFloat32("linear.weight", []int64{2, 3}, values)
//	...
//	err = safetensors.WriteFile("model.safetensors", []safetensors.Tensor{w}, nil)
//
// Source: https://github.com/huggingface/safetensors, section Format.
package safetensors
