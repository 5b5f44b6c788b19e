// Package data turns review files into batches of integers.
//
// The way of a sentence: [Read] decodes SemEval-2014 XML into reviews, [Split]
// holds some out, a [Tokenizer] cuts the text into words, a [Vocabulary]
// numbers them, [Examples] joins the two, and a [Loader] yields padded batches:
//
//	corpus, err := data.Read("train.xml", cfg.Data)
//	tokenize, err := data.NewTokenizer(cfg.Text)
//	train, valid := data.Split(corpus.Reviews, corpus.Schema, 0.2, 1)
//
// Everything here is a pure function of the input, the configuration and a
// seed. The package knows no tensor: a batch is Go slices, row major.
package data
