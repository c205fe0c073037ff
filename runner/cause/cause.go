// Package cause says why this program ends: a code that Kubernetes and Signalbox tell apart, and a sentence that says what to do.
package cause

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"
)

// Codes of ends that are this program's own. A wrapped program's code is handed on as it is.
const (
	// BadInput: data or settings are wrong, and another try cannot help. A Job of Signalbox fails with it at once.
	BadInput = 42
	// Bug of this program.
	Bug = 70
	// DiskFull: no room for what is fetched.
	DiskFull = 73
	// Disk: this machine cannot read or write its own files.
	Disk = 74
	// Away: a far side does not answer; another try may help.
	Away = 75
	// Refused: a far side answers that it will not, in words of its own.
	Refused = 76
	// Denied: a right is missing.
	Denied = 77
	// NotRunnable and NotFound are what shells say of a command.
	NotRunnable = 126
	NotFound    = 127
	// Stopped: told to end by SIGTERM.
	Stopped = 143
)

// Error is an end with its code. Its text says what was found and what to do.
type Error struct {
	Code int
	Text string
	Err  error
}

func (e *Error) Error() string { return e.Text }
func (e *Error) Unwrap() error { return e.Err }

// New makes an end. The last argument is kept as its reason where it is an error.
func New(code int, format string, args ...any) *Error {
	made := &Error{Code: code, Text: fmt.Sprintf(format, args...)}
	if len(args) > 0 {
		made.Err, _ = args[len(args)-1].(error)
	}
	return made
}

// ErrStopped is the reason of a context that SIGTERM has ended.
var ErrStopped = New(Stopped, "told to end by SIGTERM")

// Of gives any error its end. Those that have one keep it.
func Of(err error) *Error {
	var known *Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return known
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return New(Stopped, "ended before it was through: %v", err)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return New(DiskFull, "the disk is full (%v): ask for more ephemeral-storage, fetch fewer inputs, or mount a volume there", err)
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.EISDIR), errors.Is(err, syscall.ENAMETOOLONG):
		return New(BadInput, "these names cannot stand beside each other on a disk (%v): name files otherwise", err)
	case errors.Is(err, fs.ErrPermission):
		return New(Disk, "it may not be written there (%v): mount an emptyDir at /signalbox, and let the container's user write it", err)
	default:
		return New(Disk, "this machine's files: %v", err)
	}
}

// Unless hands on why a context was ended, where it was; else the error.
func Unless(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// OrNil is Of as an error.
func OrNil(err error) error {
	if err == nil {
		return nil
	}
	return Of(err)
}
