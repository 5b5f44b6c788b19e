// Package study is about trainings that belong together. A [Runner] does them,
// several at a time and each in a process of its own, and keeps what each came to,
// so that a study that was interrupted goes on where it was. An [Outcome] is what
// the models of a study's rows, over seeds, say of the rows.
//
// It knows no tensor, and nothing of how a model is trained: that is what the
// processes do.
package study
