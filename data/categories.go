package data

import (
	"slices"
	"strings"

	"absa/configs"
)

// restaurantCategories leads the ENTITY#ATTRIBUTE categories of restaurants in
// SemEval-2015 and 2016 (Pontiki et al. 2015, 2016) to the aspects of SemEval-2014:
// what is said of a price is about the price, whatever costs it.
func restaurantCategories() []configs.Category {
	return []configs.Category{
		{Category: "*#PRICES", Aspect: "price"},
		{Category: "FOOD#*", Aspect: "food"},
		{Category: "DRINKS#*", Aspect: "food"},
		{Category: "SERVICE#*", Aspect: "service"},
		{Category: "AMBIENCE#*", Aspect: "ambience"},
		{Category: "RESTAURANT#*", Aspect: "anecdotes/miscellaneous"},
		{Category: "LOCATION#*", Aspect: "anecdotes/miscellaneous"},
	}
}

// mapping leads the names that a corpus has for its categories to the aspects of a
// schema. What the configuration maps comes first, then the aspects themselves,
// then restaurantCategories.
type mapping struct {
	aspects []string
	stated  []configs.Category
	known   []configs.Category // those of restaurantCategories whose aspects are there
}

// Places of a name that is no aspect.
const (
	passedOver = -1 // the configuration says so
	unmapped   = -2
)

func newMapping(aspects []string, stated []configs.Category) *mapping {
	known := slices.DeleteFunc(restaurantCategories(), func(c configs.Category) bool { return !slices.Contains(aspects, c.Aspect) })
	return &mapping{aspects: aspects, stated: stated, known: known}
}

// find returns the place of the aspect that a name leads to, or one of the above,
// and whether that is another name, which several may lead to.
func (m *mapping) find(name []byte) (aspect int, led bool) {
	if len(m.stated) > 0 {
		if at := first(m.stated, string(name)); at >= 0 {
			to := m.stated[at].Aspect
			if to == "" {
				return passedOver, true
			}
			return slices.Index(m.aspects, to), to != string(name)
		}
	}
	if aspect = position(m.aspects, name); aspect >= 0 {
		return aspect, false
	}
	if at := first(m.known, string(name)); at >= 0 {
		return slices.Index(m.aspects, m.known[at].Aspect), true
	}
	return unmapped, false
}

// first returns the place of the first category that a name fits, -1 if none.
func first(list []configs.Category, name string) int {
	return slices.IndexFunc(list, func(c configs.Category) bool { return c.Fits(name) })
}

// conflict is the polarity of an aspect that is praised and blamed.
const conflict = "conflict"

// combined is what several opinions of an aspect come to: equal ones to that one,
// positive and negative to conflict, which takes both in, and neutral yields to
// any other. It is "" where they contradict each other.
func combined(a, b string) string {
	const positive, negative, neutral = "positive", "negative", "neutral"
	mixes := func(s string) bool { return s == positive || s == negative || s == conflict }
	switch {
	case a == b, b == neutral:
		return a
	case a == neutral:
		return b
	case mixes(a) && mixes(b):
		return conflict
	}
	return ""
}

// unmappedHint says what helps a category that leads nowhere.
func unmappedHint(name string) string {
	if strings.Contains(name, "#") {
		return `; map it to one by data.categories, or to "" to pass it over`
	}
	return "; add it there, map it by data.categories or correct the file"
}
