package data

// Example is a review as the model sees it.
type Example struct {
	ID     string
	Tokens []int64 // ids of a vocabulary, at least one
	Labels []int   // per aspect: an index into the schema's polarities, or Absent
}

// Examples tokenizes and numbers the reviews, in their order. Reviews that
// have no token left are left out; empty has their ids.
func Examples(reviews []Review, tokenize Tokenizer, vocabulary *Vocabulary) (examples []Example, empty []string) {
	for _, r := range reviews {
		tokens := tokenize(r.Text)
		if len(tokens) == 0 {
			empty = append(empty, r.ID)
			continue
		}
		examples = append(examples, Example{ID: r.ID, Tokens: vocabulary.IDs(tokens), Labels: r.Labels})
	}
	return examples, empty
}
