package checkpoint

import (
	"bytes"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var someHash = strings.Repeat("0123456789abcdef", 4)

func example() Manifest {
	value := 0.75
	return Manifest{
		Kind: KindCheckpoint, Program: "0.1.0", LibTorch: "2.1.0", Written: time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC),
		Epoch: 2, Step: 76, Metric: "accuracy", Value: &value,
		Parts: []Part{{"model.safetensors", 1234, someHash}, {"state.json", 0, someHash}},
	}
}

func encoded(t testing.TB, m Manifest) []byte {
	t.Helper()
	text, err := m.encode()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

var checksum = regexp.MustCompile(`"checksum": "[0-9a-f]{64}"`)

// reseal gives a changed text the checksum that fits it.
func reseal(text []byte) []byte {
	at := checksum.FindAllIndex(text, -1)
	if at == nil {
		return text
	}
	end := at[len(at)-1][1] - 1
	out := bytes.Clone(text)
	copy(out[end-64:], strings.Repeat("0", 64))
	copy(out[end-64:], sum(out))
	return out
}

func TestManifestText(t *testing.T) {
	got := string(encoded(t, example()))
	want := `{
  "format": 1,
  "kind": "checkpoint",
  "absa": "0.1.0",
  "libtorch": "2.1.0",
  "written": "2024-05-06T07:08:09Z",
  "epoch": 2,
  "step": 76,
  "metric": "accuracy",
  "value": 0.75,
  "parts": [
    {
      "name": "model.safetensors",
      "size": 1234,
      "sha256": "` + someHash + `"
    },
    {
      "name": "state.json",
      "size": 0,
      "sha256": "` + someHash + `"
    }
  ],
  "checksum": "` // and the rest
	if !strings.HasPrefix(got, want) || !strings.HasSuffix(got, "\"\n}\n") || len(got) != len(want)+64+4 {
		t.Errorf("text (-want +got):\n%s", cmp.Diff(want, got))
	}
	if resealed := string(reseal([]byte(got))); resealed != got {
		t.Errorf("checksum (-want +got):\n%s", cmp.Diff(resealed, got))
	}
	m, err := decode([]byte(got))
	if err != nil {
		t.Fatal(err)
	}
	want2 := example()
	want2.Format, want2.Checksum = 1, m.Checksum
	if diff := cmp.Diff(want2, m); diff != "" {
		t.Errorf("read again (-want +got):\n%s", diff)
	}
}

func TestValueThatIsNoNumber(t *testing.T) {
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		m := example()
		m.Value = &v
		if got, err := decode(encoded(t, m)); err != nil || got.Value != nil {
			t.Errorf("%v: read as %v (%v), want nil", v, got.Value, err)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	whole := string(encoded(t, example()))
	tests := []struct {
		name     string
		old, new string // what is replaced in a manifest
		resealed bool
		want     string
	}{
		{"nothing", whole, "", false, "not a manifest"},
		{"not JSON", "{", "(", false, "not a manifest"},
		{"a list", whole, "[]", false, "not a manifest"},
		{"null", whole, "null", false, "checksum is not a SHA-256"},
		{"text behind", "\n}\n", "\n}\n{}", true, "not a manifest"},
		{"too large", "{", "{" + strings.Repeat(" ", maxManifest), true, "more than the 1048576 bytes"},
		{"a newer format", `"format": 1`, `"format": 2`, true, "written by a newer absa (format 2, this program reads up to 1)"},
		{"a newer format, sealed otherwise", `"format": 1`, `"format": 2`, false, "written by a newer absa"},
		{"a newer format that we cannot parse", `"parts": [`, `"parts": 7, "format": 9, "x": [`, false, "format 9"},
		{"format 0", `"format": 1`, `"format": 0`, true, "format 0 is not known"},
		{"a negative format", `"format": 1`, `"format": -1`, true, "format -1 is not known"},
		{"a format that is text", `"format": 1`, `"format": "1"`, true, "not a manifest"},
		{"changed", "0.1.0", "0.1.1", false, "it was changed: its checksum is"},
		{"a checksum in capitals", `"checksum": "`, `"checksum": "F`, false, "checksum is not a SHA-256"},
		{"an escaped checksum", whole[strings.Index(whole, `"checksum"`):], `"checksum": "\u0061` + strings.Repeat("0", 63) + `"}`, false, "checksum is not written as it was"},
		{"no checksum", `"checksum"`, `"other"`, false, "checksum is not a SHA-256"},
		{"unknown kind", `"checkpoint"`, `"model"`, true, `kind "model" is not known`},
		{"a negative step", `"step": 76`, `"step": -76`, true, "step -76"},
		{"a negative epoch", `"epoch": 2`, `"epoch": -2`, true, "epoch -2"},
		{"a step that is no whole number", `"step": 76`, `"step": 7.5`, true, "not a manifest"},
		{"a negative size", `"size": 1234`, `"size": -1`, true, `part "model.safetensors": size -1`},
		{"a size beyond 64 bits", `"size": 1234`, `"size": 9223372036854775808`, true, "not a manifest"},
		{"a part twice", `"state.json"`, `"model.safetensors"`, true, `part "model.safetensors" stands twice`},
		{"a short hash", `cdef"`, `cde"`, true, "not a SHA-256"},
		{"a hash in capitals", `cdef"`, `cdeF"`, true, "not a SHA-256"},
		{"a path", `"state.json"`, `"../state.json"`, true, "not a plain file name"},
		{"an absolute path", `"state.json"`, `"/etc/passwd"`, true, "not a plain file name"},
		{"a path of another system", `"state.json"`, `"a\\b"`, true, "not a plain file name"},
		{"a folder", `"state.json"`, `".."`, true, "not a plain file name"},
		{"a hidden file", `"state.json"`, `".lock"`, true, "not a plain file name"},
		{"no name", `"state.json"`, `""`, true, "not a plain file name"},
		{"a name with a zero", `"state.json"`, `"a\u0000"`, true, "not a plain file name"},
		{"a long name", `"state.json"`, `"` + strings.Repeat("a", 256) + `"`, true, "not a plain file name"},
		{"the manifest itself", `"state.json"`, `"manifest.json"`, true, "the manifest's own"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			text := []byte(strings.Replace(whole, test.old, test.new, 1))
			if string(text) == whole {
				t.Fatal("the manifest was not changed")
			}
			if test.resealed {
				text = reseal(text)
			}
			m, err := decode(text)
			wantError(t, err, test.want)
			if diff := cmp.Diff(Manifest{}, m); diff != "" {
				t.Errorf("something was read:\n%s", diff)
			}
		})
	}
}

// A later version may say more in the same format.
func TestUnknownFieldIsPassedOver(t *testing.T) {
	text := strings.Replace(string(encoded(t, example())), `"kind"`, `"more": [1], "kind"`, 1)
	if _, err := decode(reseal([]byte(text))); err != nil {
		t.Error(err)
	}
}

// Each bit of the manifest counts, and so does its end.
func TestManifestBits(t *testing.T) {
	whole := encoded(t, example())
	for i := range whole {
		for bit := range 8 {
			changed := bytes.Clone(whole)
			changed[i] ^= 1 << bit
			if _, err := decode(changed); err == nil {
				t.Errorf("bit %d of byte %d (%q) changed, and no error", bit, i, whole[i])
			}
		}
		if _, err := decode(whole[:i]); err == nil {
			t.Errorf("cut after %d bytes, and no error", i)
		}
	}
}

// FuzzDecode holds that no text makes the reader fail other than by an error,
// and that what it accepts makes sense and can be written again.
func FuzzDecode(f *testing.F) {
	whole := string(encoded(f, example()))
	run := example()
	run.Kind, run.Value, run.Metric, run.Parts = KindRun, nil, "", nil
	f.Add([]byte(whole))
	f.Add(encoded(f, run))
	f.Add([]byte(strings.Replace(whole, `"format": 1`, `"format": 2`, 1)))
	f.Add([]byte(strings.Replace(whole, "state.json", "../state.json", 1)))
	f.Add([]byte(strings.Replace(whole, "1234", "-1", 1)))
	f.Add([]byte(`{"checksum": "` + someHash + `"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := decode(reseal(text)) // or the checksum would end every case
		if err != nil {
			return
		}
		for _, p := range m.Parts {
			if strings.ContainsAny(p.Name, `/\`) || p.Name == "" || p.Name[0] == '.' || p.Size < 0 {
				t.Errorf("part %+v was accepted", p)
			}
		}
		if m.Written.IsZero() {
			m.Written = time.Unix(1, 0).UTC()
		}
		again, err := m.encode()
		if err != nil {
			return // a year beyond 9999, or too long when indented
		}
		got, err := decode(again)
		if err != nil {
			t.Fatalf("what was written again: %v\n%s", err, again)
		}
		if diff := cmp.Diff(m, got); diff != "" {
			t.Errorf("again (-first +second):\n%s", diff)
		}
	})
}
