package metrics

import (
	"encoding/json"
	"math"
	"strconv"
)

// Score is a share from 0 to 1, or NaN when there was nothing to count. JSON
// has no NaN: it writes null.
type Score float64

// share is part/whole.
func share(part, whole int) Score {
	if whole == 0 {
		return Score(math.NaN())
	}
	return Score(float64(part) / float64(whole))
}

// Defined says whether there was anything to count.
func (s Score) Defined() bool { return !math.IsNaN(float64(s)) }

// String gives four decimals, or a dash when s is not defined.
func (s Score) String() string {
	if !s.Defined() {
		return "-"
	}
	return strconv.FormatFloat(float64(s), 'f', 4, 64)
}

// MarshalJSON writes all digits, or null when s is not defined.
func (s Score) MarshalJSON() ([]byte, error) {
	if !s.Defined() {
		return []byte("null"), nil
	}
	return json.Marshal(float64(s))
}

// UnmarshalJSON reads what MarshalJSON writes.
func (s *Score) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		*s = Score(math.NaN())
		return nil
	}
	return json.Unmarshal(text, (*float64)(s))
}
