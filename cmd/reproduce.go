package cmd

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"absa/configs"
	"absa/internal/atomicfile"
	"absa/internal/report"
	"absa/internal/study"
)

// Files of a study's folder.
const (
	studyTable   = "study.md"
	studyFigures = "study.json"
	studyPage    = "study.html"
)

// reproduce is a call of the command.
type reproduce struct {
	name   string
	out    string
	seeds  int
	jobs   int
	only   []string
	set    []string
	keep   bool
	list   bool
	asJSON bool
	quiet  bool

	study   *configs.Study
	runner  *study.Runner
	files   study.Files
	threads int // most of a training
}

func newReproduceCmd() *cobra.Command {
	r := reproduce{}
	c := &cobra.Command{
		Use:   "reproduce --study NAME",
		Short: "Train every recipe of a study over several seeds and compare them",
		Long: `Reproduce trains each row of a study once for every seed and tells what the rows
come to: accuracy, macro-F1, accuracy by aspect and F1 by polarity as mean ± standard
deviation, the difference of each row to its reference with a 95 % interval, and an
answer to each claim that the study is about.

A study is a list of recipes, each stated by what it changes of another one. The
program brings two: article, about the article that it began with, and more-data, about
what other corpora and ensembles add; --list shows the rows. --study FILE.yaml reads one
of your own.

Trainings run in processes of one thread each (train.threads if it is not 0), as many at
a time as --jobs says. What is done is kept in --out and not trained again, so an
interrupted study goes on where it was: Ctrl-C stops the trainings in good order, and the
same command resumes them in the middle of an epoch. Rows and seeds may be added. What was
trained with other settings, or on other corpora or vectors, is refused. --only trains
some rows, and those that they are compared with or made of.

Settings come from the study and --set alone: the environment (ABSA_...) has no say.

--out gets study.md, study.json and study.html, a page that needs nothing else. Run
folders are removed when what the study needs of them is kept, unless --keep-runs.`,
		Example: `  absa fetch semeval2014 glove-100d
  absa reproduce --study article
  absa reproduce --study article --list
  absa reproduce --study article --only restaurants --seeds 3
  absa fetch semeval2016 mams-acsa && absa reproduce --study more-data
  absa reproduce --study mine.yaml --out checkpoints/mine --jobs 4`,
		Args: arguments(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := r.prepare(); err != nil {
				return err
			}
			if r.list {
				return r.printRows(c.OutOrStdout())
			}
			return r.run(c)
		},
	}
	f := c.Flags()
	f.StringVar(&r.name, "study", "article", "`name` of a study that comes with the program, or a YAML file")
	f.StringVarP(&r.out, "out", "o", "", "`folder` of the study (default checkpoints/study-NAME)")
	f.IntVar(&r.seeds, "seeds", 5, "`number` of seeds, from 1")
	f.IntVar(&r.jobs, "jobs", 0, "`number` of trainings at a time (default: the cores, by train.threads)")
	f.StringSliceVar(&r.only, "only", nil, "`rows` to train, by name")
	f.StringArrayVar(&r.set, "set", nil, "override a key in every row: `key=value`; may be repeated")
	f.BoolVar(&r.keep, "keep-runs", false, "leave the run folders, about 30 MB each")
	f.BoolVar(&r.list, "list", false, "list the rows and train nothing")
	f.BoolVar(&r.asJSON, "json", false, "print study.json on one line instead of the table")
	f.BoolVarP(&r.quiet, "quiet", "q", false, "no progress")
	// They fail only for a flag that is not there.
	_ = c.RegisterFlagCompletionFunc("study", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return configs.StudyNames(), cobra.ShellCompDirectiveDefault
	})
	_ = c.RegisterFlagCompletionFunc("set", completeKeys)
	return c
}

// prepare reads the study.
func (r *reproduce) prepare() (err error) {
	switch {
	case r.seeds < 1:
		return usageError{fmt.Errorf("--seeds %d: want at least 1", r.seeds)}
	case r.jobs < 0:
		return usageError{fmt.Errorf("--jobs %d: want at least 1", r.jobs)}
	}
	for _, set := range r.set {
		if key, _, _ := strings.Cut(set, "="); slices.Contains([]string{"train.seed", "data.split_seed"}, strings.TrimSpace(key)) {
			return usageError{fmt.Errorf("--set %s: each row is trained with seeds from 1; --seeds says with how many", set)}
		}
	}
	if r.study, err = configs.LoadStudy(r.name, r.set...); err != nil {
		return usageError{err}
	}
	if err := r.choose(); err != nil {
		return usageError{err}
	}
	if !slices.ContainsFunc(r.study.Rows, func(row configs.StudyRow) bool { return row.Kind != configs.RowMajority }) {
		return usageError{errors.New("nothing is trained: the majority class is counted where a row of another kind trains; choose one too")}
	}
	if r.out == "" {
		r.out = filepath.Join("checkpoints", "study-"+r.base())
	}
	return nil
}

// base is the name of the study without folder and ending.
func (r *reproduce) base() string {
	return strings.TrimSuffix(filepath.Base(r.name), filepath.Ext(r.name))
}

// choose leaves the rows that --only names, and those that they need.
func (r *reproduce) choose() error {
	if len(r.only) == 0 {
		return nil
	}
	need := map[string]bool{}
	for _, name := range r.only {
		if r.study.Row(name) == nil {
			return fmt.Errorf("--only %s: the study has no such row; absa reproduce --study %s --list shows them", name, r.name)
		}
		need[name] = true
	}
	rows := r.study.Rows
	for i := len(rows) - 1; i >= 0; i-- { // references stand above
		if row := rows[i]; need[row.Name] {
			for _, other := range append(slices.Clone(row.Of), row.Reference) {
				if other != "" {
					need[other] = true
				}
			}
		}
	}
	r.study.Rows = slices.DeleteFunc(rows, func(row configs.StudyRow) bool { return !need[row.Name] })
	for i := range r.study.Claims {
		c := &r.study.Claims[i]
		c.Compare = slices.DeleteFunc(c.Compare, func(p configs.StudyPair) bool { return !need[p.Row] || !need[p.Against] })
	}
	r.study.Claims = slices.DeleteFunc(r.study.Claims, func(c configs.StudyClaim) bool { return len(c.Compare) == 0 })
	return nil
}

// printRows lists the rows with their recipes.
func (r *reproduce) printRows(w io.Writer) error {
	var b strings.Builder
	group := ""
	for _, row := range r.study.Rows {
		if row.Group != group {
			group = row.Group
			fmt.Fprintf(&b, "%s\n", group)
		}
		fmt.Fprintf(&b, "  %-38s %s", row.Name, row.Title)
		if row.Reference != "" {
			fmt.Fprintf(&b, " (against %s)", row.Reference)
		}
		b.WriteString("\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *reproduce) run(c *cobra.Command) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	plan, err := r.plan()
	if err != nil {
		return err
	}
	unlock, err := r.take(newProgress(c.ErrOrStderr(), r.quiet).note)
	if err != nil {
		return err
	}
	defer unlock()
	show := newStudyProgress(c.ErrOrStderr(), r.quiet)
	r.runner = &study.Runner{
		Dir: r.out, Program: program, Jobs: cmp.Or(r.jobs, study.Jobs(runtime.GOMAXPROCS(0), r.threads)), KeepRun: r.keep, Report: show.event,
		Keep: func(_ study.Unit, run string) (any, error) { return study.ReadModel(run) },
	}
	var units []study.Unit
	for _, p := range plan {
		for _, of := range p.units {
			units = append(units, of...)
		}
	}
	err = r.runner.Run(c.Context(), units)
	show.close()
	if err != nil {
		var stale *study.Stale
		if errors.As(err, &stale) {
			return err
		}
		if c.Context().Err() != nil {
			return fmt.Errorf("interrupted: the same command goes on: %w", context.Cause(c.Context()))
		}
		return fmt.Errorf("some trainings failed; the same command tries them again:\n%w", err)
	}
	return r.finish(c.OutOrStdout(), plan)
}

// planned is a row with the trainings of each seed: one, or one for each aspect.
type planned struct {
	row   configs.StudyRow
	units [][]study.Unit
}

// plan lists what has to be trained. A seed decides initial weights, dropout,
// order and, where a recipe has a validation set, the split.
func (r *reproduce) plan() ([]planned, error) {
	r.files = study.Files{}
	var plan []planned
	for _, row := range r.study.Rows {
		p := planned{row: row}
		if row.Kind == configs.RowTrained || row.Kind == configs.RowSingleTask {
			for seed := 1; seed <= r.seeds; seed++ {
				units, err := r.units(row, seed)
				if err != nil {
					return nil, err
				}
				p.units = append(p.units, units)
			}
		}
		plan = append(plan, p)
	}
	return plan, nil
}

func (r *reproduce) units(row configs.StudyRow, seed int) ([]study.Unit, error) {
	resolved, err := row.Resolve()
	if err != nil {
		return nil, err
	}
	set := append(slices.Clone(row.Set), fmt.Sprintf("train.seed=%d", seed), fmt.Sprintf("data.split_seed=%d", seed))
	name := fmt.Sprintf("%s/seed-%d", row.Name, seed)
	if row.Kind == configs.RowTrained {
		u, err := r.unit(name, row.Config, set)
		return []study.Unit{u}, err
	}
	var units []study.Unit
	for i, aspect := range resolved.Data.Aspects {
		u, err := r.unit(fmt.Sprintf("%s/aspect-%d", name, i+1), row.Config, append(slices.Clone(set), fmt.Sprintf("data.learn=[%q]", aspect)))
		if err != nil {
			return nil, err
		}
		units = append(units, u)
	}
	return units, nil
}

// unit is the training of a configuration.
func (r *reproduce) unit(name, config string, set []string) (study.Unit, error) {
	resolved, err := configs.Load(configs.Source{Config: config, Set: set})
	if err != nil {
		return study.Unit{}, fmt.Errorf("%s: %w", name, err)
	}
	if resolved.Train.Threads == 0 { // not the machine's cores, which would decide on the last digits
		set, resolved.Train.Threads = append(set[:len(set):len(set)], "train.threads=1"), 1
	}
	r.threads = max(r.threads, resolved.Train.Threads)
	settings, err := r.files.Settings(resolved.Config)
	if err != nil {
		return study.Unit{}, err
	}
	u := study.Unit{Name: name, Settings: settings, Args: []string{"train", "--quiet", "--config", config}}
	for _, s := range set {
		u.Args = append(u.Args, "--set", s)
	}
	return u, nil
}

// finish reads what was kept, and writes and prints what it comes to.
func (r *reproduce) finish(w io.Writer, plan []planned) error {
	recipes, err := r.recipes(plan)
	if err != nil {
		return err
	}
	outcome, err := study.Summarize(r.study, recipes)
	if err != nil {
		return err
	}
	for _, file := range []struct { // the page last, as the most that can fail
		name  string
		write func(io.Writer) error
	}{
		{studyFigures, func(w io.Writer) error {
			e := json.NewEncoder(w)
			e.SetIndent("", "  ")
			return e.Encode(outcome)
		}},
		{studyTable, outcome.WriteMarkdown},
		{studyPage, func(w io.Writer) error { return report.WriteStudy(w, outcome) }},
	} {
		if err := atomicfile.Replace(filepath.Join(r.out, file.name), file.write); err != nil {
			return err
		}
	}
	if r.asJSON {
		return writeJSON(w, outcome)
	}
	_, err = fmt.Fprintf(w, "%s\n%s\n", outcome.Lines(), filepath.Join(r.out, studyPage))
	return err
}

func (r *reproduce) recipes(plan []planned) ([]study.Recipe, error) {
	var recipes []study.Recipe
	done := map[string][]study.Model{}
	var known *study.Model
	for _, p := range plan {
		for _, units := range p.units {
			m, err := r.model(units)
			if err != nil {
				return nil, fmt.Errorf("row %s: %w", p.row.Name, err)
			}
			if known == nil {
				known = &m
			}
			done[p.row.Name] = append(done[p.row.Name], m)
		}
	}
	for _, p := range plan {
		models := done[p.row.Name]
		switch p.row.Kind {
		case configs.RowEnsemble:
			var of [][]study.Model
			for _, name := range p.row.Of {
				of = append(of, done[name])
			}
			var err error
			if models, err = study.Ensembles(of, p.row.EachSeed); err != nil {
				return nil, fmt.Errorf("row %s: %w", p.row.Name, err)
			}
			done[p.row.Name] = models
		case configs.RowMajority:
			models = []study.Model{study.Majority(*known)}
		}
		recipe := study.Recipe{StudyRow: p.row, Models: models}
		if len(p.units) > 0 {
			recipe.Args = p.units[0][0].Args
		}
		recipes = append(recipes, recipe)
	}
	return recipes, nil
}

// model reads the model of a row and seed.
func (r *reproduce) model(units []study.Unit) (study.Model, error) {
	var parts []study.Model
	var aspects []string
	for _, u := range units {
		var m study.Model
		if err := r.runner.Read(u, &m); err != nil {
			return m, err
		}
		parts = append(parts, m)
		aspects = append(aspects, m.Answers.Aspects...)
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	return study.Join(aspects, parts)
}
