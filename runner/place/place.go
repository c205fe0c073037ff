// Package place reads addresses in S3 and turns keys into paths of a folder. Keys are untrusted: whoever may upload chooses them.
package place

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"signalbox.dev/runner/cause"
)

// Place is an address in S3; its key may be that of a folder, with or without a slash at its end.
type Place struct{ Bucket, Key string }

var uri = regexp.MustCompile(`^s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.*))?$`)

// Parse reads `s3://bucket/key`.
func Parse(text string) (Place, error) {
	found := uri.FindStringSubmatch(text)
	if found == nil || strings.ContainsFunc(text, unseen) {
		return Place{}, cause.New(cause.BadInput, "%q is no address in S3: write s3://bucket/key", Shown(text))
	}
	return Place{Bucket: found[1], Key: found[2]}, nil
}

func (p Place) String() string { return "s3://" + p.Bucket + "/" + p.Key }

// Below is what lies below it by these names.
func (p Place) Below(names ...string) Place {
	key := strings.TrimSuffix(p.Key, "/")
	for _, name := range names {
		key = strings.TrimPrefix(key+"/"+name, "/")
	}
	return Place{Bucket: p.Bucket, Key: key}
}

// Folder is its key as that of a folder: with a slash at its end, or nothing.
func (p Place) Folder() string {
	if p.Key == "" || strings.HasSuffix(p.Key, "/") {
		return p.Key
	}
	return p.Key + "/"
}

// Longest names that Linux has on disks.
const (
	longestName = 255
	longestPath = 3000
)

// Relative is where a key lies below a folder, as a path that cannot lead out of it. Refused is what no program here could
// have meant: `.` and `..`, empty names, what is not seen or turns a line around, and what is too long for a disk.
func Relative(folder, key string) (string, error) {
	path, inside := strings.CutPrefix(key, folder)
	if !inside {
		return "", bad(key, "does not lie below "+Shown(folder))
	}
	if why := whyNoPath(path); why != "" {
		return "", bad(key, why)
	}
	return path, nil
}

func bad(key, why string) error {
	return cause.New(cause.BadInput, "the key %q %s: nothing of it is fetched; take it away, or name it otherwise", Shown(key), why)
}

// Own is the folder that holds what this program notes down: no input may write there.
const Own = ".signalbox"

func whyNoPath(path string) string {
	switch {
	case !utf8.ValidString(path):
		return "is not UTF-8"
	case strings.ContainsFunc(path, unseen):
		return "has characters that are not seen, or turn a line around"
	case len(path) > longestPath:
		return "is longer than a path may be"
	}
	for i, name := range strings.Split(path, "/") {
		switch {
		case name == "":
			return "has an empty name between slashes"
		case name == "." || name == "..":
			return "leads elsewhere by `.` or `..`"
		case len(name) > longestName:
			return "has a name longer than a disk takes"
		case i == 0 && name == Own:
			return "lies in " + Own + ", which is this program's own"
		}
	}
	return ""
}

func unseen(r rune) bool {
	return unicode.Is(unicode.Cc, r) || r == '\u2028' || r == '\u2029' ||
		(r >= '\u202a' && r <= '\u202e') || (r >= '\u2066' && r <= '\u2069')
}

// Shown is untrusted text for a sentence: cut, and without what fools a reader.
func Shown(text string) string {
	clean := strings.Map(func(r rune) rune {
		if unseen(r) || r == utf8.RuneError || unicode.Is(unicode.Cf, r) {
			return '\uFFFD'
		}
		return r
	}, text)
	if runes := []rune(clean); len(runes) > 200 {
		return string(runes[:200]) + "…"
	}
	return clean
}
