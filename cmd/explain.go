package cmd

import (
	"context"
	"fmt"
	"os"
	"strings"

	"absa/data"
	"absa/internal/report"
	"absa/trainer"
)

// why is what the opinions of a sentence rest on; the zero value where that was
// not asked.
type why struct {
	words   []data.Word
	weights []trainer.Weights // of each aspect
}

// explain asks for the reasons of predictions; a sentence without one has none.
func explain(ctx context.Context, model *trainer.Predictor, sentences []data.Sentence, predictions []trainer.Prediction) ([]why, error) {
	reasons := make([]why, len(sentences))
	var words [][]string
	var polarities [][]int
	var at []int
	for i, p := range predictions {
		if p == nil {
			continue
		}
		reasons[i].words = model.Words(sentences[i].Text)
		tokens, chosen := make([]string, len(reasons[i].words)), make([]int, len(p))
		for k, w := range reasons[i].words {
			tokens[k] = w.Token
		}
		for a, o := range p {
			chosen[a] = o.Polarity
		}
		words, polarities, at = append(words, tokens), append(polarities, chosen), append(at, i)
	}
	explained, err := model.Explain(ctx, words, polarities)
	if err != nil {
		return nil, err
	}
	for k, i := range at {
		reasons[i].weights = explained[k]
	}
	return reasons, nil
}

// text is a line by attention and one by gradient: the sentence with its words
// coloured, or the weightiest words with their numbers.
func (y why) text(sentence string, w trainer.Weights, coloured bool) string {
	attention := "the model weighs no words"
	if w.Attention != nil {
		attention = y.line(sentence, w.Attention, false, coloured)
	}
	return fmt.Sprintf("    attention  %s\n    gradient   %s\n", attention, y.line(sentence, w.Gradient, true, coloured))
}

func (y why) line(sentence string, weights []float32, signed, coloured bool) string {
	tokens := make([]string, len(y.words))
	for i, w := range y.words {
		tokens[i] = shortened(w.Token)
	}
	if !coloured {
		return report.Weightiest(tokens, weights, signed)
	}
	levels := report.Levels(weights)
	var b strings.Builder
	at := 0
	for i, w := range y.words {
		b.WriteString(sentence[at:w.Start])
		b.WriteString(shade(shortened(sentence[w.Start:w.End]), levels[i], signed))
		at = w.End
	}
	b.WriteString(shortened(sentence[at:]))
	return b.String()
}

// Backgrounds of the 256-colour palette, light to strong. Letters on them are
// black, which has a contrast of 6 and more on each, whatever the terminal's own
// colours are.
var (
	attentionShades = [report.MostLevel]int{230, 229, 222, 214} // yellow to orange
	forShades       = [report.MostLevel]int{194, 157, 120, 77}  // green
	againstShades   = [report.MostLevel]int{224, 217, 210, 203} // red
)

// shade colours a word by its level, below 0 against. What speaks against is
// underlined too, for eyes that do not tell the colours apart.
func shade(word string, level int, signed bool) string {
	colour, more := 0, ""
	switch {
	case level == 0 || word == "":
		return word
	case level < 0:
		colour, more = againstShades[-level-1], ";4"
	case signed:
		colour = forShades[level-1]
	default:
		colour = attentionShades[level-1]
	}
	return fmt.Sprintf("\x1b[38;5;16;48;5;%d%sm%s\x1b[0m", colour, more, word)
}

// colours says whether the user wants them (https://no-color.org).
func colours() bool { return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" }
