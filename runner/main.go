// Command signalbox-run stands between a container of anybody's and Signalbox: a program is given files, and what it leaves is what
// Signalbox reads. See docs/runner.md.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"

	"signalbox.dev/runner/cause"
	"signalbox.dev/runner/speak"
)

// The thread that starts a program must live as long as it: the program is killed with that.
func init() { runtime.LockOSThread() }

const help = `signalbox-run: what a container needs to be a stage or a gate of Signalbox

  signalbox-run run -- COMMAND [ARGUMENT…]   fetch inputs to /signalbox/in, bring checkpoints back, run the command, save
                                             /signalbox/checkpoints while it runs, upload /signalbox/out, write result.json last
  signalbox-run fetch FOLDER S3-URI…         bring what lies there into the folder; of several, each into a folder of its last name
  signalbox-run probe                        ask the server at TARGET_URL, and write what was measured as result.json
  signalbox-run install PATH                 copy this program there
  signalbox-run version

The environment says the rest: RESULTS_URI, POD_NAME, JOB_NAME, INPUT_URI, SIGNALBOX_INPUTS, SIGNALBOX_GRACE, SIGNALBOX_QUESTIONS, …:
docs/runner.md of Signalbox has each, and what each exit code means. 42: data or settings are wrong. 75: S3 or the server does not answer.
77: a right is missing. 143: told to end. A command's own code is handed on.
`

// version is set when it is built.
var version = "dev"

type mode func(ctx context.Context, arguments []string, voice *speak.Voice) (int, error)

var modes = map[string]mode{"run": run, "fetch": fetchTo, "probe": ask, "install": install}

func main() {
	os.Exit(begin(os.Args[1:]))
}

func begin(arguments []string) (code int) {
	voice := speak.New(os.Stderr, os.Environ())
	defer func() {
		if bug := recover(); bug != nil {
			voice.Say("a bug of signalbox-run, please report it: %v\n%s", bug, debug.Stack())
			code = cause.Bug
		}
	}()
	// Memory is bounded by what is under way, not by what garbage comes to.
	debug.SetGCPercent(50)
	if len(arguments) == 0 || arguments[0] == "help" || arguments[0] == "--help" || arguments[0] == "-h" {
		fmt.Print(help)
		return 0
	}
	if arguments[0] == "version" || arguments[0] == "--version" {
		fmt.Println(version)
		return 0
	}
	work, known := modes[arguments[0]]
	if !known {
		voice.Say("there is no mode %q: one of run, fetch, probe, install (signalbox-run --help)", arguments[0])
		return cause.BadInput
	}
	code, err := work(context.Background(), arguments[1:], voice)
	return told(code, err, voice)
}

// told says why it is not 0, where Kubernetes keeps it too.
func told(code int, err error, voice *speak.Voice) int {
	if err == nil {
		return code
	}
	if code == 0 {
		code = cause.Of(err).Code
	}
	voice.Say("%v (exit %d)", err, code)
	leave(os.Getenv("SIGNALBOX_TERMINATION_LOG"), voice.Hidden(err.Error()))
	return code
}

// mostMessage is what a kubelet keeps of a termination message, in bytes.
const mostMessage = 4096

// leave writes the termination message, unless the program has left one of its own.
func leave(path, text string) {
	if path == "" {
		path = "/dev/termination-log"
	}
	info, err := os.Stat(path)
	if err != nil || info.Size() > 0 || !info.Mode().IsRegular() {
		return
	}
	if len(text) > mostMessage {
		text = text[:mostMessage]
	}
	_ = os.WriteFile(path, []byte(text), 0o644)
}

// untilTold is a context that SIGTERM ends.
func untilTold(ctx context.Context) context.Context {
	ctx, stop := context.WithCancelCause(ctx)
	told := whenTold()
	go func() {
		<-told
		stop(cause.ErrStopped)
	}()
	return ctx
}

// whenTold is closed once SIGTERM came.
func whenTold() <-chan struct{} {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	told := make(chan struct{})
	go func() {
		<-signals
		close(told)
	}()
	return told
}
