package crossval

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"absa/configs"
	"absa/internal/atomicfile"
	"absa/internal/study"
	"absa/trainer"
)

// RecordFile holds, in the folder of a cross-validation, which it tells from that of
// any other study, what was to be compared and
// when that was written down; see Record.
const RecordFile = "protocol.json"

// recordFormat is the version of it that this program writes, and the highest that it
// reads.
const recordFormat = 1

// candidatesFolder holds the configuration of each candidate.
const candidatesFolder = "candidates"

// Record is a protocol as a study began with it.
type Record struct {
	Format     int                 `json:"format"`
	Question   string              `json:"question"`
	Set        []string            `json:"set"`                // settings of every candidate, beside its own
	Override   []string            `json:"override,omitempty"` // those of the command line, over Set
	Folds      int                 `json:"folds"`
	Repeats    int                 `json:"repeats"`
	Seed       int64               `json:"seed"`
	Metric     string              `json:"metric"`
	Corpus     string              `json:"corpus"`
	Sentences  int                 `json:"sentences"`
	Data       string              `json:"corpus_fingerprint"` // of sentences and labels
	Begun      time.Time           `json:"begun"`              // before the first training
	Protocols  []Written           `json:"protocols"`          // files that it was read from, the first one first
	Candidates []RecordedCandidate `json:"candidates"`
	Versions   trainer.Versions    `json:"versions"`
}

// Written is a file that holds a protocol.
type Written struct {
	File       string    `json:"file"`
	SHA256     string    `json:"sha256"`
	Read       time.Time `json:"read"`
	Candidates int       `json:"candidates"` // that it names
}

// RecordedCandidate is a recipe that is compared.
type RecordedCandidate struct {
	Name string   `json:"name"`
	Set  []string `json:"set"`
	// Appended says that it was added to the protocol when a training had begun.
	Appended bool `json:"appended"`
}

// ErrProtocol refuses a protocol that is another one than the study began with.
var ErrProtocol = errors.New("the protocol is not the one that the study began with")

// newRecord is that of a study that begins.
func newRecord(p configs.Protocol, corpus string, sentences int, fingerprint string) Record {
	r := Record{
		Format: recordFormat, Question: p.Question, Set: p.Set, Override: p.Override, Folds: p.Folds, Repeats: p.Repeats, Seed: p.Seed, Metric: p.Metric,
		Corpus: corpus, Sentences: sentences, Data: fingerprint, Begun: now(), Versions: trainer.CurrentVersions(),
	}
	for _, c := range p.Candidates {
		r.Candidates = append(r.Candidates, RecordedCandidate{Name: c.Name, Set: c.Set})
	}
	r.read(p)
	return r
}

func now() time.Time { return time.Now().UTC().Truncate(time.Second) }

// read notes the file of a protocol, if it has one that is not the newest noted.
func (r *Record) read(p configs.Protocol) {
	n := len(r.Protocols)
	if p.File != "" && (n == 0 || r.Protocols[n-1].SHA256 != p.SHA256) {
		r.Protocols = append(r.Protocols, Written{File: p.File, SHA256: p.SHA256, Read: now(), Candidates: len(p.Candidates)})
	}
}

// readRecord returns nil where there is none.
func readRecord(dir string) (*Record, error) {
	path := filepath.Join(dir, RecordFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	r := &Record{}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if r.Format != recordFormat {
		return nil, fmt.Errorf("%s: format %d is not known (this program reads %d)", path, r.Format, recordFormat)
	}
	return r, nil
}

// write keeps the record, and the configurations of its candidates before it.
func (r *Record) write(dir string, list []configs.Config) error {
	if err := os.MkdirAll(filepath.Join(dir, candidatesFolder), 0o777); err != nil {
		return err
	}
	for i, c := range r.Candidates {
		err := atomicfile.Replace(candidatePath(dir, c.Name), func(w io.Writer) error { return configs.WriteYAML(w, list[i]) })
		if err != nil {
			return err
		}
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return atomicfile.Replace(filepath.Join(dir, RecordFile), func(w io.Writer) error {
		_, err := io.Copy(w, bytes.NewReader(append(text, '\n')))
		return err
	})
}

func candidatePath(dir, name string) string {
	return filepath.Join(dir, candidatesFolder, name+".yaml")
}

// follow takes over what a protocol appends to the record of a study in dir. Anything
// else that is other than in the record refuses it.
func (r *Record) follow(dir string, p configs.Protocol, list []configs.Config, fingerprint string) error {
	var changes []string
	change := func(what string, is, was any) {
		if is != was {
			changes = append(changes, fmt.Sprintf("%s: %v, it was %v", what, is, was))
		}
	}
	change("question", p.Question, r.Question)
	change("folds", p.Folds, r.Folds)
	change("repeats", p.Repeats, r.Repeats)
	change("seed", p.Seed, r.Seed)
	change("metric", p.Metric, r.Metric)
	change("sentences of data.train="+list[0].Data.Train, "fingerprint "+fingerprint, "fingerprint "+r.Data)
	for i, was := range r.Candidates {
		if i >= len(p.Candidates) {
			changes = append(changes, fmt.Sprintf("candidate %s is missing", was.Name))
			continue
		}
		if is := p.Candidates[i].Name; is != was.Name {
			change(fmt.Sprintf("candidate %d", i+1), is, was.Name)
			continue
		}
		loaded, err := configs.Load(configs.Source{Config: candidatePath(dir, was.Name)})
		if err != nil {
			return err
		}
		for _, d := range configs.Differences(loaded.Config, list[i]) {
			if study.Decides(d.Key) && !slices.Contains(files, d.Key) {
				change("candidate "+was.Name+": "+d.Key, d.B, d.A)
			}
		}
	}
	if changes != nil {
		return fmt.Errorf("%s: %w, and trainings were begun:\n  %s\nput it back (candidates may be appended), or begin another study with --out", dir, ErrProtocol, strings.Join(changes, "\n  "))
	}
	for _, c := range p.Candidates[len(r.Candidates):] {
		r.Candidates = append(r.Candidates, RecordedCandidate{Name: c.Name, Set: c.Set, Appended: true})
	}
	r.read(p)
	return nil
}

// files are the keys of which the contents are compared, with each training.
var files = []string{"data.train", "vectors.path", "train.auxiliary"}
