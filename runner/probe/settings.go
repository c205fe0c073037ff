// Package probe asks a server that answers as OpenAI's does, and measures what it answers: a gate's numbers. It judges nothing, and what
// the server says is never believed for a number.
package probe

import (
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"signalbox.dev/runner/cause"
	"signalbox.dev/runner/place"
)

// Prompt is a question whose answer is known.
type Prompt struct {
	Prompt string `json:"prompt"`
	// Contains are texts that an answer has, all of them, whatever their case; Matches is a regular expression that it fits; Lacks are
	// texts that it has none of. A prompt without any of them measures time alone.
	Contains  []string `json:"contains"`
	Lacks     []string `json:"lacks"`
	Matches   string   `json:"matches"`
	MaxTokens int      `json:"maxTokens"`

	matches *regexp.Regexp
}

// isJudged says whether an answer of it can be wrong.
func (p Prompt) isJudged() bool { return len(p.Contains)+len(p.Lacks) > 0 || p.matches != nil }

// Questions are what is asked.
type Questions struct {
	Prompts []Prompt `json:"prompts"`
	// Requests in all, and so many of them at once.
	Requests    int `json:"requests"`
	Concurrency int `json:"concurrency"`
	// Seconds that one answer may take, and that the server may take to answer at all.
	TimeoutSeconds int `json:"timeoutSeconds"`
	WaitSeconds    int `json:"waitSeconds"`
}

// usual questions: they measure time, and whether answers come.
var usual = []Prompt{{Prompt: "Count from one to twenty in words.", MaxTokens: 64}}

// QuestionsOf reads questions; empty text: the usual ones.
func QuestionsOf(text []byte) (Questions, error) {
	made := Questions{Requests: 20, Concurrency: 4, TimeoutSeconds: 60, WaitSeconds: 60}
	if len(text) > 0 {
		decoder := json.NewDecoder(strings.NewReader(string(text)))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&made); err != nil {
			return made, cause.New(cause.BadInput, "the questions cannot be read: write {\"prompts\":[{\"prompt\":\"…\",\"contains\":[\"…\"]}],\"requests\":20,\"concurrency\":4} (%v)", err)
		}
	}
	if len(made.Prompts) == 0 {
		made.Prompts = usual
	}
	made.Requests = max(made.Requests, len(made.Prompts))
	for i := range made.Prompts {
		if err := made.Prompts[i].ready(); err != nil {
			return made, err
		}
	}
	for _, number := range []int{made.Requests, made.Concurrency, made.TimeoutSeconds, made.WaitSeconds} {
		if number < 1 || number > 10_000 {
			return made, cause.New(cause.BadInput, "the questions say %d requests, %d at once, %d and %d seconds: each is from 1 to 10000", made.Requests, made.Concurrency, made.TimeoutSeconds, made.WaitSeconds)
		}
	}
	return made, nil
}

func (p *Prompt) ready() (err error) {
	if p.Prompt == "" {
		return cause.New(cause.BadInput, "a prompt says nothing: write `prompt`")
	}
	if p.MaxTokens == 0 {
		p.MaxTokens = 128
	}
	if p.Matches != "" {
		if p.matches, err = regexp.Compile(p.Matches); err != nil {
			return cause.New(cause.BadInput, "`matches` of a prompt is no regular expression of Go: %v", err)
		}
	}
	return nil
}

// Target is who is asked, for which of its models.
type Target struct{ URL, Model string }

// TargetOf reads TARGET_URL and SERVED_MODEL.
func TargetOf(address, model string) (Target, error) {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Host == "" || (parsed.Scheme != "http" && parsed.Scheme != "https") {
		return Target{}, cause.New(cause.BadInput, "TARGET_URL is %q: write http://name:port", place.Shown(address))
	}
	if model == "" {
		return Target{}, cause.New(cause.BadInput, "SERVED_MODEL is not set: say which model is asked")
	}
	return Target{URL: strings.TrimSuffix(strings.TrimSuffix(address, "/"), "/v1"), Model: model}, nil
}

// Measured are the figures that a probe can measure.
var Measured = []string{
	"health", "model_listed", "requests", "errors", "error_rate", "golden_total", "golden_passed", "golden_rate",
	"ttft_p50_ms", "ttft_p95_ms", "itl_p50_ms", "itl_p95_ms", "p50_ms", "p95_ms", "tokens_per_s",
}

// Wanted refuses figures that no probe measures, before anything is asked: their gate could never hold.
func Wanted(metrics string) error {
	for _, name := range strings.FieldsFunc(metrics, func(r rune) bool { return r == ',' }) {
		if !slices.Contains(Measured, name) {
			return cause.New(cause.BadInput, "no probe measures %q: it measures %s; bring an image of your own for others", place.Shown(name), strings.Join(Measured, ", "))
		}
	}
	return nil
}

// seconds as a duration.
func seconds(n int) time.Duration { return time.Duration(n) * time.Second }
