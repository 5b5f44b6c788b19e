package runs

import (
	"encoding/csv"
	"io"
	"strconv"

	"absa/internal/metrics"
)

// columns are the head of metrics.csv: the fields of metrics.jsonl.
var columns = []string{
	"epoch", "train_loss", "train_accuracy", "valid_loss", "valid_accuracy", "valid_macro_f1",
	"learning_rate", "seconds", "sentences", "steps",
}

// WriteTable writes epochs as CSV, with the figures of metrics.jsonl to the last
// digit. What is null there is an empty field.
func WriteTable(w io.Writer, epochs []Epoch) error {
	c := csv.NewWriter(w)
	if err := c.Write(columns); err != nil {
		return err
	}
	for _, e := range epochs {
		err := c.Write([]string{
			strconv.Itoa(e.Epoch), number(&e.TrainLoss), score(&e.TrainAccuracy),
			number(e.ValidLoss), score(e.ValidAccuracy), score(e.ValidMacroF1),
			number(&e.LearningRate), number(&e.Seconds), strconv.Itoa(e.Sentences), strconv.Itoa(e.Steps),
		})
		if err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

func number(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'g', -1, 64)
}

func score(s *metrics.Score) string {
	if s == nil || !s.Defined() {
		return ""
	}
	return number((*float64)(s))
}
