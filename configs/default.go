package configs

// Default is a small, sound model on the sample corpus. It is valid as it is;
// presets and files state only what differs from it.
func Default() Config {
	return Config{
		Version: Version,
		Name:    "default",
		Data: Data{
			Train:          Sample,
			Test:           Sample,
			ValidFraction:  0.2,
			TrainFraction:  1,
			SplitOrder:     1,
			SplitSeed:      1,
			Aspects:        []string{"service", "food", "anecdotes/miscellaneous", "price", "ambience"},
			Polarities:     []string{"positive", "neutral", "negative", "conflict"},
			Contradictions: "error",
			Leakage:        "warn",
		},
		Text: Text{
			Cleaning:  "none",
			StopWords: "drop",
			Tokenizer: "words",
			MaxTokens: 60,
		},
		Vectors: Vectors{
			Kind:      "random",
			Dimension: 100,
			Std:       1,
			Trainable: true,
			Unknown:   "zero",
			Aliases:   true,
			MinCount:  1,
		},
		Loader: Loader{
			BatchSize: 32,
			Order:     "shuffle",
		},
		Model: Model{
			Hidden:    128,
			Layers:    1,
			Kernels:   "fused",
			Products:  "float32",
			Attention: Attention{Kind: "additive", Heads: 2, Masked: true, Pool: "mean"},
			NGrams:    NGrams{Buckets: 1 << 16, Scale: 6},
		},
		Loss: Loss{
			Reduction:      "pairs",
			PresenceWeight: 0.5,
		},
		Train: Train{
			Epochs:          12,
			Seed:            1,
			Device:          "auto",
			Select:          "best",
			Metric:          "accuracy",
			Optimizer:       "adam",
			LearningRate:    1e-3,
			Schedule:        "constant",
			PlateauFactor:   0.5,
			PlateauPatience: 2,
			Accumulate:      1,
			Beta1:           0.9,
			Beta2:           0.999,
			Eps:             1e-8,
			TensorBoard:     10,
		},
		Checkpoint: Checkpoint{
			EveryMinutes: 10,
			EveryEpochs:  1,
			KeepLast:     2,
			KeepBest:     1,
		},
	}
}
