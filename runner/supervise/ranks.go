package supervise

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
)

// Rank is which of several has failed first, and with what.
type Rank struct {
	Rank string
	Code int
	// Says is what it said of itself; empty: nothing.
	Says string
}

var (
	rankIs = regexp.MustCompile(`(?m)^\s*rank\s*:\s*(\d+)`)
	exitIs = regexp.MustCompile(`(?m)^\s*exitcode\s*:\s*(-?\d+)`)
)

// FirstRank is which rank torchrun says failed first; false: it says of none. A launcher itself ends with 1, whatever its ranks ended with.
func FirstRank(said string) (Rank, bool) {
	at := strings.LastIndex(said, "Root Cause (first observed failure):")
	if at < 0 {
		return Rank{}, false
	}
	code := exitIs.FindStringSubmatch(said[at:])
	if code == nil {
		return Rank{}, false
	}
	number, err := strconv.Atoi(code[1])
	if err != nil || number < -64 || number > 255 || number == 0 {
		return Rank{}, false
	}
	if number < 0 {
		number = 128 - number
	}
	found := Rank{Code: number, Rank: "?"}
	if rank := rankIs.FindStringSubmatch(said[at:]); rank != nil {
		found.Rank = rank[1]
	}
	return found, true
}

// ErrorFile reads what a rank has written of its failure (`TORCHELASTIC_ERROR_FILE`); empty: nothing that can be read.
func ErrorFile(text []byte) string {
	var file struct {
		Message json.RawMessage `json:"message"`
	}
	if json.Unmarshal(text, &file) != nil {
		return ""
	}
	var inner struct {
		Message string `json:"message"`
	}
	var plain string
	if json.Unmarshal(file.Message, &inner) == nil && inner.Message != "" {
		return inner.Message
	}
	_ = json.Unmarshal(file.Message, &plain)
	return plain
}
