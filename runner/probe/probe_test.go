package probe

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"signalbox.dev/runner/cause"
)

// server plays one that answers as OpenAI's does; `says` is what it streams for a prompt.
func server(t *testing.T, says func(w http.ResponseWriter, path string)) Target {
	made := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/health":
		case "/v1/models":
			fmt.Fprint(w, `{"data":[{"id":"m"}]}`)
		default:
			says(w, r.URL.Path)
		}
	}))
	t.Cleanup(made.Close)
	return Target{URL: made.URL, Model: "m"}
}

func chat(w http.ResponseWriter, pieces ...string) {
	for _, piece := range pieces {
		fmt.Fprintf(w, "data: {\"choices\":[{\"delta\":{\"content\":%q}}]}\n\n", piece)
		w.(http.Flusher).Flush()
	}
	fmt.Fprint(w, "data: [DONE]\n\n")
}

func questions(t *testing.T, text string) Questions {
	made, err := QuestionsOf([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestAGoodServer(t *testing.T) {
	target := server(t, func(w http.ResponseWriter, _ string) { chat(w, "", "Pa", "ris") })
	figures, err := Ask(t.Context(), target, questions(t, `{"prompts":[{"prompt":"Capital of France?","contains":["paris"]},{"prompt":"?","lacks":["paris"]},{"prompt":"?","matches":"^Par"}],"requests":6}`), t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]float64{"health": 1, "model_listed": 1, "requests": 6, "errors": 0, "error_rate": 0, "golden_total": 6, "golden_passed": 4} {
		if figures[name] != want {
			t.Error(name, figures[name])
		}
	}
	for _, name := range Measured {
		if _, measured := figures[name]; !measured {
			t.Error(name, "is not measured")
		}
	}
}

func TestBadAnswersAreNumbersAndNoErrors(t *testing.T) {
	for name, one := range map[string]func(w http.ResponseWriter, path string){
		"errors": func(w http.ResponseWriter, _ string) { w.WriteHeader(500) },
		"breaks off": func(w http.ResponseWriter, _ string) {
			fmt.Fprint(w, "data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n")
		},
		"no JSON":      func(w http.ResponseWriter, _ string) { fmt.Fprint(w, "data: {\n\ndata: [DONE]\n\n") },
		"says nothing": func(w http.ResponseWriter, _ string) { chat(w) },
		"an error inside": func(w http.ResponseWriter, _ string) {
			fmt.Fprint(w, "data: {\"error\":{\"message\":\"x\"}}\n\ndata: [DONE]\n\n")
		},
		"an endless line": func(w http.ResponseWriter, _ string) { fmt.Fprint(w, "data: ", strings.Repeat("x", 2<<20)) },
		"elsewhere": func(w http.ResponseWriter, _ string) {
			w.Header().Set("location", "http://169.254.169.254/")
			w.WriteHeader(302)
		},
	} {
		figures, err := Ask(t.Context(), server(t, one), questions(t, `{"requests":3,"prompts":[{"prompt":"?","contains":["x"]}]}`), t.Logf)
		if err != nil || figures["error_rate"] != 1 || figures["golden_passed"] != 0 {
			t.Error(name, figures, err)
		}
		if _, measured := figures["ttft_p95_ms"]; measured {
			t.Error(name, "a time was measured of what never came")
		}
	}
}

func TestAnEndlessAnswerEnds(t *testing.T) {
	target := server(t, func(w http.ResponseWriter, _ string) {
		for {
			if _, err := fmt.Fprint(w, "data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n"); err != nil {
				return
			}
		}
	})
	if figures, err := Ask(t.Context(), target, questions(t, `{"requests":1,"timeoutSeconds":5}`), t.Logf); err != nil || figures["error_rate"] != 1 {
		t.Error(figures, err)
	}
}

func TestAModelWithoutChatsCompletes(t *testing.T) {
	target := server(t, func(w http.ResponseWriter, path string) {
		if strings.Contains(path, "chat") {
			w.WriteHeader(400)
			return
		}
		fmt.Fprint(w, "data: {\"choices\":[{\"text\":\"x\"}]}\n\ndata: [DONE]\n\n")
	})
	if figures, err := Ask(t.Context(), target, questions(t, ""), t.Logf); err != nil || figures["error_rate"] != 0 {
		t.Error(figures, err)
	}
}

func TestIllIsMeasuredAndAwayIsTriedAgain(t *testing.T) {
	ill := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(503) }))
	defer ill.Close()
	asked := questions(t, `{"requests":1,"waitSeconds":1,"timeoutSeconds":20}`)
	if figures, err := Ask(t.Context(), Target{URL: ill.URL, Model: "m"}, asked, t.Logf); err != nil || figures["health"] != 0 || figures["error_rate"] != 1 {
		t.Error(figures, err)
	}
	ill.Close()
	if _, err := Ask(t.Context(), Target{URL: ill.URL, Model: "m"}, asked, t.Logf); err == nil || cause.Of(err).Code != cause.Away {
		t.Error(err)
	}
}

func TestToldToEndItEnds(t *testing.T) {
	ctx, stop := context.WithCancelCause(t.Context())
	var asked atomic.Int32
	target := server(t, func(w http.ResponseWriter, _ string) {
		if asked.Add(1) == 2 {
			stop(cause.ErrStopped)
		}
		chat(w, "x")
	})
	if _, err := Ask(ctx, target, questions(t, ""), t.Logf); err == nil || cause.Of(err).Code != cause.Stopped {
		t.Error(err)
	}
}

func TestWrongQuestionsAreSaid(t *testing.T) {
	for _, text := range []string{`{`, `[]`, `{"prompts":[{"prompt":""}]}`, `{"prompts":[{"prompt":"x","matches":"("}]}`, `{"requests":-1,"concurrency":0}`, `{"promts":[]}`, `{"concurrency":100000}`} {
		if _, err := QuestionsOf([]byte(text)); err == nil || cause.Of(err).Code != cause.BadInput {
			t.Error(text, err)
		}
	}
	if err := Wanted("health,p95_ms"); err != nil {
		t.Error(err)
	}
	if err := Wanted("health,bleu"); err == nil || !strings.Contains(err.Error(), "bleu") {
		t.Error(err)
	}
	for _, address := range []string{"", "x", "file:///x", "://"} {
		if _, err := TargetOf(address, "m"); err == nil {
			t.Error(address)
		}
	}
	if target, err := TargetOf("http://x:8000/v1/", "m"); err != nil || target.URL != "http://x:8000" {
		t.Error(target, err)
	}
}

func TestPercentilesAreTimesThatWereMeasured(t *testing.T) {
	times := []time.Duration{5, 1, 4, 2, 3}
	for percent, want := range map[int]time.Duration{0: 1, 50: 3, 95: 5, 100: 5, 20: 1, 21: 2} {
		if got := Percentile(times, percent); got != want {
			t.Error(percent, got)
		}
	}
	if figures := Figures(nil, 0); len(figures) != 4 {
		t.Error(figures)
	}
}
