package fetch

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"sync"
)

// entry is a line of the journal: a file that is whole at its path, or a part of one that is not yet.
type entry struct {
	Path     string `json:"path,omitempty"`
	ID       string `json:"id"`
	Part     int    `json:"part,omitempty"`
	Size     int64  `json:"size,omitempty"`
	Modified int64  `json:"modified,omitempty"`
}

// journal is what a folder notes down of what has arrived, a line each, behind what it tells of. A line that a death has cut is none.
type journal struct {
	access sync.Mutex
	file   *os.File
	files  map[string]entry
	parts  map[string]map[int]bool
}

func openJournal(root *os.Root) (*journal, error) {
	if err := root.MkdirAll(partsFolder, 0o755); err != nil {
		return nil, err
	}
	file, err := root.OpenFile(journalFile, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	made := &journal{file: file, files: map[string]entry{}, parts: map[string]map[int]bool{}}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var one entry
		if json.Unmarshal(lines.Bytes(), &one) == nil && one.ID != "" {
			made.take(one)
		}
	}
	if _, err := file.Seek(0, io.SeekEnd); err != nil {
		return nil, err
	}
	// Whatever was cut off stays a line of its own.
	_, err = file.WriteString("\n")
	return made, err
}

func (j *journal) take(one entry) {
	if one.Path != "" {
		j.files[one.Path] = one
		delete(j.parts, one.ID)
		return
	}
	if j.parts[one.ID] == nil {
		j.parts[one.ID] = map[int]bool{}
	}
	if one.Part < 0 {
		delete(j.parts, one.ID)
		return
	}
	j.parts[one.ID][one.Part] = true
}

func (j *journal) note(one entry) error {
	line, err := json.Marshal(one)
	if err != nil {
		return err
	}
	j.access.Lock()
	defer j.access.Unlock()
	j.take(one)
	_, err = j.file.Write(append(line, '\n'))
	return err
}

// forget makes all parts of a file unseen.
func (j *journal) forget(id string) { _ = j.note(entry{ID: id, Part: -1}) }

func (j *journal) whole(path string) (entry, bool) {
	j.access.Lock()
	defer j.access.Unlock()
	one, there := j.files[path]
	return one, there
}

func (j *journal) has(id string, part int) bool {
	j.access.Lock()
	defer j.access.Unlock()
	return j.parts[id][part]
}

func (j *journal) close() { _ = j.file.Close() }
