package configs

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Kinds of a study's rows.
const (
	// RowTrained is one model, trained once for each seed.
	RowTrained = "trained"
	// RowSingleTask is a model for each aspect, trained once for each seed; together
	// they answer what one model of all aspects does.
	RowSingleTask = "single_task"
	// RowEnsemble is the mean of the probabilities that several models give: one ensemble
	// of the models of all seeds of a row; or of several rows, one for each seed, of their
	// models of that seed. Nothing is trained.
	RowEnsemble = "ensemble"
	// RowMajority answers each aspect's most frequent polarity of the training corpus.
	RowMajority = "majority"
)

// Study is a list of recipes that are trained over the same seeds and compared:
// what `absa reproduce` runs. A file of it states each recipe by what differs from
// another one.
type Study struct {
	Title  string
	About  string // what the study asks, a paragraph
	Rows   []StudyRow
	Claims []StudyClaim

	SHA256 string // of the bytes that it was read from
}

// StudyClaim is a claim and the rows whose difference answers it.
type StudyClaim struct {
	Says     string      `yaml:"says"`
	ByAspect bool        `yaml:"by_aspect"` // also for each aspect alone
	Compare  []StudyPair `yaml:"compare"`
}

// StudyPair is a row and the one whose accuracy is taken from its own.
type StudyPair struct {
	Row     string `yaml:"row"`
	Against string `yaml:"against"`
}

// StudyRow is one line of a study's table.
type StudyRow struct {
	Name      string   // of files and references
	Group     string   // heading that it stands under
	Title     string   // what is said of it in the table
	Kind      string   // RowTrained, ...
	Reference string   // row whose accuracy is taken from this one's; "" for none
	Of        []string // kind ensemble: the rows whose models it is of
	EachSeed  bool     // kind ensemble: one of the models of each seed, not one of all
	Config    string   // preset or file that the recipe begins with; "" where EachSeed, whose members have their own
	Set       []string // key=value over it, in order
}

//go:embed studies/*.yaml
var studyFiles embed.FS

// StudyNames lists the studies that come with the program.
func StudyNames() []string {
	files, err := studyFiles.ReadDir("studies") // sorted
	if err != nil {
		return nil // the folder is in the program; it cannot be missing
	}
	var names []string
	for _, f := range files {
		names = append(names, strings.TrimSuffix(f.Name(), path.Ext(f.Name())))
	}
	return names
}

// LoadStudy reads a study that comes with the program, by its name, or a file. set
// is key=value over the recipe of every row.
func LoadStudy(name string, set ...string) (*Study, error) {
	if text, err := studyFiles.ReadFile("studies/" + name + ".yaml"); err == nil {
		return readStudy("study "+name, "", text, set)
	}
	if !isPath(name) {
		hint := ""
		if near := nearest(name, StudyNames()); near != "" {
			hint = "; did you mean " + near + "?"
		}
		return nil, fmt.Errorf("study %q: neither one of the program's (%s) nor a file%s", name, strings.Join(StudyNames(), ", "), hint)
	}
	text, err := readBounded(name)
	if err != nil {
		return nil, fmt.Errorf("read study: %w", err)
	}
	return readStudy(name, filepath.Dir(name), text, set)
}

// studyFile is the form of the file.
type studyFile struct {
	Version  int             `yaml:"version"`
	Title    string          `yaml:"title"`
	About    string          `yaml:"about"`
	Set      settingsInOrder `yaml:"set"` // of every row
	Variants []studyVariant  `yaml:"variants"`
	Rows     []studyFileRow  `yaml:"rows"`
	Claims   []StudyClaim    `yaml:"claims"`
}

// studyVariant makes of each row that names it another one.
type studyVariant struct {
	Name  string          `yaml:"name"`
	Title string          `yaml:"title"`
	Set   settingsInOrder `yaml:"set"`
}

type studyFileRow struct {
	line int

	Name     string          `yaml:"name"`
	Group    string          `yaml:"group"` // empty: that of the row before
	Title    string          `yaml:"title"`
	Kind     string          `yaml:"kind"`    // empty: RowTrained
	Config   string          `yaml:"config"`  // where the recipe begins,
	From     string          `yaml:"from"`    // or the row whose recipe it begins with
	Of       []string        `yaml:"of"`      // kind ensemble: of a model of each of these rows, for each seed
	Against  string          `yaml:"against"` // the reference, where it is not from
	Set      settingsInOrder `yaml:"set"`
	Variants []string        `yaml:"variants"`
}

// UnmarshalYAML keeps the line for errors.
func (r *studyFileRow) UnmarshalYAML(node *yaml.Node) error {
	type plain studyFileRow
	if err := knownFields(node, (*plain)(r)); err != nil {
		return err
	}
	r.line = node.Line
	return nil
}

// knownFields decodes a node as strictly as its document, which yaml forgets below
// an UnmarshalYAML.
func knownFields(node *yaml.Node, to any) error {
	text, err := yaml.Marshal(node)
	if err != nil {
		return err
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	err = d.Decode(to)
	var wrong *yaml.TypeError
	if errors.As(err, &wrong) { // its lines are those of the text above
		for i, e := range wrong.Errors {
			wrong.Errors[i] = fmt.Sprintf("line %d: %s", node.Line, lineOf.ReplaceAllString(e, ""))
		}
	}
	return err
}

var (
	lineOf       = regexp.MustCompile(`^line \d+: `)
	unknownField = regexp.MustCompile(`field (\S+) not found in type \S+`)
)

// settingsInOrder are key=value, as --set takes them, from a mapping.
type settingsInOrder []string

// UnmarshalYAML writes each value on one line, as the command line would have it.
func (s *settingsInOrder) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: set: want keys and values", node.Line)
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		text := value.Value
		if value.Kind != yaml.ScalarNode {
			inline(value)
			b, err := yaml.Marshal(value)
			if err != nil {
				return fmt.Errorf("line %d: %s: %w", key.Line, key.Value, err)
			}
			text = strings.TrimSpace(string(b))
		}
		*s = append(*s, key.Value+"="+text)
	}
	return nil
}

// inline has a list or mapping written on one line.
func inline(node *yaml.Node) {
	node.Style = yaml.FlowStyle
	for _, n := range node.Content {
		if n.Kind != yaml.ScalarNode {
			inline(n)
		}
	}
}

// readStudy reads and expands a study. name stands for the file in errors; paths in it
// are seen from dir.
func readStudy(name, dir string, text []byte, set []string) (*Study, error) {
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	var f studyFile
	if err := d.Decode(&f); err != nil && err != io.EOF {
		return nil, studySyntax(name, err)
	}
	if f.Version != Version {
		return nil, fmt.Errorf("%s: version: this program reads version %d, the study has %d", name, Version, f.Version)
	}
	if len(f.Rows) == 0 {
		return nil, fmt.Errorf("%s: rows is empty; a study has one at least", name)
	}
	sum := sha256.Sum256(text)
	x := expansion{dir: dir, file: f, study: &Study{Title: f.Title, About: strings.TrimSpace(f.About), SHA256: hex.EncodeToString(sum[:])}}
	for i := range f.Rows {
		if err := x.add(&f.Rows[i]); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, f.Rows[i].line, err)
		}
	}
	x.study.Claims = f.Claims
	for i := range x.study.Rows {
		if row := &x.study.Rows[i]; !row.EachSeed {
			row.Set = append(row.Set, set...)
		}
	}
	return x.study, x.study.check(name)
}

// studySyntax puts the places of YAML's errors where other errors have them.
func studySyntax(name string, err error) error {
	var wrong *yaml.TypeError
	if !errors.As(err, &wrong) {
		return (&document{file: name}).syntax(err)
	}
	var all []error
	for _, e := range wrong.Errors {
		line, what, _ := strings.Cut(strings.TrimPrefix(e, "line "), ": ")
		all = append(all, fmt.Errorf("%s:%s: %s", name, line, unknownField.ReplaceAllString(what, "unknown key $1")))
	}
	return errors.Join(all...)
}

// Row returns a row by its name, nil if there is none.
func (s *Study) Row(name string) *StudyRow {
	for i := range s.Rows {
		if s.Rows[i].Name == name {
			return &s.Rows[i]
		}
	}
	return nil
}

// check resolves every recipe, so that no mistake in the last of them is found
// hours after the first began.
func (s *Study) check(name string) error {
	var errs []error
	questions := map[string]string{} // what each row is asked and may say
	for _, row := range s.Rows {
		if row.Kind == RowMajority {
			continue
		}
		if row.Config == "" { // an ensemble of rows, or one of its seeds
			for _, of := range row.Of[1:] {
				if questions[of] != questions[row.Of[0]] {
					errs = append(errs, fmt.Errorf("%s: row %s: of: %s and %s differ in data.aspects, data.polarities, data.test or model.head.absent_class", name, row.Name, row.Of[0], of))
				}
			}
			questions[row.Name] = questions[row.Of[0]]
			continue
		}
		c, err := row.Resolve()
		if err == nil && c.Data.Test == "" {
			err = errors.New("data.test: is empty; a study tests its models")
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: row %s: %w", name, row.Name, err))
			continue
		}
		questions[row.Name] = fmt.Sprintf("%q %q %q %v", c.Data.Aspects, c.Data.Polarities, c.Data.Test, c.Model.Head.AbsentClass)
	}
	for _, c := range s.Claims {
		for _, pair := range c.Compare {
			for _, row := range []string{pair.Row, pair.Against} {
				if s.Row(row) == nil {
					errs = append(errs, fmt.Errorf("%s: claim %q: there is no row %q", name, c.Says, row))
				}
			}
		}
	}
	return errors.Join(errs...)
}

// Resolve returns the configuration of a row's recipe.
func (r *StudyRow) Resolve() (*Resolved, error) { return Load(Source{Config: r.Config, Set: r.Set}) }
