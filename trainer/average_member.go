package trainer

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"absa/configs"
	"absa/internal/checkpoint"
	"absa/internal/safetensors"
	"absa/models"
)

// member is a checkpoint whose weights go into an average. Its file stays open,
// so that a run under way may remove the checkpoint meanwhile.
type member struct {
	*saved
	manifest checkpoint.Manifest
	data     Fingerprint
	weights  *safetensors.File
}

// choose opens the checkpoints that are averaged, ascending by step. Damaged
// ones are passed over unless they were asked for by name.
func (o AverageOptions) choose(note func(string, ...any)) (members []*member, err error) {
	entries, err := checkpoint.List(o.Run)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			closeAll(members)
		}
	}()
	candidates, want, err := o.candidates(entries)
	if err != nil {
		return nil, err
	}
	for _, e := range candidates {
		if want > 0 && len(members) == want {
			break
		}
		m, err := openMember(e)
		var damaged *checkpoint.Damaged
		if errors.As(err, &damaged) && o.Steps == nil {
			note("passed over a damaged checkpoint: %v", err)
			continue
		}
		if err != nil {
			return members, err
		}
		members = append(members, m)
	}
	slices.SortFunc(members, func(a, b *member) int { return cmp.Compare(a.manifest.Step, b.manifest.Step) })
	switch n := len(members); {
	case n == 0 && want == 0:
		return members, fmt.Errorf("average %s: %w", o.Run, checkpoint.ErrNone)
	case n < want && o.Best > 0:
		return members, fmt.Errorf("average %s: --best %d, but it has %d complete checkpoints with a validation (steps: %s)", o.Run, want, n, cmp.Or(stepsOf(members), "none"))
	case n < want:
		return members, fmt.Errorf("average %s: --last %d, but it has %d complete checkpoints (steps: %s); checkpoint.keep_last and keep_best say how many a run keeps", o.Run, want, n, cmp.Or(stepsOf(members), "none"))
	}
	for _, m := range members[1:] {
		if err := alike(members[0], m); err != nil {
			return members, fmt.Errorf("average %s and %s: %w", members[0].dir, m.dir, err)
		}
	}
	return members, nil
}

// candidates lists what may be averaged, the first choice first, and how many of
// them are wanted; 0 is all.
func (o AverageOptions) candidates(entries []checkpoint.Entry) (list []checkpoint.Entry, want int, err error) {
	newestFirst := slices.Clone(entries)
	slices.Reverse(newestFirst)
	switch {
	case o.Best > 0:
		return Ranked(entries), o.Best, nil
	case o.Steps == nil:
		return newestFirst, max(0, o.Last), nil
	}
	for _, step := range o.Steps {
		at := slices.IndexFunc(entries, func(e checkpoint.Entry) bool { return e.Step == step })
		if at < 0 {
			var have []string
			for _, e := range entries {
				have = append(have, fmt.Sprint(e.Step))
			}
			return nil, 0, fmt.Errorf("average %s: there is no checkpoint of step %d (there are: %s)", o.Run, step, cmp.Or(strings.Join(have, " "), "none"))
		}
		if slices.ContainsFunc(list, func(e checkpoint.Entry) bool { return e.Step == step }) {
			return nil, 0, fmt.Errorf("average %s: step %d stands twice", o.Run, step)
		}
		list = append(list, entries[at])
	}
	return list, 0, nil
}

func openMember(e checkpoint.Entry) (*member, error) {
	if e.Err != nil {
		return nil, e.Err
	}
	s, err := open(e.Dir, silent)
	if err != nil {
		return nil, err
	}
	m := &member{saved: s, manifest: e.Checkpoint.Manifest}
	state, err := ReadState(e.Checkpoint)
	if err != nil {
		return nil, err
	}
	m.data = state.Data
	m.weights, err = safetensors.Open(e.Checkpoint.Path(WeightsFile))
	return m, err
}

// files returns what describes the network, as the checkpoint has it.
func (m *member) files() ([]file, error) {
	var list []file
	for _, name := range []string{ConfigFile, LabelsFile, VocabFile} {
		c := checkpoint.Checkpoint{Dir: m.dir}
		text, err := os.ReadFile(c.Path(name))
		if err != nil {
			return nil, err
		}
		list = append(list, file{name: name, text: text})
	}
	return list, nil
}

// embedding returns the rows of the words.
func (m *member) embedding() (models.Vectors, error) {
	rows, err := m.weights.Tensor(embeddingName)
	if err != nil {
		return models.Vectors{}, err
	}
	if len(rows.Shape) != 2 || rows.Shape[0] != int64(m.vocabulary.Len()) {
		return models.Vectors{}, fmt.Errorf("%s: %s is %v, want a row for each of the %d words of %s", m.dir, embeddingName, rows.Shape, m.vocabulary.Len(), VocabFile)
	}
	values, err := rows.Float32()
	return models.Vectors{Values: values, Dimension: int(rows.Shape[1])}, err
}

// tensors reads all weights.
func (m *member) tensors() ([]safetensors.Tensor, error) {
	var list []safetensors.Tensor
	for _, name := range m.weights.Names() {
		x, err := m.weights.Tensor(name)
		if err != nil {
			return nil, err
		}
		list = append(list, x)
	}
	return list, nil
}

// alike refuses checkpoints whose mean would mean nothing, as may be when a
// folder was copied from another run.
func alike(a, b *member) error {
	if x, y := a.labels, b.labels; !slices.Equal(x.Aspects, y.Aspects) || !slices.Equal(x.Polarities, y.Polarities) || x.AbsentClass != y.AbsentClass {
		return fmt.Errorf("they are of different runs: the aspects and polarities are %q %q and %q %q", x.Aspects, x.Polarities, y.Aspects, y.Polarities)
	}
	if !slices.Equal(a.vocabulary.Words(), b.vocabulary.Words()) {
		return fmt.Errorf("they are of different runs: the vocabularies, of %d and %d words, differ", a.vocabulary.Len(), b.vocabulary.Len())
	}
	for _, d := range configs.Differences(a.config, b.config) {
		if strings.HasPrefix(d.Key, "model.") || strings.HasPrefix(d.Key, "text.") {
			return fmt.Errorf("they are of different runs: %s is %s and %s", d.Key, d.A, d.B)
		}
	}
	names := a.weights.Names()
	if other := b.weights.Names(); len(names) != len(other) {
		return fmt.Errorf("they have %d and %d tensors", len(names), len(other))
	}
	for _, name := range names {
		_, want, err := a.weights.Shape(name)
		if err != nil {
			return err
		}
		_, got, err := b.weights.Shape(name)
		if err != nil {
			return err
		}
		if !slices.Equal(got, want) {
			return fmt.Errorf("tensor %q has the shapes %v and %v", name, want, got)
		}
	}
	return nil
}
