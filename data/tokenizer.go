package data

import (
	"errors"
	"fmt"
	"strings"

	"absa/configs"
)

// Tokenizer cuts a sentence into at most text.max_tokens words, none of them
// empty or with white space in it. A sentence may have none.
type Tokenizer func(text string) []string

// NewTokenizer returns the tokenizer of a configuration. It may be called from several goroutines.
func NewTokenizer(cfg configs.Text) (Tokenizer, error) {
	cut, err := newCutter(cfg)
	if err != nil {
		return nil, err
	}
	return func(text string) []string {
		var tokens []string
		for field := range strings.FieldsSeq(text) {
			if tokens = cut(tokens, field); len(tokens) >= cfg.MaxTokens {
				return tokens[:cfg.MaxTokens]
			}
		}
		return tokens
	}, nil
}

// cutter appends the tokens of a field, a piece of a text without white space
// in it. What a field becomes depends on nothing around it, so it can be
// remembered.
type cutter func(tokens []string, field string) []string

func newCutter(cfg configs.Text) (cutter, error) {
	if cfg.MaxTokens < 1 {
		return nil, fmt.Errorf("text.max_tokens: %d, want at least 1", cfg.MaxTokens)
	}
	switch cfg.Cleaning {
	case "article":
		return articleCutter(cfg), nil
	case "none":
		if cfg.Tokenizer == "spacy" {
			return nil, errors.New("text.tokenizer: spacy cuts the words that text.cleaning=article leaves, not those of none")
		}
		return fullCutter(cfg.MaxTokens)
	}
	return nil, fmt.Errorf("text.cleaning: %q is neither article nor none", cfg.Cleaning)
}
