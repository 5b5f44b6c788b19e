package cmd

import (
	"hash/fnv"
	"strconv"
	"strings"
)

// uniqueIDs makes the ids of a stream differ, as a corpus wants them: one that
// is blank, or was there already, gets the number of its sentence behind it, #7
// or b#7.
//
// It remembers the hashes of so many ids, about 20 bytes for each. All that come
// after those get their number: it differs from every other number behind an id.
type uniqueIDs struct {
	seen  map[uint64]struct{}
	most  int
	count int // of sentences
}

func newUniqueIDs(most int) *uniqueIDs { return &uniqueIDs{seen: map[uint64]struct{}{}, most: most} }

func (u *uniqueIDs) next(id string) string {
	u.count++
	if strings.TrimSpace(id) == "" {
		id = ""
	} else if len(u.seen) < u.most && u.add(id) {
		return id
	}
	for {
		id += "#" + strconv.Itoa(u.count)
		if u.add(id) {
			return id
		}
	}
}

// add says whether an id is new. Two that share a hash are taken for the same,
// which costs a number and no more.
func (u *uniqueIDs) add(id string) bool {
	h := fnv.New64a()
	h.Write([]byte(id)) // a hash does not fail
	_, there := u.seen[h.Sum64()]
	if !there && len(u.seen) < u.most {
		u.seen[h.Sum64()] = struct{}{}
	}
	return !there
}
