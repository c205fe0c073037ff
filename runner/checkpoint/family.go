package checkpoint

import (
	"regexp"
	"strconv"
	"strings"

	"signalbox.dev/runner/place"
)

// Family are the pods that do the same work: those of one generation, of whichever attempt. Each writes below its own name alone, and
// reads what the others have written.
type Family struct {
	// Begins is what the keys of all of them begin with.
	Begins string
	pod    *regexp.Regexp
}

var runOnce = regexp.MustCompile(`^(.+?-[0-9a-f]{8})-g(\d+)a(\d+)-.+$`)

// FamilyOf a Job whose pods write below `results`. A Job of another name has its own pods alone.
func FamilyOf(results place.Place, job string) Family {
	begin := job + "-"
	pattern := regexp.QuoteMeta(job) + `()-[a-z0-9]{5}`
	if found := runOnce.FindStringSubmatch(job); found != nil {
		begin = found[1] + "-g" + found[2] + "a"
		pattern = regexp.QuoteMeta(begin) + `(\d+)-.+-[a-z0-9]{5}`
	}
	return Family{Begins: strings.TrimPrefix(results.Folder()+begin, "/"), pod: regexp.MustCompile(`^` + pattern + `$`)}
}

// Attempt is the attempt that a pod of this name belongs to, where it is one of the family.
func (f Family) Attempt(pod string) (int, bool) {
	found := f.pod.FindStringSubmatch(pod)
	if found == nil {
		return 0, false
	}
	attempt, _ := strconv.Atoi(found[1])
	return attempt, true
}
