package main

import (
	"context"
	"io"
	"os"
	"path/filepath"

	"signalbox.dev/runner/cause"
	"signalbox.dev/runner/speak"
)

// install copies this program: it is there whole, or not at all.
func install(_ context.Context, arguments []string, voice *speak.Voice) (int, error) {
	if len(arguments) != 1 {
		return 0, cause.New(cause.BadInput, "write `signalbox-run install PATH`, a file or a folder that is there")
	}
	to := arguments[0]
	if info, err := os.Stat(to); err == nil && info.IsDir() {
		to = filepath.Join(to, "signalbox-run")
	}
	if err := copySelf(to); err != nil {
		return 0, cause.OrNil(err)
	}
	voice.Say("%s is at %s", version, to)
	return 0, nil
}

func copySelf(to string) error {
	from, err := os.Open("/proc/self/exe")
	if err != nil {
		return err
	}
	defer from.Close()
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	made, err := os.CreateTemp(filepath.Dir(to), ".signalbox-run-")
	if err != nil {
		return err
	}
	defer os.Remove(made.Name())
	if _, err := io.Copy(made, from); err != nil {
		return err
	}
	if err := made.Chmod(0o755); err != nil {
		return err
	}
	if err := made.Close(); err != nil {
		return err
	}
	return os.Rename(made.Name(), to)
}
