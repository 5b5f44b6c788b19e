package trainer

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

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
	room  int
}

// newLexicon makes room, behind the saved vectors, for so many new words.
func newLexicon(saved *saved, c configs.Config, room int, report func(Event)) (*lexicon, error) {
	rows, err := readVectors(filepath.Join(saved.dir, WeightsFile), saved.vocabulary.Len())
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", saved.dir, err)
	}
	saved.vectors = rows
	w := &lexicon{known: saved.vocabulary}
	if c.Vectors.Kind != "file" {
		return w, nil
	}
	w.table, err = openVectors(c.Vectors, report)
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

// number returns the row of each word of the sentences at some positions.
func (w *lexicon) number(sentences [][]string, at []int) ([][]int64, error) {
	words := 0
	for _, i := range at {
		words += len(sentences[i])
	}
	if w.table != nil && len(w.fresh)+words > w.room {
		clear(w.fresh)
	}
	// The two that every vocabulary begins with come first.
	added := []string{data.PaddingWord, data.UnknownWord}
	first := int64(w.known.Len() + len(w.fresh))
	numbered := make([][]int64, len(at))
	for row, i := range at {
		ids := make([]int64, len(sentences[i]))
		numbered[row] = ids
		for k, word := range sentences[i] {
			ids[k] = w.known.ID(word)
			if ids[k] != data.UnknownID || w.table == nil || word == data.PaddingWord || word == data.UnknownWord {
				continue
			}
			id, ok := w.fresh[word]
			if !ok {
				id = int64(w.known.Len() + len(w.fresh))
				w.fresh[word] = id
				added = append(added, word)
			}
			ids[k] = id
		}
	}
	if len(added) == 2 {
		return numbered, nil
	}
	rows, _, err := w.table.Matrix(added, w.policy)
	if err != nil {
		return nil, err
	}
	return numbered, w.embedding.SetRows(first, rows[2*w.table.Dimension():])
}
