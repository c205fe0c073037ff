// Package settings reads what a pod is told by its environment. What is wrong is said with its name, before anything is begun.
package settings

import (
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"signalbox.dev/runner/cause"
	"signalbox.dev/runner/fetch"
	"signalbox.dev/runner/place"
)

// Lookup answers a variable; empty: it is not set.
type Lookup func(name string) string

// Pod is whose result is written, and where.
type Pod struct {
	// Job is what a result names as its `object`.
	Job string
	// Name is what the pod may write below.
	Name    string
	Results place.Place
}

// Home is where the pod writes.
func (p Pod) Home() place.Place { return p.Results.Below(p.Name) }

// Input is something that is fetched before the program begins, into a folder of its name.
type Input struct {
	Name string
	From place.Place
	// Pin is what it was when its result was read; empty: nobody told.
	Pin string
	// Dataset is set where a manifest says what belongs to it.
	Dataset *fetch.Dataset
}

// Run are the settings of `run`.
type Run struct {
	Pod    Pod
	Folder string
	Inputs []Input
	// Rank of several pods that do one work: the first one alone saves and uploads.
	Rank int
	// Gang: several pods of one Job work together, and go on from the same.
	Gang bool
	// Stage names the checkpoints of this work; Step says which work it is, where somebody told.
	Stage, Step string
	// Sync: checkpoints are kept in S3.
	Sync                 bool
	Every, Settle, Grace time.Duration
	// Save is how long the program has to save once it is asked to, before SIGTERM; 0: it is told at once.
	Save                  time.Duration
	Patience              time.Duration
	Marker, TerminatesLog string
	Parts                 int
}

var (
	podName = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$`)
	word    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)
)

// PodOf reads whose result it is.
func PodOf(env Lookup) (Pod, error) {
	for _, name := range []string{"RESULTS_URI", "POD_NAME", "JOB_NAME"} {
		if env(name) == "" {
			return Pod{}, cause.New(cause.BadInput, "%s is not set: RESULTS_URI, POD_NAME and JOB_NAME say where the result goes and whose it is", name)
		}
	}
	results, err := place.Parse(env("RESULTS_URI"))
	if err != nil {
		return Pod{}, err
	}
	for _, name := range []string{"POD_NAME", "JOB_NAME"} {
		if !podName.MatchString(env(name)) {
			return Pod{}, cause.New(cause.BadInput, "%s is %q, and no name of Kubernetes", name, place.Shown(env(name)))
		}
	}
	return Pod{Job: env("JOB_NAME"), Name: env("POD_NAME"), Results: results}, nil
}

// RunOf reads the settings of `run`.
func RunOf(env Lookup) (Run, error) {
	pod, err := PodOf(env)
	if err != nil {
		return Run{}, err
	}
	made := Run{Pod: pod, Folder: or(env("SIGNALBOX_FOLDER"), "/signalbox"), Step: env("SIGNALBOX_STEP"), Marker: env("SIGNALBOX_CHECKPOINT_MARKER"),
		TerminatesLog: or(env("SIGNALBOX_TERMINATION_LOG"), "/dev/termination-log"), Stage: or(env("SIGNALBOX_STAGE"), or(env("SIGNALBOX_TASK"), "main"))}
	if !filepath.IsAbs(made.Folder) {
		return Run{}, cause.New(cause.BadInput, "SIGNALBOX_FOLDER is %q: write an absolute path", place.Shown(made.Folder))
	}
	if !word.MatchString(made.Stage) {
		return Run{}, cause.New(cause.BadInput, "SIGNALBOX_STAGE is %q: write letters, digits, dots and dashes", place.Shown(made.Stage))
	}
	switch sync := env("SIGNALBOX_SYNC"); sync {
	case "", "on", "off":
		made.Sync = sync != "off"
	default:
		return Run{}, cause.New(cause.BadInput, "SIGNALBOX_SYNC is %q: write `on`, or `off` where the checkpoints' folder is a volume of yours", place.Shown(sync))
	}
	if err := made.numbers(env); err != nil {
		return Run{}, err
	}
	if made.Inputs, err = inputsOf(env); err != nil {
		return Run{}, err
	}
	// As Signalbox tells each pod of a stage on several nodes.
	made.Gang = or(env("NNODES"), "1") != "1"
	made.Rank, err = rankOf(env)
	return made, err
}

func (r *Run) numbers(env Lookup) (err error) {
	seconds := func(into *time.Duration, least float64) func(float64) {
		return func(n float64) { *into = time.Duration(max(n, least) * float64(time.Second)) }
	}
	for _, one := range []struct {
		name        string
		usual, most float64
		take        func(float64)
	}{
		{"SIGNALBOX_CHECKPOINT_SECONDS", 30, 86400, seconds(&r.Every, 0.05)},
		{"SIGNALBOX_CHECKPOINT_SETTLE", 5, 3600, seconds(&r.Settle, 0)},
		{"SIGNALBOX_GRACE", 30, 86400, seconds(&r.Grace, 0.5)},
		{"SIGNALBOX_SAVE_SECONDS", 0, 43200, seconds(&r.Save, 0)},
		{"SIGNALBOX_PATIENCE", 1800, 864000, seconds(&r.Patience, 0)},
		{"SIGNALBOX_PARTS", 16, 128, func(n float64) { r.Parts = max(int(n), 1) }},
	} {
		number, bad := one.usual, error(nil)
		if text := env(one.name); text != "" {
			number, bad = strconv.ParseFloat(text, 64)
		}
		// What is no number is not within bounds either.
		if bad != nil || !(number >= 0 && number <= one.most) {
			return cause.New(cause.BadInput, "%s is %q: write a number from 0 to %g", one.name, place.Shown(env(one.name)), one.most)
		}
		one.take(number)
	}
	// SIGTERM needs time, too, and so does what is saved last.
	if r.Save > r.Grace/2 {
		return cause.New(cause.BadInput, "SIGNALBOX_SAVE_SECONDS is %g, and the pod has %g seconds to end: write half of these at most, or give it more by `terminationGracePeriodSeconds`", r.Save.Seconds(), r.Grace.Seconds())
	}
	return nil
}

// ranks are variables that tell which of several a process is: by name of the launcher that sets them.
var ranks = []string{"SIGNALBOX_RANK", "RANK", "PET_NODE_RANK", "NODE_RANK", "OMPI_COMM_WORLD_RANK", "LWS_WORKER_INDEX", "JOB_COMPLETION_INDEX"}

func rankOf(env Lookup) (int, error) {
	for _, name := range ranks {
		if text := env(name); text != "" {
			rank, err := strconv.Atoi(text)
			if err != nil || rank < 0 {
				return 0, cause.New(cause.BadInput, "%s is %q, and no number of a rank", name, place.Shown(text))
			}
			return rank, nil
		}
	}
	return 0, nil
}

func or(text, usual string) string {
	if text == "" {
		return usual
	}
	return text
}

// variable is how variables begin that tell of a stage.
func variable(stage string) string { return strings.ReplaceAll(strings.ToUpper(stage), "-", "_") }
