package upload

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"sync"

	"signalbox.dev/runner/store"
)

// line of the notes: a file as it was, and what S3 has of it.
type line struct {
	Path     string      `json:"path"`
	Size     int64       `json:"size"`
	Modified int64       `json:"modified"`
	Upload   string      `json:"upload,omitempty"`
	Part     int         `json:"part,omitempty"`
	Done     *store.Done `json:"done,omitempty"`
	Whole    bool        `json:"whole,omitempty"`
}

type notes struct {
	access sync.Mutex
	file   *os.File
	wholes map[string]line
	begins map[string]line
	parts  map[string]map[int]store.Done
}

func openNotes(path string) (*notes, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	made := &notes{file: file, wholes: map[string]line{}, begins: map[string]line{}, parts: map[string]map[int]store.Done{}}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var one line
		if json.Unmarshal(lines.Bytes(), &one) == nil && one.Path != "" {
			made.take(one)
		}
	}
	if _, err := file.Seek(0, io.SeekEnd); err != nil {
		return nil, err
	}
	_, err = file.WriteString("\n")
	return made, err
}

func (n *notes) take(one line) {
	switch {
	case one.Whole:
		n.wholes[one.Path] = one
	case one.Done == nil:
		n.begins[one.Path], n.parts[one.Path] = one, map[int]store.Done{}
	case n.begins[one.Path].Upload == one.Upload:
		n.parts[one.Path][one.Part] = *one.Done
	}
}

func lineOf(one file) line {
	return line{Path: one.path, Size: one.info.Size(), Modified: one.info.ModTime().UnixNano()}
}

func (l line) is(one file) bool {
	return l.Path == one.path && l.Size == one.info.Size() && l.Modified == one.info.ModTime().UnixNano()
}

func (n *notes) isThere(one file) bool {
	n.access.Lock()
	defer n.access.Unlock()
	return n.wholes[one.path].is(one)
}

// begun is what an earlier process began of this very file.
func (n *notes) begun(one file) store.Begun {
	n.access.Lock()
	defer n.access.Unlock()
	known := n.begins[one.path]
	if !known.is(one) {
		return store.Begun{}
	}
	parts := map[int]store.Done{}
	for number, done := range n.parts[one.path] {
		parts[number] = done
	}
	return store.Begun{ID: known.Upload, Parts: parts}
}

func (n *notes) part(of file, id string, number int, done store.Done) {
	made := lineOf(of)
	made.Upload = id
	if number >= 0 {
		made.Part, made.Done = number, &done
	}
	_ = n.write(made)
}

func (n *notes) whole(of file) error {
	made := lineOf(of)
	made.Whole = true
	return n.write(made)
}

func (n *notes) write(one line) error {
	text, err := json.Marshal(one)
	if err != nil {
		return err
	}
	n.access.Lock()
	defer n.access.Unlock()
	n.take(one)
	_, err = n.file.Write(append(text, '\n'))
	return err
}

func (n *notes) close() { _ = n.file.Close() }
