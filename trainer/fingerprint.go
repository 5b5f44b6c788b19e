package trainer

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Fingerprint tells whether the data of a resumed run is what it was: the
// beginning of a SHA-256 over what was read, so that a file may move or change
// its spacing.
type Fingerprint struct {
	Train string `json:"train"` // sentences and labels of the training corpus
	Test  string `json:"test"`  // and of the test corpus
	Split string `json:"split"` // which sentences are trained on, in their order

	Auxiliary string `json:"auxiliary,omitempty"` // those of the auxiliary corpora, as Train, and what heads of their own answer
}

// fingerprint covers the names of labels where they come from the corpus, which has
// numbers for them.
func (a *Auxiliary) fingerprint() string {
	corpus := a.from.set.Fingerprint()
	if a.Config.Heads != "own" {
		return corpus
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %q %q", corpus, a.Labels.Aspects, a.Labels.Polarities))
	return hex.EncodeToString(sum[:])[:16]
}

// fingerprintSplit covers the ids of both sides.
func fingerprintSplit(s split) (string, error) {
	h := sha256.New()
	if err := s.write(h, false); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil))[:16], nil
}

// noCorpus is the fingerprint of no corpus.
func noCorpus() string {
	sum := sha256.Sum256(nil)
	return hex.EncodeToString(sum[:])[:16]
}
