package cmd

import (
	"bufio"
	"strings"
	"testing"

	"absa/data"
	"absa/models"
	"absa/trainer"
)

// An aspect that the model has a class of its own for as absent has no label in a
// corpus; a sentence of which nothing else is said has none at all.
func TestAbsentIsNoLabel(t *testing.T) {
	model := &trainer.Predictor{Labels: models.Labels{Aspects: []string{"food", "service"}, Polarities: []string{"good", "bad"}}}
	absent := trainer.Opinion{Polarity: data.Absent, Probabilities: []float32{0.25, 0.125}}
	good := trainer.Opinion{Polarity: 0, Probabilities: []float32{0.75, 0.125}}
	for output, want := range map[string]string{
		"csv": "id,text,aspect,polarity,good,bad,calibrated\n1,a,service,good,0.75,0.125,false\n2,b,,,,,false\n",
		"semeval": `<?xml version="1.0" encoding="UTF-8"?>
<sentences>
  <sentence id="1">
    <text>a</text>
    <aspectCategories>
      <aspectCategory category="service" polarity="good"/>
    </aspectCategories>
  </sentence>
  <sentence id="2">
    <text>b</text>
    <aspectCategories>
    </aspectCategories>
  </sentence>
</sentences>
`,
		"table": "  food     absent",
	} {
		t.Run(output, func(t *testing.T) {
			var b strings.Builder
			w := bufio.NewWriter(&b)
			a := newAnswers(output, w, listing{model: model, all: true}, false)
			if err := a.begin(); err != nil {
				t.Fatal(err)
			}
			for _, s := range []struct {
				sentence data.Sentence
				says     trainer.Prediction
			}{{data.Sentence{ID: "1", Text: "a"}, trainer.Prediction{absent, good}}, {data.Sentence{ID: "2", Text: "b"}, trainer.Prediction{absent, absent}}} {
				if err := a.sentence(s.sentence, s.says, why{}); err != nil {
					t.Fatal(err)
				}
			}
			if err := a.end(); err != nil {
				t.Fatal(err)
			}
			w.Flush()
			if got := b.String(); got != want && !(output == "table" && strings.Contains(got, want)) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}
