package configs

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// expansion makes the rows of a study of those of its file.
type expansion struct {
	dir   string
	file  studyFile
	study *Study
	group string
}

func (x *expansion) add(f *studyFileRow) error {
	row := StudyRow{Name: f.Name, Title: f.Title, Kind: f.Kind, Config: f.Config, Reference: f.From}
	if isPath(row.Config) && !filepath.IsAbs(row.Config) {
		row.Config = filepath.Join(x.dir, row.Config)
	}
	if row.Kind == "" {
		row.Kind = RowTrained
	}
	if f.Group != "" {
		x.group = f.Group
	}
	row.Group = x.group
	if f.Against != "" {
		row.Reference = f.Against
	}
	switch kinds := []string{RowTrained, RowSingleTask, RowEnsemble, RowMajority}; {
	case !runName.MatchString(f.Name):
		return fmt.Errorf("row %q: a name has letters, digits, and . _ - after the first", f.Name)
	case x.study.Row(f.Name) != nil:
		return fmt.Errorf("row %s: stands twice", f.Name)
	case f.Title == "":
		return fmt.Errorf("row %s: title is missing", f.Name)
	case !slices.Contains(kinds, row.Kind):
		return fmt.Errorf("row %s: kind %q is none of %s", f.Name, row.Kind, strings.Join(kinds, ", "))
	case row.Kind != RowEnsemble && len(f.Of) > 0:
		return fmt.Errorf("row %s: of: only an ensemble is of rows; add kind: ensemble", f.Name)
	case row.Kind == RowEnsemble && (f.Config != "" || len(f.Set) > 0 || len(f.Variants) > 0):
		return fmt.Errorf("row %s: an ensemble takes models as they are: config, set and variants are for the rows that it is of", f.Name)
	case row.Kind == RowEnsemble && (f.From == "") == (len(f.Of) == 0):
		return fmt.Errorf("row %s: give from, the row whose seeds are an ensemble, or of, a list of rows, for one of each seed", f.Name)
	case row.Kind != RowMajority && row.Kind != RowEnsemble && (f.Config == "") == (f.From == ""):
		return fmt.Errorf("row %s: give config, where its recipe begins, or from, a row above", f.Name)
	}
	begin := slices.Clone([]string(x.file.Set))
	if f.From != "" {
		from := x.study.Row(f.From)
		if from == nil {
			return fmt.Errorf("row %s: from: there is no row %q above", f.Name, f.From)
		}
		if from.Kind == RowMajority || from.Config == "" && row.Kind != RowEnsemble {
			return fmt.Errorf("row %s: from: row %s has no recipe", f.Name, f.From)
		}
		row.Config, begin = from.Config, slices.Clone(from.Set)
	}
	for i, name := range f.Of {
		switch of := x.study.Row(name); {
		case of == nil:
			return fmt.Errorf("row %s: of: there is no row %q above", f.Name, name)
		case of.Kind == RowMajority || of.Kind == RowEnsemble && !of.EachSeed:
			return fmt.Errorf("row %s: of: row %s has no model of each seed", f.Name, name)
		case slices.Contains(f.Of[:i], name):
			return fmt.Errorf("row %s: of: %s stands twice, and would count twice in the mean", f.Name, name)
		}
		begin = nil
	}
	if row.Reference != "" && x.study.Row(row.Reference) == nil {
		return fmt.Errorf("row %s: against: there is no row %q above", f.Name, row.Reference)
	}
	if row.Kind == RowEnsemble {
		row.Of, row.EachSeed = f.Of, len(f.Of) > 0
		if !row.EachSeed {
			row.Of = []string{f.From}
		}
	}
	row.Set = append(begin, f.Set...)
	x.study.Rows = append(x.study.Rows, row)
	for _, name := range f.Variants {
		if err := x.vary(row, name); err != nil {
			return fmt.Errorf("row %s: %w", f.Name, err)
		}
	}
	return nil
}

// vary adds a variant of a row. It is compared with the same variant of the row's
// reference, or with the row itself where that has none.
func (x *expansion) vary(row StudyRow, name string) error {
	at := slices.IndexFunc(x.file.Variants, func(v studyVariant) bool { return v.Name == name })
	if at < 0 {
		return fmt.Errorf("variants: there is none called %q", name)
	}
	v := x.file.Variants[at]
	varied := row
	varied.Name = row.Name + "-" + name
	varied.Title = row.Title + ", " + v.Title
	varied.Set = append(slices.Clone(row.Set), v.Set...)
	varied.Reference = row.Name
	if row.Reference != "" && x.study.Row(row.Reference+"-"+name) != nil {
		varied.Reference = row.Reference + "-" + name
	}
	if x.study.Row(varied.Name) != nil {
		return fmt.Errorf("variant %s: there is another row %s", name, varied.Name)
	}
	x.study.Rows = append(x.study.Rows, varied)
	return nil
}
