package data

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestStopWordsOfTheExample holds that a model loaded into PyTorch drops the
// words that it was trained without.
func TestStopWordsOfTheExample(t *testing.T) {
	text, err := os.ReadFile("../examples/pytorch/stopwords.txt")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Join(stopWords(), "\n")+"\n", string(text)); diff != "" {
		t.Errorf("examples/pytorch/stopwords.txt is not the list of stopwords.go (-want +got):\n%s", diff)
	}
}
