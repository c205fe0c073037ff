// Package speak is all that this program says. No secret passes it.
package speak

import (
	"fmt"
	"io"
	"regexp"
	"sort"
	"strings"
	"sync"
)

// Voice writes lines, each behind the program's name and without secrets.
type Voice struct {
	to     io.Writer
	hide   *strings.Replacer
	access sync.Mutex
}

// name of variables whose values are nobody's to read.
var secret = regexp.MustCompile(`(?i)(SECRET|TOKEN|PASSWORD|PASSWD|CREDENTIAL|PRIVATE|API_?KEY|ACCESS_?KEY|AUTH|DSN|COOKIE|SIGNATURE)`)

// notSecret are paths and addresses that only sound so.
var notSecret = regexp.MustCompile(`(?i)(_FILE|_PATH|_URI|_URL|PARALLELISM)$`)

// signed is what stands in addresses that somebody has signed, or with a name and password in them.
var signed = regexp.MustCompile(`(?i)(X-Amz-(?:Signature|Credential|Security-Token)=)[^&\s"']+`)
var named = regexp.MustCompile(`://[^/\s@]+@`)

// shortest secret that is hidden: shorter ones are words that stand everywhere.
const shortest = 6

// New makes a voice that hides the secrets among these `NAME=value`.
func New(to io.Writer, environment []string) *Voice {
	var secrets []string
	for _, one := range environment {
		name, value, _ := strings.Cut(one, "=")
		if len(value) >= shortest && secret.MatchString(name) && !notSecret.MatchString(name) {
			secrets = append(secrets, value)
		}
	}
	sort.Slice(secrets, func(i, j int) bool { return len(secrets[i]) > len(secrets[j]) })
	pairs := make([]string, 0, 2*len(secrets))
	for _, value := range secrets {
		pairs = append(pairs, value, "***")
	}
	return &Voice{to: to, hide: strings.NewReplacer(pairs...)}
}

// Hidden is a text without secrets.
func (v *Voice) Hidden(text string) string {
	return named.ReplaceAllString(signed.ReplaceAllString(v.hide.Replace(text), "${1}***"), "://***@")
}

// Say writes one line.
func (v *Voice) Say(format string, args ...any) {
	line := strings.ReplaceAll(v.Hidden(fmt.Sprintf(format, args...)), "\n", " ⏎ ")
	v.access.Lock()
	defer v.access.Unlock()
	fmt.Fprintf(v.to, "signalbox-run: %s\n", line)
}
