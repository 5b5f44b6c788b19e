// Package torch is the program's only door to LibTorch.
//
// Everything above it is plain Go: tensors are freed with the [Scope] they were
// made in, and the first error of a scope is kept while every later operation
// does nothing, so a forward pass reads as arithmetic:
//
//	s := torch.NewScope(torch.CPU)
//	defer s.Close()
//	yBC := s.Linear(xBD, weightCD, biasC)
//	s.Backward(s.Sum(yBC))
//	return s.Err()
//
// It stands on the exported C binding of gotch (package libtch), which costs
// well under a microsecond per operation, and on C++ of its own: shim.cpp has
// what that binding lacks, the other files what the CPU computes in a way of its
// own. It is not a general tensor library: it has the operations that the models
// of this program need.
//
// LibTorch keeps the last error, the gradient mode and its thread pool per OS
// thread. All calls therefore come from one goroutine that is locked to its
// thread: see [Locked].
package torch
