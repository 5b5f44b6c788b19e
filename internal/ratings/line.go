package ratings

// Line is a rating as a line of JSON has it, complete in itself.
type Line struct {
	Group      string           `json:"group"`
	Reviews    int              `json:"reviews"`   // of the group
	Sentences  int              `json:"sentences"` // of the group
	Aspect     string           `json:"aspect"`
	Count      int              `json:"count"` // sentences that mention the aspect
	Polarities map[string]Share `json:"polarities"`
	Rating     float64          `json:"rating"`
	Low        float64          `json:"low"` // of the 95 % interval
	High       float64          `json:"high"`
	Calibrated bool             `json:"calibrated"` // the confidence of pros and cons
	Pros       []Quote          `json:"pros"`
	Cons       []Quote          `json:"cons"`
}

// Share is how many of the sentences have a polarity.
type Share struct {
	Count int     `json:"count"`
	Share float64 `json:"share"`
}

// Lines are the ratings of a group.
func (r *Ratings) Lines(g Group) (list []Line) {
	for _, x := range g.Ratings {
		l := Line{
			Group: g.Name, Reviews: g.Reviews, Sentences: g.Sentences, Aspect: x.Aspect, Count: x.Count(),
			Polarities: map[string]Share{}, Rating: r.Scale.Mean(x), Calibrated: r.Calibrated,
			Pros: append([]Quote{}, x.Pros...), Cons: append([]Quote{}, x.Cons...),
		}
		l.Low, l.High = r.Scale.Interval(x)
		for p, name := range r.Polarities {
			l.Polarities[name] = Share{x.Counts[p], x.Share(p)}
		}
		list = append(list, l)
	}
	return list
}
