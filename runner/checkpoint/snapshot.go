// Package checkpoint keeps what a program saves: a consistent picture of its checkpoints in S3, and the newest one back on the disk when
// another pod goes on. A picture names its files; it is written after them, so that one which is there is whole.
package checkpoint

import (
	"encoding/json"
	"sort"
	"strings"
	"time"

	"signalbox.dev/runner/cause"
	"signalbox.dev/runner/place"
	"signalbox.dev/runner/store"
)

// File is a file of a picture, and the object that has its bytes; or a link.
type File struct {
	Path     string   `json:"path"`
	Size     int64    `json:"size,omitempty"`
	Mode     uint32   `json:"mode,omitempty"`
	Modified int64    `json:"modified,omitempty"`
	Key      string   `json:"key,omitempty"`
	Part     int64    `json:"part,omitempty"`
	Parts    []string `json:"parts,omitempty"`
	Link     string   `json:"link,omitempty"`
}

// Snapshot is a picture of all checkpoints at one time.
type Snapshot struct {
	Version int `json:"version"`
	// Number grows from picture to picture, from pod to pod.
	Number int64  `json:"number"`
	Stage  string `json:"stage"`
	// Step is the key of the step that was being done; empty: nobody told.
	Step  string    `json:"step,omitempty"`
	Pod   string    `json:"pod"`
	At    time.Time `json:"at"`
	Files []File    `json:"files"`
	// Doubtful: the program died, and may have been in the midst of what it holds. Whoever tries it says so, and it is not tried again.
	Doubtful bool `json:"doubtful,omitempty"`
}

// largest picture that is read, in bytes.
const largest = 64 << 20

// unitOf is the unit that a file belongs to.
func unitOf(path string) string {
	name, _, _ := strings.Cut(path, "/")
	return name
}

// isOf says whether a file of a picture is what stands on the disk.
func (f File) isOf(node Node) bool {
	return f.Path == node.Path && f.Link == node.Link && (f.Link != "" ||
		f.Size == node.Size && f.Modified == node.Modified.UnixNano() && f.Mode == uint32(node.Mode))
}

// has says whether the picture has exactly this unit.
func (s Snapshot) has(unit Unit) bool {
	files := s.unit(unit.Name)
	if len(files) != len(unit.Nodes) {
		return false
	}
	byPath := map[string]File{}
	for _, file := range files {
		byPath[file.Path] = file
	}
	for _, node := range unit.Nodes {
		if !byPath[node.Path].isOf(node) {
			return false
		}
	}
	return true
}

func (s Snapshot) unit(name string) (files []File) {
	for _, file := range s.Files {
		if unitOf(file.Path) == name {
			files = append(files, file)
		}
	}
	return files
}

// parse reads a picture. It was written by a pod of this lane, and is not believed: paths lead nowhere else, and objects lie where
// pods of this family write.
func parse(text []byte, family string) (Snapshot, error) {
	var read Snapshot
	if err := json.Unmarshal(text, &read); err != nil || read.Version != 1 {
		return read, cause.New(cause.BadInput, "a picture of checkpoints cannot be read: %v", err)
	}
	seen := map[string]bool{}
	for _, file := range read.Files {
		_, err := place.Relative("", file.Path)
		switch {
		case err != nil:
			return read, err
		case seen[file.Path] || file.Size < 0,
			file.Link == "" && (file.Part < store.Part || int64(len(file.Parts)) != (file.Size+file.Part-1)/file.Part),
			file.Link != "" && !inside(file.Path, file.Link),
			file.Link == "" && !strings.HasPrefix(file.Key, family):
			return read, cause.New(cause.BadInput, "a picture of checkpoints says of %q what cannot be", place.Shown(file.Path))
		}
		seen[file.Path] = true
	}
	return read, nil
}

func sorted(files []File) []File {
	sort.Slice(files, func(i, j int) bool { return files[i].Path < files[j].Path })
	return files
}

func sameFiles(a, b []File) bool {
	first, _ := json.Marshal(a)
	second, _ := json.Marshal(b)
	return string(first) == string(second)
}
