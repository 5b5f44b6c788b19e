// Package docker holds no Go code: its shell scripts set up LibTorch for the
// Makefile and for images, and its tests run them against fakes.
package docker
