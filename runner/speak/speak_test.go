package speak

import (
	"bytes"
	"strings"
	"testing"
)

func TestNoSecretIsSaid(t *testing.T) {
	var said bytes.Buffer
	voice := New(&said, []string{
		"AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI", "HF_TOKEN=hf_abcdef", "WANDB_API_KEY=0123456789", "DB_PASSWORD=hunter2!", "TOKENIZERS_PARALLELISM=false1", "PATH=/usr/bin",
		"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=/var/run/secrets/token", "MY_TOKEN=no",
	})
	voice.Say("%s", "wJalrXUtnFEMI hf_abcdef 0123456789 hunter2! https://x/y?X-Amz-Signature=abc&X-Amz-Security-Token=def http://me:pw@host/x /usr/bin no false1 /var/run/secrets/token")
	for _, secret := range []string{"wJalr", "hf_abc", "012345", "hunter2", "=abc", "=def", "me:pw"} {
		if strings.Contains(said.String(), secret) {
			t.Errorf("%q is said: %s", secret, said.String())
		}
	}
	for _, plain := range []string{"/usr/bin", " no ", "false1", "/var/run/secrets/token", "host/x"} {
		if !strings.Contains(said.String(), plain) {
			t.Errorf("%q is hidden: %s", plain, said.String())
		}
	}
}

func TestOneLineIsOneLine(t *testing.T) {
	var said bytes.Buffer
	New(&said, nil).Say("a\nb")
	if said.String() != "signalbox-run: a ⏎ b\n" {
		t.Error(said.String())
	}
}
