// Package metrics scores predicted polarities against gold ones.
//
// What is scored is the labelled pair: a sentence and an aspect that its
// annotators gave a polarity. An aspect that gold leaves absent counts nowhere,
// whatever was predicted for it. A pair predicted absent is a wrong answer.
//
// Labels are flat slices of N sentences by A aspects, row by row: the label of
// sentence n and aspect a stands at n*A + a, as an index into the polarities or
// [Absent].
package metrics
