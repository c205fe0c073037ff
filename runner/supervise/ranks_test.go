package supervise

import (
	"strings"
	"testing"
)

const torchrun = `
E1130 01:02:03 torch/distributed/elastic/multiprocessing/api.py:882] failed (exitcode: 1) local_rank: 0 (pid: 7) of binary: /usr/bin/python
Traceback (most recent call last):
torch.distributed.elastic.multiprocessing.errors.ChildFailedError:
============================================================
train.py FAILED
------------------------------------------------------------
Failures:
[1]:
  time      : 2026-11-30_01:02:03
  rank      : 1 (local_rank: 1)
  exitcode  : -15 (pid: 8)
  error_file: <N/A>
------------------------------------------------------------
Root Cause (first observed failure):
[0]:
  time      : 2026-11-30_01:02:02
  host      : pod
  rank      : 3 (local_rank: 3)
  exitcode  : CODE (pid: 7)
  error_file: <N/A>
  traceback : To enable traceback see: https://pytorch.org/docs/stable/elastic/errors.html
============================================================
`

func TestTheRankThatFailedFirst(t *testing.T) {
	for code, want := range map[string]int{"42": 42, "1": 1, "-9": 137, "-6": 134, "-11": 139} {
		said := strings.Replace(torchrun, "CODE", code, 1)
		if rank, found := FirstRank("x" + said); !found || rank.Code != want || rank.Rank != "3" {
			t.Errorf("%s gives %v", code, rank)
		}
	}
	for _, said := range []string{"", "exitcode : 42", "Root Cause (first observed failure):", strings.Replace(torchrun, "CODE", "99999999999999999999", 1), strings.Replace(torchrun, "CODE", "0", 1)} {
		if rank, found := FirstRank(said); found {
			t.Errorf("%q gives %v", said, rank)
		}
	}
}

func TestWhatARankSaysOfItself(t *testing.T) {
	for text, want := range map[string]string{
		`{"message": {"message": "ValueError: no data", "extraInfo": {"timestamp": "1"}}}`: "ValueError: no data",
		`{"message": "died"}`: "died",
		`{"message": [1]}`:    "",
		`{`:                   "",
		``:                    "",
	} {
		if got := ErrorFile([]byte(text)); got != want {
			t.Errorf("%s gives %q", text, got)
		}
	}
}

func TestParentsAreReadPastAnyName(t *testing.T) {
	for stat, want := range map[string]int{"7 (a) b) R 3) S 12 7 7": 12, "7 (python3) R 1 7": 1, "": 0, "7 (x)": 0} {
		if got := parentIn(stat); got != want {
			t.Errorf("%q gives %d", stat, got)
		}
	}
}
