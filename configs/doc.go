// Package configs holds the configuration of a run: the Config struct, which is
// the schema, its defaults, the presets, and [Load], which puts the layers
// together.
//
// Layers, each over the one before: the defaults, a preset or file, the
// environment (ABSA_TRAIN_SEED for train.seed), key=value overrides. A key or a
// type that the schema does not know is an error in every layer, with the place
// where it stands and the nearest known key.
//
//	r, err := configs.Load(configs.Source{
//		Config:  "article",
//		Set:     []string{"train.seed=7"},
//		Environ: os.Environ(),
//	})
//
// The package reads no corpus and no vectors; whether a path exists is found out
// by whoever opens it. Relative paths count from the working directory.
package configs
