package checkpoint

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	// Format is the version of the manifest that this program writes, and the
	// highest that it reads.
	Format = 1

	// ManifestFile is the name of the manifest in its folder.
	ManifestFile = "manifest.json"

	// maxManifest bounds the file in bytes: a manifest takes about 200 a part.
	maxManifest = 1 << 20
)

// What a manifest says that its folder is.
const (
	KindCheckpoint = "checkpoint" // of a step
	KindRun        = "run"        // that ended
	KindAverage    = "average"    // of the weights of several steps
)

// Manifest says what a folder holds. Whoever saves fills in Program to Value;
// the rest is filled in by Save and Seal.
type Manifest struct {
	Format   int       `json:"format"`
	Kind     string    `json:"kind"`
	Program  string    `json:"absa"`     // version
	LibTorch string    `json:"libtorch"` // version
	Written  time.Time `json:"written"`  // now, where it is zero
	Epoch    int       `json:"epoch"`    // epochs completed
	Step     int       `json:"step"`     // steps completed
	Metric   string    `json:"metric,omitempty"`
	Value    *float64  `json:"value,omitempty"` // of the metric on validation, exactly at this step; nil where none was done or it is not finite
	Parts    []Part    `json:"parts"`
	Checksum string    `json:"checksum"` // SHA-256 of this file's bytes with these 64 digits as zeros
}

// Part is one file beside the manifest.
type Part struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"` // in bytes
	SHA256 string `json:"sha256"`
}

// encode returns the manifest's text, with Format, Written and Checksum filled in.
func (m *Manifest) encode() ([]byte, error) {
	m.Format = Format
	if m.Written.IsZero() {
		m.Written = time.Now().UTC().Truncate(time.Second)
	}
	if m.Value != nil && (math.IsNaN(*m.Value) || math.IsInf(*m.Value, 0)) {
		m.Value = nil // JSON has no such numbers
	}
	m.Checksum = noChecksum
	if err := m.check(); err != nil {
		return nil, err
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, err
	}
	text = append(text, '\n')
	if len(text) > maxManifest {
		return nil, fmt.Errorf("%d bytes, more than the %d allowed", len(text), maxManifest)
	}
	m.Checksum = sum(text)
	copy(text[bytes.LastIndex(text, []byte(noChecksum)):], m.Checksum)
	return text, nil
}

// decode reads the manifest's text. Everything that encode would not have
// written is an error.
func decode(text []byte) (Manifest, error) {
	var m Manifest
	if len(text) > maxManifest {
		return m, fmt.Errorf("it has more than the %d bytes allowed", maxManifest)
	}
	// Later formats may differ in all but this number.
	var version struct{ Format int }
	if err := json.Unmarshal(text, &version); err != nil {
		return m, fmt.Errorf("it is not a manifest: %w", err)
	}
	if version.Format > Format {
		return m, fmt.Errorf("it was written by a newer absa (format %d, this program reads up to %d), or was changed", version.Format, Format)
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return Manifest{}, fmt.Errorf("it is not a manifest: %w", err)
	}
	if !isHash(m.Checksum) {
		return Manifest{}, errors.New("it was changed: its checksum is not a SHA-256")
	}
	at := bytes.LastIndex(text, []byte(m.Checksum))
	if at < 0 {
		return Manifest{}, errors.New("it was changed: its checksum is not written as it was")
	}
	zeroed := bytes.Clone(text)
	copy(zeroed[at:], noChecksum)
	if got := sum(zeroed); got != m.Checksum {
		return Manifest{}, fmt.Errorf("it was changed: its checksum is %s, it says %s", got, m.Checksum)
	}
	if m.Format != Format {
		return Manifest{}, fmt.Errorf("format %d is not known (this program reads %d)", m.Format, Format)
	}
	if err := m.check(); err != nil {
		return Manifest{}, err
	}
	return m, nil
}

// check says whether the manifest makes sense by itself.
func (m *Manifest) check() error {
	switch {
	case m.Kind != KindCheckpoint && m.Kind != KindRun && m.Kind != KindAverage:
		return fmt.Errorf("kind %q is not known", m.Kind)
	case m.Step < 0 || m.Epoch < 0:
		return fmt.Errorf("step %d of epoch %d cannot be", m.Step, m.Epoch)
	}
	seen := map[string]bool{}
	for _, p := range m.Parts {
		switch {
		case seen[p.Name]:
			return fmt.Errorf("part %q stands twice", p.Name)
		case p.Size < 0:
			return fmt.Errorf("part %q: size %d cannot be", p.Name, p.Size)
		case !isHash(p.SHA256):
			return fmt.Errorf("part %q: %q is not a SHA-256", p.Name, p.SHA256)
		}
		if err := checkName(p.Name); err != nil {
			return err
		}
		seen[p.Name] = true
	}
	return nil
}

// checkName allows what is a file name everywhere, and no path.
func checkName(name string) error {
	switch {
	case name == "", name != filepath.Base(name), strings.HasPrefix(name, "."), strings.ContainsAny(name, "\\:\x00"), !utf8.ValidString(name), len(name) > 255:
		return fmt.Errorf("part %q: not a plain file name", name)
	case name == ManifestFile:
		return fmt.Errorf("part %q: the name is the manifest's own", name)
	}
	return nil
}

var (
	noChecksum = strings.Repeat("0", 2*sha256.Size)
	sha256Hex  = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

func isHash(s string) bool { return sha256Hex.MatchString(s) }

func sum(text []byte) string {
	h := sha256.Sum256(text)
	return hex.EncodeToString(h[:])
}
