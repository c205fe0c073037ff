package checkpoint

import (
	"sort"
	"time"
)

// Ended says how sure it is that nobody writes any more.
type Ended int

const (
	// Running: whoever writes may be in the midst of it.
	Running Ended = iota
	// Torn: the program died, perhaps in the midst of a checkpoint.
	Torn
	// Whole: the program has ended by itself.
	Whole
)

// Choice is what becomes of each unit in the next picture.
type Choice struct {
	// Take: uploaded as they are now, the newest folder first, and what lies loose after all folders, since that names them.
	Take []Unit
	// Keep: as the picture before has them, by name.
	Keep []string
}

// Rules of when a unit is complete.
type Rules struct {
	// Settle is how long nothing of it has changed.
	Settle time.Duration
	// Marker is the name of a file that is written last; empty: none is.
	Marker string
}

// Choose: what is complete is taken, or kept where the picture has it already; of what is being written the earlier state is kept; and
// what is gone is kept for as long as another of its kind is being written, since trainers take away the old before the new is whole. A log
// that grows for ever keeps no folders.
func Choose(before Snapshot, now []Unit, at time.Time, ended Ended, rules Rules) Choice {
	var choice Choice
	present, openLoose, openFolder := map[string]bool{}, false, false
	for _, unit := range now {
		present[unit.Name] = true
		if !complete(unit, at, ended, rules) {
			openLoose = openLoose || unit.Loose
			openFolder = openFolder || !unit.Loose
		}
	}
	for _, unit := range now {
		switch {
		case before.has(unit):
			choice.Keep = append(choice.Keep, unit.Name)
		case complete(unit, at, ended, rules) && !(unit.Loose && openFolder):
			choice.Take = append(choice.Take, unit)
		case len(before.unit(unit.Name)) > 0:
			choice.Keep = append(choice.Keep, unit.Name)
		}
	}
	choice.Keep = append(choice.Keep, gone(before, present, func(loose bool) bool { return loose && openLoose || !loose && openFolder })...)
	sort.SliceStable(choice.Take, func(i, j int) bool {
		a, b := choice.Take[i], choice.Take[j]
		if a.Loose != b.Loose {
			return b.Loose
		}
		return a.Touched.After(b.Touched)
	})
	return choice
}

func complete(unit Unit, at time.Time, ended Ended, rules Rules) bool {
	if rules.Marker != "" && !unit.Loose && !unit.Has(rules.Marker) {
		return false
	}
	return ended == Whole || at.Sub(unit.Touched) >= rules.Settle
}

func gone(before Snapshot, present map[string]bool, isKept func(loose bool) bool) (names []string) {
	for _, file := range before.Files {
		if name := unitOf(file.Path); !present[name] && isKept(name == file.Path) {
			present[name] = true
			names = append(names, name)
		}
	}
	return names
}
