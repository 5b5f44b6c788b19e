package data

import (
	"fmt"

	"absa/configs"
)

// Tokenizer cuts a sentence into at most text.max_tokens words, none of them
// empty or with white space in it. A sentence may have none.
type Tokenizer func(text string) []string

// NewTokenizer returns the tokenizer that cfg.Cleaning names: article or none.
// It may be called from several goroutines.
func NewTokenizer(cfg configs.Text) (Tokenizer, error) {
	if cfg.MaxTokens < 1 {
		return nil, fmt.Errorf("text.max_tokens: %d, want at least 1", cfg.MaxTokens)
	}
	switch cfg.Cleaning {
	case "article":
		return articleTokenizer(cfg.MaxTokens), nil
	case "none":
		return fullTokenizer(cfg.MaxTokens)
	}
	return nil, fmt.Errorf("text.cleaning: %q is neither article nor none", cfg.Cleaning)
}
