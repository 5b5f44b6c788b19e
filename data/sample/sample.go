// Package sample is a small corpus of restaurant reviews, written for this
// project and embedded in the program, so that it can train without a file.
package sample

import (
	_ "embed"
	"slices"
)

//go:embed train.xml
var train []byte

//go:embed test.xml
var test []byte

// Train returns a copy of the training corpus as SemEval-2014 XML.
func Train() []byte { return slices.Clone(train) }

// Test returns a copy of the test corpus as SemEval-2014 XML.
func Test() []byte { return slices.Clone(test) }
