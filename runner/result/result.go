package result

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"

	"signalbox.dev/runner/place"
)

// Limit is the largest result that Signalbox reads, in bytes.
const Limit = 64 << 10

// mostArtifacts that a result may name.
const mostArtifacts = 32

// Result is what Signalbox reads of a Job: written last, for this Job alone.
type Result struct {
	Object    string             `json:"object"`
	Metrics   map[string]float64 `json:"metrics"`
	Artifacts map[string]string  `json:"artifacts"`
}

// Made is what lies directly in the folder of what a program made.
type Made struct {
	Name   string
	Folder bool
}

// MetricsFiles are the names that figures are read from, the first that is there: ours, and the one of Hugging Face's trainer.
var MetricsFiles = []string{"metrics.json", "all_results.json"}

// weights by which a folder is known to be a model, or an adapter, as a whole.
var weights = [][2]string{{"config.json", "model"}, {"adapter_config.json", "adapter"}}

// Artifacts names what was made: each folder, and each file that lies loose. Where weights lie loose, all of it is the `model` (or the
// `adapter`), unless a folder has that name.
func Artifacts(at place.Place, made []Made) (artifacts map[string]string, left []string) {
	artifacts = map[string]string{}
	var loose []string
	for _, one := range made {
		switch {
		case !Name.MatchString(one.Name) || !plain.MatchString(at.Below(one.Name).Key):
			left = append(left, fmt.Sprintf("%.100q is uploaded, and no artifact: begin its name with a letter, and write letters, digits and _ . , @ - only", one.Name))
		case one.Folder:
			artifacts[one.Name] = at.Below(one.Name).String()
		case !slices.Contains(MetricsFiles, one.Name):
			loose = append(loose, one.Name)
		}
	}
	for _, one := range weights {
		file, name := one[0], one[1]
		if _, taken := artifacts[name]; !taken && slices.Contains(loose, file) {
			artifacts[name] = at.String()
			loose = nil
			break
		}
	}
	for _, name := range loose {
		artifacts[name] = at.Below(name).String()
	}
	return fewer(artifacts, loose, left)
}

// plain is what Signalbox lets a key of an artifact be.
var plain = regexp.MustCompile(`^[A-Za-z0-9!_.*'()/=+@,:-]{1,900}$`)

func fewer(artifacts map[string]string, loose, left []string) (map[string]string, []string) {
	if len(artifacts) <= mostArtifacts {
		return artifacts, left
	}
	for _, name := range loose {
		delete(artifacts, name)
	}
	names := make([]string, 0, len(artifacts))
	for name := range artifacts {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names[min(len(names), mostArtifacts):] {
		delete(artifacts, name)
	}
	return artifacts, append(left, fmt.Sprintf("a result names at most %d artifacts: loose files are uploaded and named by none; write folders", mostArtifacts))
}

// Text is the file, as Signalbox takes it: never too large, and no name twice.
func Text(of Result) (text []byte, left []string) {
	for name := range of.Artifacts {
		if _, both := of.Metrics[name]; both {
			delete(of.Metrics, name)
			left = append(left, fmt.Sprintf("the figure %.100q is left out: an artifact has its name", name))
		}
	}
	text, _ = json.Marshal(of)
	for len(text) > Limit && len(of.Metrics) > 0 {
		names := make([]string, 0, len(of.Metrics))
		for name := range of.Metrics {
			names = append(names, name)
		}
		slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
		for _, name := range names[:(len(names)+1)/2] {
			delete(of.Metrics, name)
		}
		left = append(left, "the result would be too large: figures with the longest names are left out")
		text, _ = json.Marshal(of)
	}
	return text, left
}
