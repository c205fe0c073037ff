// Package result makes `result.json` of what a program has left: figures that are numbers, and artifacts by name. What it reads is
// untrusted, and what was paid for is kept: a figure that cannot be taken is left out and said, and its gate fails.
package result

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
)

// MetricsLimit is the largest file of figures that is read, in bytes.
const MetricsLimit = 8 << 20

// Name is what Signalbox lets a figure or an artifact be called.
var Name = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.,/@-]{0,79}$`)

// Most figures of a result, and deepest that they may lie.
const (
	mostFigures = 400
	deepest     = 6
)

// bare values of Python's json, which are no JSON.
var bare = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b`)

// Metrics reads figures: numbers by name, and those of objects in it by names with slashes between. Never fails.
func Metrics(text []byte) (figures map[string]float64, left []string) {
	reading := reader{figures: map[string]float64{}, twice: map[string]bool{}}
	text = bare.ReplaceAllFunc(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")), func(found []byte) []byte {
		if found[0] == '"' {
			return found
		}
		return []byte("null")
	})
	reading.tokens = json.NewDecoder(bytes.NewReader(text))
	reading.tokens.UseNumber()
	if err := reading.object(); err != nil {
		return map[string]float64{}, []string{"the figures are no JSON object of numbers (" + err.Error() + "): none is taken"}
	}
	for name := range reading.twice {
		delete(reading.figures, name)
		reading.leave(name, "is said twice")
	}
	return reading.most(), reading.left
}

type reader struct {
	tokens  *json.Decoder
	figures map[string]float64
	twice   map[string]bool
	left    []string
	omitted int
}

func (r *reader) object() error {
	if token, err := r.tokens.Token(); err != nil || token != json.Delim('{') {
		return errors.Join(err, errors.New("it does not begin with {"))
	}
	if err := r.members("", 1); err != nil {
		return err
	}
	if _, err := r.tokens.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something stands behind it")
	}
	return nil
}

func (r *reader) members(before string, depth int) error {
	for r.tokens.More() {
		key, err := r.tokens.Token()
		if err != nil {
			return err
		}
		if err := r.value(before+fmt.Sprint(key), depth); err != nil {
			return err
		}
	}
	_, err := r.tokens.Token()
	return err
}

func (r *reader) value(name string, depth int) error {
	token, err := r.tokens.Token()
	if err != nil {
		return err
	}
	switch value := token.(type) {
	case json.Delim:
		if value == '{' && depth < deepest {
			return r.members(name+"/", depth+1)
		}
		return r.skip()
	case json.Number:
		r.number(name, string(value))
	case nil:
		r.leave(name, "is no finite number")
	}
	return nil
}

// skip passes what stands in a list, or too deep.
func (r *reader) skip() error {
	for depth := 1; depth > 0; {
		token, err := r.tokens.Token()
		if err != nil {
			return err
		}
		if delim, is := token.(json.Delim); is && (delim == '{' || delim == '[') {
			depth++
		} else if is {
			depth--
		}
	}
	return nil
}

func (r *reader) number(name, text string) {
	value, err := strconv.ParseFloat(text, 64)
	_, there := r.figures[name]
	switch {
	case err != nil || math.IsInf(value, 0) || math.IsNaN(value):
		r.leave(name, "is no finite number")
	case !Name.MatchString(name):
		r.leave(name, "begins with no letter, has others than letters, digits and _ . , / @ -, or more than 80")
	case there:
		r.twice[name] = true
	default:
		r.figures[name] = value
	}
}

// leave says what is left out; of many a few.
func (r *reader) leave(name, why string) {
	const few = 10
	switch {
	case len(r.left) < few:
		r.left = append(r.left, fmt.Sprintf("the figure %.100q is left out: it %s", name, why))
	case r.omitted == 0:
		r.left = append(r.left, "more figures are left out")
		r.omitted++
	}
}

func (r *reader) most() map[string]float64 {
	if len(r.figures) <= mostFigures {
		return r.figures
	}
	names := make([]string, 0, len(r.figures))
	for name := range r.figures {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })
	for _, name := range names[mostFigures:] {
		delete(r.figures, name)
	}
	r.left = append(r.left, fmt.Sprintf("of %d figures the %d with the shortest names are taken: write fewer", len(names), mostFigures))
	return r.figures
}
