// Package report lays runs out as one HTML page that needs nothing else: no
// script, no font, no request. Everything in it is read from the files of the
// run folders; what a run of an older version lacks, the page says.
package report
