// Package crossval chooses between recipes: repeated stratified k-fold
// cross-validation of the candidates of a configs.Protocol, which is written down
// before anything is trained. Their trainings are those of an internal/study; the test
// corpus takes no part.
package crossval
