package emissary

import (
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// looksEvery is how often it is looked whether the program has saved.
const looksEvery = 200 * time.Millisecond

// askedToSave puts the file there that asks the program to save, and answers when SIGTERM is due, with why, for a person: at once where no
// time is set aside; else once it has saved, or that time is over. A file that cannot be written keeps nobody from being told.
func (e *Emissary) askedToSave() <-chan string {
	due := make(chan string, 1)
	if err := e.putSaveNow(); err != nil {
		due <- "it could not be asked to save by a file (" + err.Error() + ")"
		return due
	}
	if e.Settings.Save <= 0 {
		due <- ""
		return due
	}
	e.Voice.Say("it is asked to save by %s, and has %s before SIGTERM", e.saveNow(), e.Settings.Save)
	go func(since time.Time) {
		for time.Since(since) < e.Settings.Save {
			time.Sleep(min(looksEvery, time.Until(since.Add(e.Settings.Save))))
			if e.keeper.HasNewer(since, time.Now()) {
				due <- "it has saved"
				return
			}
		}
		due <- "it has saved nothing in its time"
	}(e.told)
	return due
}

// putSaveNow writes how many seconds are left for it, whole or not at all.
func (e *Emissary) putSaveNow() error {
	left := e.Settings.Save
	if left <= 0 {
		left = e.Settings.Grace - e.reserve()
	}
	draft := filepath.Join(e.state(""), "save-now")
	if err := os.WriteFile(draft, []byte(strconv.Itoa(int(left.Seconds()))+"\n"), 0o644); err != nil {
		return err
	}
	return os.Rename(draft, e.saveNow())
}
