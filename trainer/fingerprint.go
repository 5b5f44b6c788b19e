package trainer

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash"

	"absa/data"
)

// Fingerprint tells whether the data of a resumed run is what it was: the
// beginning of a SHA-256 over what was read, so that a file may move or change
// its spacing.
type Fingerprint struct {
	Train string `json:"train"` // sentences and labels of the training corpus
	Test  string `json:"test"`  // and of the test corpus
	Split string `json:"split"` // which sentences are trained on, in their order
}

func fingerprint(feed func(*json.Encoder) error) (string, error) {
	var h hash.Hash = sha256.New()
	if err := feed(json.NewEncoder(h)); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil))[:16], nil
}

// fingerprintReviews covers ids, texts and labels in their order.
func fingerprintReviews(reviews []data.Review) (string, error) {
	return fingerprint(func(e *json.Encoder) error {
		for _, r := range reviews {
			if err := e.Encode([]any{r.ID, r.Text, r.Labels}); err != nil {
				return err
			}
		}
		return nil
	})
}

// fingerprintSplit covers the ids of both sides.
func fingerprintSplit(train, valid []data.Example) (string, error) {
	return fingerprint(func(e *json.Encoder) error { return e.Encode(split{ids(train), ids(valid)}) })
}
