// Package runs is what a run leaves for people and other programs to read: its
// result, its epochs, its predictions and its temperature, in the form in which
// their files hold them, and how they follow from a model's answers.
// checkpoints/README.md describes the files. Weights and the state that a run is
// resumed from are not its concern.
package runs

// Names of the files of a run folder that this package describes.
const (
	ResultFile      = "result.json"       // see Result
	MetricsFile     = "metrics.jsonl"     // an Epoch per line
	TableFile       = "metrics.csv"       // the same as a table
	PredictionsFile = "predictions.jsonl" // a Prediction per line
	CalibrationFile = "calibration.json"  // see Calibration
	ReportFile      = "report.html"       // what absa report makes of them
)
