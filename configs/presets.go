package configs

import (
	"embed"
	"path"
	"strings"
)

// DefaultPreset is the one that runs without any other data.
const DefaultPreset = "sample"

//go:embed *.yaml
var presetFiles embed.FS

// Preset is a configuration that comes with the program.
type Preset struct {
	Name    string
	Summary string // one line, the first comment of the file
}

// Presets lists them by name.
func Presets() []Preset {
	var list []Preset
	for _, name := range presetNames() {
		text, _ := preset(name)
		first, _, _ := strings.Cut(string(text), "\n")
		list = append(list, Preset{name, strings.TrimLeft(first, "# ")})
	}
	return list
}

func presetNames() []string {
	files, err := presetFiles.ReadDir(".") // sorted
	if err != nil {
		return nil // the folder is in the program; it cannot be missing
	}
	var names []string
	for _, f := range files {
		names = append(names, strings.TrimSuffix(f.Name(), path.Ext(f.Name())))
	}
	return names
}

// preset returns the file of a preset.
func preset(name string) ([]byte, bool) {
	text, err := presetFiles.ReadFile(name + ".yaml")
	return text, err == nil
}
