package data

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"

	"absa/configs"
)

// Synthetic is a corpus that is made up, to try what a corpus of its size takes.
// Its words are drawn by Zipf's law, from tens of thousands, and its labels by
// words of its own for each aspect and polarity, which a model can learn.
type Synthetic struct {
	Sentences int
	Seed      int64
	Lines     bool         // JSON lines instead of SemEval-2014 XML
	Data      configs.Data // aspects and polarities
}

const (
	syntheticKinds = 30000 // words besides the function words
	aspectCues     = 15    // words for each aspect
	polarityCues   = 40    // and for each polarity
	mislabelled    = 0.05  // share of labels that the words contradict
)

// Write writes the corpus: the same bytes for the same fields. progress, if not
// nil, is told how many sentences are done.
func (c Synthetic) Write(ctx context.Context, w io.Writer, progress func(done int)) error {
	schema, err := newSchema(c.Data.Aspects, c.Data.Polarities)
	if err != nil {
		return err
	}
	if c.Sentences < 1 {
		return errors.New("generate: no sentences are wanted, want at least 1")
	}
	g := newGenerator(schema, c)
	out := bufio.NewWriterSize(w, 1<<20)
	if !c.Lines {
		out.WriteString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<sentences>\n")
	}
	for i := range c.Sentences {
		g.sentence()
		g.write(out, i+1)
		if (i+1)%10000 == 0 {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if progress != nil {
				progress(i + 1)
			}
		}
	}
	if !c.Lines {
		out.WriteString("</sentences>\n")
	}
	return out.Flush()
}

// generator makes one sentence after the other.
type generator struct {
	lines      bool
	rng        *rand.Rand
	zipf       *rand.Zipf
	words      []string // by frequency
	rare       []string // what is neither a word nor a mark
	aspects    [][]string
	polarities [][]string
	names      [2][]string // aspects and polarities, quoted

	text   []byte
	labels []int // per aspect
}

func newGenerator(schema Schema, c Synthetic) *generator {
	g := &generator{lines: c.Lines, rng: rand.New(rand.NewPCG(uint64(c.Seed), uint64(syntheticKinds)))}
	for _, word := range stopWords() {
		if !strings.Contains(word, "'") {
			g.words = append(g.words, word)
		}
	}
	for i := range syntheticKinds {
		g.words = append(g.words, madeUp(i))
	}
	g.zipf = rand.NewZipf(g.rng, 1.1, 3, uint64(len(g.words)-1))
	g.rare = []string{"don't", "isn't", "it's", "&", "$20", "4.50", "7:30", "well-kept", "café"}
	next := syntheticKinds
	cues := func(n int) (list []string) {
		for range n {
			list = append(list, madeUp(next))
			next++
		}
		return list
	}
	for _, name := range schema.Aspects {
		g.aspects = append(g.aspects, cues(aspectCues))
		g.names[0] = append(g.names[0], g.quoted(name))
	}
	for _, name := range schema.Polarities {
		g.polarities = append(g.polarities, cues(polarityCues))
		g.names[1] = append(g.names[1], g.quoted(name))
	}
	g.labels = make([]int, len(schema.Aspects))
	return g
}

// madeUp is made-up word number i: two syllables or more, each number another.
func madeUp(i int) string {
	const consonants, vowels = "bdfgklmnprstvz", "aeiou"
	var word []byte
	for n := 0; n < 2 || i > 0; n++ {
		s := i % (len(consonants) * len(vowels))
		i /= len(consonants) * len(vowels)
		word = append(word, consonants[s/len(vowels)], vowels[s%len(vowels)])
	}
	return string(word) + "n"
}

// quoted is a value in quotes, for an attribute of XML or for JSON.
func (g *generator) quoted(s string) string {
	if g.lines {
		text, err := json.Marshal(s)
		if err != nil { // a string has no reason to fail
			return `""`
		}
		return string(text)
	}
	return `"` + strings.NewReplacer("&", "&amp;", "<", "&lt;", `"`, "&quot;").Replace(s) + `"`
}

// sentence makes text and labels.
func (g *generator) sentence() {
	for a := range g.labels {
		g.labels[a] = Absent
	}
	length := 4 + int(5*(g.rng.ExpFloat64()+g.rng.ExpFloat64()))
	g.text = g.text[:0]
	wanted := min(g.aspectsOfASentence(), len(g.aspects))
	for n := 0; n < length || wanted > 0; n++ {
		if wanted > 0 && g.rng.IntN(max(1, (length-n)/2)) < wanted {
			g.opinion()
			wanted--
			n++
			continue
		}
		word := g.words[g.zipf.Uint64()]
		if g.rng.IntN(40) == 0 {
			word = g.rare[g.rng.IntN(len(g.rare))]
		}
		g.append(word)
		if n < length-1 && g.rng.IntN(12) == 0 {
			g.text = append(g.text, ',')
		}
	}
	g.text = append(g.text, ".!?"[g.rng.IntN(10)/8])
	if 'a' <= g.text[0] && g.text[0] <= 'z' {
		g.text[0] -= 'a' - 'A'
	}
}

// aspectsOfASentence is mostly one, as in SemEval-2014.
func (g *generator) aspectsOfASentence() int {
	switch p := g.rng.IntN(100); {
	case p < 8:
		return 0
	case p < 72:
		return 1
	case p < 94:
		return 2
	}
	return 3
}

// opinion writes a word of an aspect and one of a polarity, and labels them.
func (g *generator) opinion() {
	a := g.rng.IntN(len(g.aspects))
	for g.labels[a] != Absent {
		a = (a + 1) % len(g.aspects)
	}
	p := int(float64(len(g.polarities)) * math.Pow(g.rng.Float64(), 1.7)) // the first ones most
	g.append(g.aspects[a][g.rng.IntN(aspectCues)])
	g.append(g.polarities[p][g.rng.IntN(polarityCues)])
	if g.rng.Float64() < mislabelled {
		p = g.rng.IntN(len(g.polarities))
	}
	g.labels[a] = p
}

func (g *generator) append(word string) {
	if len(g.text) > 0 {
		g.text = append(g.text, ' ')
	}
	if word == "&" && !g.lines {
		word = "&amp;"
	}
	g.text = append(g.text, word...)
}

// write writes the sentence under its number.
func (g *generator) write(w *bufio.Writer, number int) {
	var digits [20]byte
	id := strconv.AppendInt(digits[:0], int64(number), 10)
	if g.lines {
		w.WriteString(`{"id": "`)
		w.Write(id)
		w.WriteString(`", "text": "`)
		w.Write(g.text) // it has nothing to escape
		w.WriteString(`", "labels": {`)
		separator := ""
		for a, p := range g.labels {
			if p != Absent {
				w.WriteString(separator + g.names[0][a] + ": " + g.names[1][p])
				separator = ", "
			}
		}
		w.WriteString("}}\n")
		return
	}
	w.WriteString("  <sentence id=\"")
	w.Write(id)
	w.WriteString("\">\n    <text>")
	w.Write(g.text)
	w.WriteString("</text>\n")
	open := false
	for a, p := range g.labels {
		if p == Absent {
			continue
		}
		if !open {
			w.WriteString("    <aspectCategories>\n")
			open = true
		}
		w.WriteString("      <aspectCategory category=" + g.names[0][a] + " polarity=" + g.names[1][p] + "/>\n")
	}
	if open {
		w.WriteString("    </aspectCategories>\n")
	}
	w.WriteString("  </sentence>\n")
}
