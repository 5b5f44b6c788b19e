// Package tensorboard writes the event files that TensorBoard shows: scalars by
// step, and the hyperparameters of a run.
//
// An event file is a sequence of records (length, masked CRC-32C, data, masked
// CRC-32C), the framing of TFRecord; each holds an Event message of
// tensorflow/core/util/event.proto. Only what is written here is read again, to
// go on with a file after a run was interrupted; this is no reader for others'
// files.
package tensorboard
