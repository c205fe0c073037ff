package supervise

import (
	"io"
	"sync"
)

// Tail hands on what is written and keeps the last of it.
type Tail struct {
	to     io.Writer
	access sync.Mutex
	kept   []byte
}

// kept of what a program said, in bytes.
const tail = 64 << 10

// NewTail hands on to this writer.
func NewTail(to io.Writer) *Tail { return &Tail{to: to} }

// Write never fails: who reads no errors of a program must not end it.
func (t *Tail) Write(bytes []byte) (int, error) {
	_, _ = t.to.Write(bytes)
	t.access.Lock()
	defer t.access.Unlock()
	t.kept = append(t.kept, bytes...)
	if extra := len(t.kept) - tail; extra > 0 {
		t.kept = append(t.kept[:0], t.kept[extra:]...)
	}
	return len(bytes), nil
}

// Last is what was said last.
func (t *Tail) Last() string {
	t.access.Lock()
	defer t.access.Unlock()
	return string(t.kept)
}
