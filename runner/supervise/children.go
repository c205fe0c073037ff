package supervise

import (
	"os"
	"strconv"
	"strings"
)

// children are the processes whose parent this one is.
func children() (pids []int) {
	entries, _ := os.ReadDir("/proc")
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		stat, err := os.ReadFile("/proc/" + entry.Name() + "/stat")
		if err == nil && parentIn(string(stat)) == os.Getpid() {
			pids = append(pids, pid)
		}
	}
	return pids
}

// parentIn reads a line of /proc/PID/stat, in which a program's name may hold anything, brackets too.
func parentIn(stat string) int {
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 2 {
		return 0
	}
	parent, _ := strconv.Atoi(fields[1])
	return parent
}
