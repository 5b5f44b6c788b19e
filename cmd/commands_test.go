package cmd

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestConfigCommands(t *testing.T) {
	file := write(t, "mine.yaml", "version: 1\ntrain:\n  seed: 3\n")
	tests := []struct {
		name string
		args []string
		want []string // regular expressions, each of one line
	}{
		{"list", []string{"config", "list"}, []string{`^article +\S`, `^restaurants +\S`, `^sample +\S`}},
		{"show the default", []string{"config", "show"}, []string{`^  train: sample +# default$`, `^name: sample +# preset sample$`}},
		{"show a preset", []string{"config", "show", "article", "--set", "train.seed=9"}, []string{`^  layers: 2 +# preset article$`, `^  seed: 9 +# --set$`}},
		{"show a file", []string{"config", "show", file}, []string{`^  seed: 3 +# file .*mine\.yaml:3$`, `^name: mine +# file .*mine\.yaml$`}},
		{"keys", []string{"config", "keys"}, []string{`^train\.seed +whole number +1 +seed of`, `^data\.aspects +list of text +\[service`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := absa(t, test.args...)
			got.wantStatus(t, 0)
			if got.stderr != "" {
				t.Errorf("stderr: got %q, want nothing", got.stderr)
			}
			for _, want := range test.want {
				if !regexp.MustCompile(`(?m)` + want).MatchString(got.stdout) {
					t.Errorf("no line like %s in\n%s", want, got.stdout)
				}
			}
		})
	}
	t.Run("show as YAML", func(t *testing.T) {
		got := absa(t, "config", "show", "article", "--yaml")
		got.wantStatus(t, 0)
		again := absa(t, "config", "show", write(t, "article.yaml", got.stdout), "--yaml")
		again.wantStatus(t, 0)
		if diff := cmp.Diff(got.stdout, again.stdout); diff != "" {
			t.Errorf("the file does not stand for itself (-first +second):\n%s", diff)
		}
	})
}

func TestDataStats(t *testing.T) {
	corpus := write(t, "rooms.xml", `<sentences><sentence id="1"><text>a</text><aspectCategories><aspectCategory category="room" polarity="negative"/></aspectCategories></sentence></sentences>`)
	got := absa(t, "data", "stats", "sample")
	got.wantStatus(t, 0)
	for _, want := range []string{"sample: 578 sentences, 752 labels, sha256 ", "aspect ", "absent", "food "} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("no %q in\n%s", want, got.stdout)
		}
	}
	got = absa(t, "data", "stats", corpus, corpus, "--set", "data.aspects=[room, staff]")
	got.wantStatus(t, 0)
	if n := strings.Count(got.stdout, corpus+": 1 sentences, 1 labels"); n != 2 {
		t.Errorf("%d tables, want one for each file:\n%s", n, got.stdout)
	}
}

func TestDataStatsOfSemEval(t *testing.T) {
	folder := os.Getenv("ABSA_TEST_DATA")
	if folder == "" {
		t.Skip("needs SemEval-2014: set ABSA_TEST_DATA to a folder that holds semeval2014/Restaurants_Test_Gold.xml")
	}
	got := absa(t, "data", "stats", filepath.Join(folder, "semeval2014", "Restaurants_Test_Gold.xml"))
	got.wantStatus(t, 0)
	for _, want := range []string{`: 800 sentences, 1025 labels`, `(?m)^service +628 +101 +3 +63 +5$`, `(?m)^food +382 +302 +31 +69 +16$`} {
		if !regexp.MustCompile(want).MatchString(got.stdout) {
			t.Errorf("no %s in\n%s", want, got.stdout)
		}
	}
}

func TestFetchList(t *testing.T) {
	got := absa(t, "fetch", "--list", "--dir", "elsewhere")
	got.wantStatus(t, 0)
	for _, want := range []string{"semeval2014\n", "semeval2016\n", "mams-acsa\n", "glove-100d\n", "terms: ", "elsewhere/glove-100d.json"} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("no %q in\n%s", want, got.stdout)
		}
	}
}

func TestVersion(t *testing.T) {
	got := absa(t, "version")
	got.wantStatus(t, 0)
	if !regexp.MustCompile(`^absa \d+\.\d+\.\d+ \(LibTorch 2\.\d+\.\d+\S*, go\S+\)\n$`).MatchString(got.stdout) {
		t.Errorf("stdout: %q", got.stdout)
	}
	v := object(t, absa(t, "version", "--json").stdout)
	if v["go"] != runtime.Version() || v["libtorch"] == "" || v["absa"] == "" {
		t.Errorf("versions %v", v)
	}
}

func TestDoctor(t *testing.T) {
	c := command(t, "doctor")
	path := filepath.Join(c.Dir, "data", "raw")
	if err := os.MkdirAll(path, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(path, "glove-100d.json"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	got := finish(t, c)
	got.wantStatus(t, 0)
	for _, want := range []string{
		`^LibTorch +2\.\S+ \((cpu|cuda) variant\) in /`, `^CUDA +\S`, `^Cores +\d+, \d+\.\d of them busy`, `^Threads +up to \d+`, `^Kernels +(portable|avx2|avx512), .*bfloat16`,
		`^article data\.train +missing: data/raw/semeval2014/`, `^article vectors\.path +found: data/raw/glove-100d\.json`, `absa fetch semeval2014`,
	} {
		if !regexp.MustCompile(`(?m)` + want).MatchString(got.stdout) {
			t.Errorf("no line like %s in\n%s", want, got.stdout)
		}
	}

	v := object(t, absa(t, "doctor", "--json").stdout)
	for _, key := range []string{"libtorch", "cuda", "cpu", "files"} {
		if v[key] == nil {
			t.Errorf("no field %q in %v", key, v)
		}
	}
	library, _ := v["libtorch"].(map[string]any)
	if name, _ := library["path"].(string); filepath.Base(name) != "libtorch_cpu.so" {
		t.Errorf("libtorch %v, want the path of libtorch_cpu.so", library)
	}
}

// TestHelp holds that every command explains itself, with status 0 and on
// stdout.
func TestHelp(t *testing.T) {
	tests := []struct {
		name string
		args []string
		want []string
	}{
		{"no arguments", nil, []string{"absa train", "exit status", "evaluate", "fetch"}},
		{"absa", []string{"--help"}, []string{"absa train"}},
		{"train", []string{"train", "--help"}, []string{"--set key=value", "config.yaml", "Ctrl-C", "SIGUSR1", "--resume auto", "--init-from", "absa config keys"}},
		{"evaluate", []string{"evaluate", "--help"}, []string{"--checkpoint folder", "--data file", "--against folder", "--confusion"}},
		{"report", []string{"report", "--help"}, []string{"absa report checkpoints/mine", "--out file"}},
		{"predict", []string{"predict", "--help"}, []string{"echo ", "--text-column name", "--threshold probability", "absa calibrate", "exit status"}},
		{"calibrate", []string{"calibrate", "--help"}, []string{"temperature", "--folds number", "Ctrl-C", "never fitted on"}},
		{"fetch", []string{"fetch", "--help"}, []string{"--list", "data/raw"}},
		{"a group", []string{"config"}, []string{"show", "list", "keys"}},
		{"another group", []string{"data"}, []string{"stats"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := absa(t, test.args...)
			got.wantStatus(t, 0)
			for _, want := range test.want {
				if !strings.Contains(got.stdout, want) {
					t.Errorf("no %q in\n%s", want, got.stdout)
				}
			}
		})
	}
}
