package cmd

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestUniqueIDs(t *testing.T) {
	tests := []struct {
		name      string
		most      int
		ids, want []string
	}{
		{"different", 10, []string{"a", "b", "#3"}, []string{"a", "b", "#3"}},
		{"repeated", 10, []string{"a", "a", "b", "a"}, []string{"a", "a#2", "b", "a#4"}},
		{"blank", 10, []string{"", " ", "a"}, []string{"#1", "#2", "a"}},
		{"one that looks made", 10, []string{"a#3", "a", "a", "#5", ""}, []string{"a#3", "a", "a#3#3", "#5", "#5#5"}},
		{"made, then there", 10, []string{"a", "a", "a#2"}, []string{"a", "a#2", "a#2#3"}},
		{"more than are remembered", 2, []string{"a", "b", "c", "a", "c#3", "#6"}, []string{"a", "b", "c#3", "a#4", "c#3#5", "#6#6"}},
		{"one that looks made, then more", 2, []string{"c#3", "b", "c"}, []string{"c#3", "b", "c#3#3"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			u := newUniqueIDs(test.most)
			var got []string
			for _, id := range test.ids {
				got = append(got, u.next(id))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
