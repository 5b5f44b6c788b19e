// Package checkpoint writes and reads the folders that a training run can go on
// from: RUN/checkpoints/step-00001234, some files and a manifest with the size
// and the SHA-256 of each. The same manifest seals the folder of a run that ended.
//
// A checkpoint is there as a whole or not at all: its files are written to a
// hidden folder, synced, the manifest last, and the folder then gets its name.
// Whatever was damaged later is an error that names the file and the reason.
//
// The package knows folders, sizes and hashes. What the files hold is their
// writer's business: see trainer for what a run needs, and checkpoints/README.md
// for the format.
//
//	lock, err := checkpoint.Lock(run)
//	...
//	defer lock.Unlock()
//	checkpoint.Sweep(run) // what a killed process left
//	saver := checkpoint.Saver{Run: run, Policy: checkpoint.Policy{KeepLast: 2}}
//	saved, err := saver.Save(manifest, contents)
//	...
//	newest, skipped, err := checkpoint.Newest(run)
package checkpoint
