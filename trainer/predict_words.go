package trainer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"absa/configs"
	"absa/data"
	"absa/data/vectors"
	"absa/internal/torch"
)

// lexicon numbers the words of a stream that never ends. Behind the rows of the
// words that training saw, the embedding has room for those of a batch that it
// did not; they are looked up when they come, stay while there is room, and then
// are all forgotten.
type lexicon struct {
	known     *data.Vocabulary
	embedding torch.Parameter
	table     *vectors.Table // nil: what training did not see is unknown
	policy    vectors.Policy

	fresh map[string]int64 // row of each word that training did not see
	room  int              // for words
	bytes int              // of the words in fresh
}

// freshBytes is what the new words of a lexicon may take beside those of a batch.
const freshBytes = 1 << 20

// newLexicon makes room, behind the saved vectors, for so many new words.
func newLexicon(ctx context.Context, saved *saved, c configs.Config, room int, report func(Event)) (*lexicon, error) {
	rows, err := readVectors(filepath.Join(saved.dir, WeightsFile), saved.vocabulary.Len())
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", saved.dir, err)
	}
	saved.vectors = rows
	w := &lexicon{known: saved.vocabulary}
	if c.Vectors.Kind != "file" {
		return w, nil
	}
	w.table, err = openVectors(ctx, c.Vectors, report)
	if errors.Is(err, fs.ErrNotExist) {
		report(Note{Text: fmt.Sprintf("%s is not there: words that were not seen in training are read as unknown", c.Vectors.Path)})
		return w, nil
	}
	if err != nil {
		return nil, err
	}
	if got := w.table.Dimension(); got != rows.Dimension {
		w.close()
		return nil, saved.otherVectors(c, got)
	}
	w.policy = vectors.Policy{Unknown: c.Vectors.Unknown, Aliases: c.Vectors.Aliases, Seed: c.Train.Seed}
	w.fresh, w.room = map[string]int64{}, room
	saved.vectors.Values = append(rows.Values, make([]float32, room*rows.Dimension)...)
	return w, nil
}

func (w *lexicon) close() {
	if w.table != nil {
		w.table.Close()
	}
}

// number returns the rows of the words of sentences.
func (w *lexicon) number(sentences [][]string) ([][]int64, error) {
	words := 0
	for _, sentence := range sentences {
		words += len(sentence)
	}
	if len(w.fresh)+words > w.room || w.bytes > freshBytes {
		clear(w.fresh)
		w.bytes = 0
	}
	first := int64(w.known.Len() + len(w.fresh))
	// The two that every vocabulary begins with come first.
	added := []string{data.PaddingWord, data.UnknownWord}
	ids := make([][]int64, len(sentences))
	for row, sentence := range sentences {
		ids[row] = make([]int64, len(sentence))
		for k, word := range sentence {
			id, fresh := w.id(word)
			if fresh {
				added = append(added, word)
			}
			ids[row][k] = id
		}
	}
	if len(added) == 2 {
		return ids, nil
	}
	rows, _, err := w.table.Matrix(added, w.policy)
	if err != nil {
		return nil, err
	}
	return ids, w.embedding.SetRows(first, rows[2*w.table.Dimension():])
}

// id returns the row of a word, and whether it has just been given it.
func (w *lexicon) id(word string) (id int64, fresh bool) {
	id = w.known.ID(word)
	if id != data.UnknownID || w.table == nil || word == data.PaddingWord || word == data.UnknownWord {
		return id, false
	}
	if id, known := w.fresh[word]; known {
		return id, false
	}
	id = int64(w.known.Len() + len(w.fresh))
	word = strings.Clone(word) // of a sentence that may go
	w.fresh[word] = id
	w.bytes += len(word)
	return id, true
}
