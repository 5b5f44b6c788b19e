package trainer

import "testing"

// TestNothingToValidateOn holds that a held-out part without a labelled sentence
// is refused: no epoch would be better than another.
func TestNothingToValidateOn(t *testing.T) {
	r := try(t, t.Context(), small(t, "data.valid_fraction=0.0001"), nil)
	wantError(t, r.err, "data.valid_fraction", "no labelled sentence")
}
