package data

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestSplitSentences(t *testing.T) {
	tests := []struct {
		name, review string // "|" marks where it is cut
	}{
		{"plain", "The room was clean. |The staff was rude! |Would we return? |No."},
		{"nothing", ""},
		{"no stop", "great place"},
		{"titles", "Mr. Smith and Dr. Jones met us. |Mrs. Lee waved."},
		{"abbreviations", "Better than e.g. The Ritz vs. The Plaza. |We were in room no. 5 on St. Mary's street."},
		{"units", "We waited 40 min. |Staff was rude. |The room has 200 sq. ft. |It felt small. |A stay of min. 2 nights, max. 5. |We paid the max. |Never again."},
		{"months", "We came on Dec. 24 and left in Jan. |The pool was closed. |It opens in Feb. or so."},
		{"suffixes", "The Harbour (est. 1990) is run by J. Miller Jr. |He was kind. |We had apt. 12 there."},
		{"saints and streets", "The St. Regis is near Mt. Hood. |At St. Mary's we parked. |It is on Main St. |Parking was hard. |So it was on 42nd St. |We walked down Elm St. at night."},
		{"an answer", "Would I go back? |No. |Never. |So did I. |We left."},
		{"initials", "J. R. Smith owns it. |The U.S. Army was there."},
		{"hours", "We came at 9 p.m. |The kitchen was closed."},
		{"decimals", "It cost $3.50. |The other was 4.75 euros, 1,000.00 in all."},
		{"addresses", "See www.example.com for more. |We did."},
		{"ellipsis", "The food was... fine. |The wait... |Well. |So so… but ok."},
		{"quotes", "\"Great!\" she said. |“We loved it.” |‘Never again!’ |He left."},
		{"brackets", "We paid (too much!) for it. |(It was late.) |We left."},
		{"lower case", "great food! |will come again. |nice staff."},
		{"lower case after a stop", "the room was dirty. |staff ok (e.g. the porter), pool etc. are fine... really. |we left at 9 a.m. sharp."},
		{"lines", "Clean room\n|Bad food\n\n|Nice staff"},
		{"list", "Pros:\n|- the pool\n|- the bar\n|Cons: noise"},
		{"wrapped", "The room that we had booked\nwas not the one we got. |It was\nsmall."},
		{"paragraphs", "we liked it\n\n|but not the food"},
		{"emoji", "Loved it! 😍 |The staff was rude 😡. |I ❤️ this place!! 👍🏽👍🏽"},
		{"runs of marks", "Awful!!! |Never again?!? |Ever."},
		{"no space", "1. |Good value"},
		{"other scripts", "料理は美味しい。|また来ます。"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var want []string
			for part := range strings.SplitSeq(test.review, "|") {
				if part = strings.TrimSpace(part); part != "" {
					want = append(want, part)
				}
			}
			got := slices.Collect(SplitSentences(strings.ReplaceAll(test.review, "|", "")))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// FuzzSplitSentences holds that nothing is lost, and no sentence is blank.
func FuzzSplitSentences(f *testing.F) {
	for _, s := range []string{"", "a. B", "Mr. \n\n X", "a!😍", "\xff. \xff", "\u2029\u0085a.\r\nB", "\"a.\" b", ". . .", "5. 6. A."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, review string) {
		if !utf8.ValidString(review) {
			t.Skip("a stream has no such text")
		}
		space := func(s string) string { return strings.Join(strings.Fields(s), "") }
		var all strings.Builder
		for s := range SplitSentences(review) {
			if strings.TrimSpace(s) != s || s == "" {
				t.Fatalf("%q of %q", s, review)
			}
			all.WriteString(s)
		}
		if space(all.String()) != space(review) {
			t.Fatalf("%q is left of %q", all.String(), review)
		}
	})
}
