package torch

// The paths of LibTorch come from the environment (libtorch.env, written by
// `make setup`).

// #cgo CXXFLAGS: -std=c++17 -O2 -fopenmp -Wall -Wno-unused-function
import "C"
