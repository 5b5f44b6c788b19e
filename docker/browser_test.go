package docker

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestBrowser runs browser.sh on a machine that has nothing but what the test
// puts there.
func TestBrowser(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("needs bash")
	}
	touch, err := exec.LookPath("touch")
	if err != nil {
		t.Fatal(err)
	}
	chmod, err := exec.LookPath("chmod")
	if err != nil {
		t.Fatal(err)
	}
	const sudo = "shift; exec \"$@\"\n" // without a question asked
	installs := touch + ` "${0%/*}/chromium-headless-shell"; ` + chmod + ` +x "${0%/*}/chromium-headless-shell"` + "\n"
	tests := []struct {
		name string
		has  map[string]string // programs, by what they do
		want string            // the program found, "" for none
	}{
		{"a Chromium", map[string]string{"chromium": ""}, "chromium"},
		{"apt-get", map[string]string{"true": "", "sudo": sudo, "apt-get": installs}, "chromium-headless-shell"},
		{"apt-get that fails", map[string]string{"true": "", "sudo": sudo, "apt-get": "exit 1\n"}, ""},
		{"nothing", nil, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			bin := t.TempDir()
			for name, script := range test.has {
				if err := os.WriteFile(filepath.Join(bin, name), []byte("#!"+bash+"\n"+script), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			c := exec.Command(bash, "browser.sh")
			c.Env = []string{"PATH=" + bin}
			var stderr bytes.Buffer
			c.Stderr = &stderr
			out, err := c.Output()
			if err != nil {
				t.Fatalf("%v\n%s", err, stderr.String())
			}
			want := ""
			if test.want != "" {
				want = filepath.Join(bin, test.want) + "\n"
			}
			if string(out) != want {
				t.Errorf("got %q, want %q\n%s", out, want, stderr.String())
			}
			if skipped := bytes.Contains(stderr.Bytes(), []byte("skipped")); skipped != (want == "") {
				t.Errorf("says %q", stderr.String())
			}
		})
	}
}
