package docker

import "testing"

func TestRefusals(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		fakes   map[string]string
		without string
		env     string
		want    []string
	}{
		{name: "another system", fakes: map[string]string{"uname": "echo Darwin arm64"}, want: []string{"Darwin arm64", "Linux x86_64 only"}},
		{name: "another C library", fakes: map[string]string{"getconf": "exit 1"}, want: []string{"glibc 2.28 or newer", "Alpine"}},
		{name: "an old C library", fakes: map[string]string{"getconf": "echo glibc 2.17"}, want: []string{"glibc 2.28", "here is glibc 2.17"}},
		{name: "no make", without: "make", want: []string{"make is missing", "apt-get install make", "dnf install make"}},
		{name: "no flock", without: "flock", want: []string{"flock is missing", "apt-get install util-linux"}},
		{name: "no go", without: "go", want: []string{"Go 1.26.0 or newer is missing", "golang-go", "dnf install golang"}},
		{name: "an old go", fakes: map[string]string{"go": `printf 'go1.25.9\n\n1\ngcc\ng++\n'`}, want: []string{"Go 1.26.0 or newer", "is 1.25.9"}},
		{name: "a go that cannot switch", fakes: map[string]string{"go": "exit 1"}, want: []string{"Go 1.26.0 or newer", "go env"}},
		{name: "no C++ compiler", without: "g++", want: []string{"C++ compiler g++ is missing", "apt-get install g++", "dnf install gcc-c++"}},
		{name: "no C compiler", without: "gcc", want: []string{"C compiler gcc is missing", "apt-get install gcc", "dnf install gcc"}},
		{name: "a C++ compiler without C++17", fakes: map[string]string{"g++": "exit 1"}, want: []string{"C++17", "apt-get install g++", "dnf install gcc-c++"}},
		{name: "cgo off", env: "CGO_ENABLED=0", want: []string{"CGO_ENABLED=0", "unset"}},
		{name: "no python", without: "python3", want: []string{"Python 3 is missing", "apt-get install python3 python3-venv python3-pip", "dnf install python3 python3-pip"}},
		{name: "a full disk", fakes: map[string]string{"df": `echo Filesystem; echo /dev/x 9999999 9999999 102400 99% /`}, want: []string{"1600 MiB", "100 MiB free", "XDG_CACHE_HOME"}},
		{name: "an unknown variant", env: "LIBTORCH_VARIANT=tpu", want: []string{`LIBTORCH_VARIANT is "tpu"`, "cpu or cuda"}},
		{name: "no such folder", env: "LIBTORCH=/nonexistent/libtorch", want: []string{"/nonexistent/libtorch", "no such folder"}},
		{name: "a cache folder with a space", env: "XDG_CACHE_HOME=/tmp/my cache", want: []string{"/tmp/my cache/absa", "XDG_CACHE_HOME"}},
		{name: "a cache folder that cannot be made", env: "XDG_CACHE_HOME=/dev/null", want: []string{"cannot write /dev/null/absa"}},
		{name: "a download that does not work", env: "FAKE_PIP=fail", want: []string{"no such wheel", "pip could not download", "set LIBTORCH"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newCheckout(t)
			for name, script := range tt.fakes {
				c.fake(name, "#!/bin/sh\n"+script+"\n")
			}
			if tt.without != "" {
				c.without(tt.without)
			}
			c.refused(tt.want, tt.env)
			for _, f := range c.files("libtorch") {
				if f != ".lock" {
					t.Errorf("left in the cache: %s", f)
				}
			}
		})
	}
}
