// Package supervise runs one program as the first process of a container should: it hands signals on, takes in whoever lost its
// parent, and leaves nobody behind.
package supervise

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"signalbox.dev/runner/cause"
	"signalbox.dev/runner/place"
)

// Exit is how a program ended: with a code, or by a signal.
type Exit struct {
	Code   int
	Signal syscall.Signal
}

// Shell is its code as shells say it.
func (e Exit) Shell() int {
	if e.Signal != 0 {
		return 128 + int(e.Signal)
	}
	return e.Code
}

// Program is one that was started.
type Program struct {
	process *os.Process
	exit    chan Exit
	none    chan struct{}
	copied  chan struct{}
}

// prSetChildSubreaper of prctl(2): orphans below become children of this process, as they are of the first of a container.
const prSetChildSubreaper = 36

// Start begins a program in a process group of its own. Its errors go to `errors`, all else where this process' goes, and what it may be
// waiting for (`Forwarded`) is handed on to it. Call it from the thread that lives as long as this process: the program is killed with it.
func Start(command, environment []string, errors io.Writer) (*Program, error) {
	path, err := lookUp(command[0], environment)
	if err != nil {
		return nil, err
	}
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, prSetChildSubreaper, 1, 0)
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	// Before there is a program: what is told as soon as it has said its first word would be lost.
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, Forwarded...)
	process, err := os.StartProcess(path, command, &os.ProcAttr{
		Env: environment, Files: []*os.File{os.Stdin, os.Stdout, write},
		Sys: &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL},
	})
	_ = write.Close()
	if err != nil {
		signal.Stop(signals)
		return nil, notRunnable(command[0], err)
	}
	made := &Program{process: process, exit: make(chan Exit, 1), none: make(chan struct{}), copied: make(chan struct{})}
	go made.reap()
	go made.forward(signals)
	go func() {
		_, _ = io.Copy(errors, read)
		close(made.copied)
	}()
	return made, nil
}

// lookUp finds a command as a shell does.
func lookUp(name string, environment []string) (string, error) {
	if strings.Contains(name, "/") {
		return name, nil
	}
	search := "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	for _, one := range environment {
		if value, is := strings.CutPrefix(one, "PATH="); is {
			search = value
		}
	}
	for _, folder := range filepath.SplitList(search) {
		if path, err := exec.LookPath(filepath.Join("/", folder, name)); err == nil && filepath.IsAbs(folder) {
			return path, nil
		}
	}
	return "", notRunnable(name, fs.ErrNotExist)
}

func notRunnable(name string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return cause.New(cause.NotFound, "the command %q is not in the image: say `command` as the image has it", place.Shown(name))
	}
	return cause.New(cause.NotRunnable, "the command %q cannot be run (%v): is it executable, and for this processor?", place.Shown(name), err)
}

// reap takes in every child that ends, until none is left.
func (p *Program) reap() {
	defer close(p.none)
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			return
		}
		if pid != p.process.Pid {
			continue
		}
		if status.Signaled() {
			p.exit <- Exit{Signal: status.Signal()}
		} else {
			p.exit <- Exit{Code: status.ExitStatus()}
		}
	}
}

// Ended tells once how it ended.
func (p *Program) Ended() <-chan Exit { return p.exit }

// Signal hands a signal to the program alone: its own children are its to tell.
func (p *Program) Signal(sig syscall.Signal) { _ = syscall.Kill(p.process.Pid, sig) }

// Kill ends it and all below it.
func (p *Program) Kill() { p.tell(syscall.SIGKILL) }

// Clear ends whoever the program has left behind: told first, killed after this time.
func (p *Program) Clear(grace time.Duration) {
	defer p.drain()
	if p.isAlone(0) {
		return
	}
	p.tell(syscall.SIGTERM)
	if p.isAlone(grace) {
		return
	}
	// Children of those that die come up one after the other.
	for range 100 {
		p.tell(syscall.SIGKILL)
		if p.isAlone(20 * time.Millisecond) {
			return
		}
	}
}

// drain waits for what the program said last.
func (p *Program) drain() {
	select {
	case <-p.copied:
	case <-time.After(time.Second):
	}
}

func (p *Program) isAlone(within time.Duration) bool {
	select {
	case <-p.none:
		return true
	case <-time.After(within):
		select {
		case <-p.none:
			return true
		default:
			return false
		}
	}
}

func (p *Program) tell(sig syscall.Signal) {
	_ = syscall.Kill(-p.process.Pid, sig)
	for _, pid := range children() {
		_ = syscall.Kill(pid, sig)
	}
}

// Forwarded are the signals that a program may be waiting for beside SIGTERM.
var Forwarded = []os.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2}

// forward hands those on until the program is gone.
func (p *Program) forward(signals chan os.Signal) {
	defer signal.Stop(signals)
	for {
		select {
		case sig := <-signals:
			p.Signal(sig.(syscall.Signal))
		case <-p.none:
			return
		}
	}
}
