package cmd

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"absa/internal/atomicfile"
	"absa/internal/study"
)

// studyRecord says of which study a folder is; see recordedStudy.
const studyRecord = "record.json"

// recordedStudy names a study. Its file may get more rows: what was trained is compared
// by itself.
type recordedStudy struct {
	Study  string `json:"study"`
	SHA256 string `json:"sha256"` // of its file, as it was read last
}

// take makes the folder of the study, or finds that it is of this one, and keeps other
// processes out of it.
func (r *reproduce) take(note func(format string, a ...any)) (unlock func(), err error) {
	unlock, err = study.Take(r.out, studyRecord, note)
	if err != nil {
		return nil, err
	}
	if err := r.record(); err != nil {
		unlock()
		return nil, err
	}
	return unlock, nil
}

func (r *reproduce) record() error {
	path := filepath.Join(r.out, studyRecord)
	now := recordedStudy{r.base(), r.study.SHA256}
	was := now
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, &was)
	}
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: %w", path, err)
	case was.Study != now.Study:
		return fmt.Errorf("%s is the folder of the study %s, not of %s: choose another --out", r.out, was.Study, now.Study)
	}
	return atomicfile.Replace(path, func(w io.Writer) error { return writeJSON(w, now) })
}
