package probe

import (
	"math"
	"slices"
	"time"
)

// Answer is what one request came to.
type Answer struct {
	// Failed: no whole answer came.
	Failed bool
	// First is the time to the first piece, All to the last.
	First, All time.Duration
	// Between are the times from piece to piece.
	Between []time.Duration
	Pieces  int
	// Judged: its answer could be wrong; Right: it was not.
	Judged, Right bool
}

// Figures of answers. What was never measured is left out: its gate fails.
func Figures(answers []Answer, took time.Duration) map[string]float64 {
	var first, all, between []time.Duration
	failed, judged, right, pieces := 0, 0, 0, 0
	for _, one := range answers {
		if one.Judged {
			judged++
		}
		if one.Failed {
			failed++
			continue
		}
		if one.Right {
			right++
		}
		first, all, between = append(first, one.First), append(all, one.All), append(between, one.Between...)
		pieces += one.Pieces
	}
	figures := map[string]float64{"requests": float64(len(answers)), "errors": float64(failed), "golden_total": float64(judged), "golden_passed": float64(right)}
	if len(answers) > 0 {
		figures["error_rate"] = float64(failed) / float64(len(answers))
	}
	if judged > 0 {
		figures["golden_rate"] = float64(right) / float64(judged)
	}
	for name, times := range map[string][]time.Duration{"ttft_": first, "itl_": between, "": all} {
		if len(times) > 0 {
			figures[name+"p50_ms"] = milliseconds(Percentile(times, 50))
			figures[name+"p95_ms"] = milliseconds(Percentile(times, 95))
		}
	}
	if took > 0 && pieces > 0 {
		figures["tokens_per_s"] = math.Round(float64(pieces)/took.Seconds()*1000) / 1000
	}
	return figures
}

// Percentile by nearest rank: a time that was measured.
func Percentile(times []time.Duration, percent int) time.Duration {
	sorted := slices.Clone(times)
	slices.Sort(sorted)
	rank := (percent*len(sorted) + 99) / 100
	return sorted[max(rank, 1)-1]
}

func milliseconds(of time.Duration) float64 { return math.Round(of.Seconds()*1e6) / 1000 }
