// Package data turns review files into batches of integers.
//
// The way of a sentence: [Open] reads SemEval XML, lines of JSON or CSV into a [Set],
// which has the words, labels and id of each sentence as numbers in flat
// arrays; [Set.Split] holds some out, a [Vocabulary] numbers the words,
// [Set.Examples] joins them, and a [Loader] yields padded batches:
//
//	set, err := data.Open(ctx, "train.xml", cfg, data.OpenOptions{})
//	if err != nil {
//		return err
//	}
//	defer set.Close()
//	train, valid := set.Split(set.WithWords(set.All()), 0.2, data.Stratification{Seed: 1})
//
// Everything here is a pure function of the input, the configuration and a
// seed. The package knows no tensor: a batch is Go slices, row major.
//
// What wants the texts reads [Records], which holds one sentence at a time and
// passes over faults: a [Checker] lists them, [SplitFile] divides a file, and a
// [Reformatting] writes another format. [Stream] reads sentences to label.
package data
