// Package trainer trains a model on a corpus and leaves a run folder.
//
//	run, err := trainer.Train(ctx, trainer.Options{Config: cfg, Out: dir, Report: show})
//
// It is the one place where data, models and the files of a run meet: data and
// models do not know each other. It knows no user interface: what happens is
// told to Report as events, and results are returned.
//
// Everything that touches LibTorch runs on the calling goroutine, which Train
// and Evaluate lock to its thread.
package trainer
