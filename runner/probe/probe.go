package probe

import (
	"context"
	"net/http"
	"time"

	"signalbox.dev/runner/cause"
	"signalbox.dev/runner/store"
)

// Ask measures a server. A server that nobody reaches is an error, which is tried again; whatever one answers is a number.
func Ask(ctx context.Context, target Target, questions Questions, say func(string, ...any)) (map[string]float64, error) {
	asker := &asker{http: client(questions.Concurrency), target: target}
	health, err := reach(ctx, asker, questions, say)
	if err != nil {
		return nil, err
	}
	listed := 0.0
	if within(ctx, questions, func(ctx context.Context) { listed = number(asker.lists(ctx)) }) != nil {
		return nil, context.Cause(ctx)
	}
	asker.plain = !chats(ctx, asker, questions)
	answers := make([]Answer, questions.Requests)
	began := time.Now()
	numbers := make([]int, questions.Requests)
	for i := range numbers {
		numbers[i] = i
	}
	err = store.Each(ctx, questions.Concurrency, numbers, func(ctx context.Context, i int) error {
		return within(ctx, questions, func(ctx context.Context) {
			answers[i], _, _ = asker.ask(ctx, questions.Prompts[i%len(questions.Prompts)])
		})
	})
	if err != nil {
		return nil, err
	}
	figures := Figures(answers, time.Since(began))
	figures["health"], figures["model_listed"] = health, listed
	return figures, nil
}

// reach waits until somebody answers, and then for a good answer as long: a server that says that it is ill is measured as that.
func reach(ctx context.Context, asker *asker, questions Questions, say func(string, ...any)) (float64, error) {
	until := time.Now().Add(seconds(questions.WaitSeconds))
	answered := false
	for tries := 0; ; tries++ {
		healthy := false
		err := within(ctx, questions, func(ctx context.Context) {
			status, _, err := asker.get(ctx, "/health")
			answered = answered || err == nil
			healthy = err == nil && status == http.StatusOK
			// Not every server has a page of its health: one that lists models is well.
			if err == nil && status == http.StatusNotFound {
				healthy = asker.lists(ctx)
			}
		})
		if err != nil {
			return 0, err
		}
		if healthy {
			return 1, nil
		}
		if time.Now().After(until) {
			if answered {
				return 0, nil
			}
			return 0, cause.New(cause.Away, "nobody answers at %s for %d s: does its Service lead to pods that are ready, and may this pod reach them?", asker.target.URL, questions.WaitSeconds)
		}
		if tries == 5 {
			say("%s does not answer well yet; it has %d s", asker.target.URL, questions.WaitSeconds)
		}
		pause(ctx, min(2*time.Second, time.Duration(tries+1)*200*time.Millisecond))
	}
}

// chats asks once outside of what is measured: models without a template for chats complete prompts.
func chats(ctx context.Context, asker *asker, questions Questions) bool {
	status := 0
	_ = within(ctx, questions, func(ctx context.Context) { _, _, status = asker.ask(ctx, Prompt{Prompt: "Hello", MaxTokens: 1}) })
	return status != http.StatusBadRequest && status != http.StatusNotFound
}

// within gives one question its time. Its end is a number, unless all was told to end.
func within(ctx context.Context, questions Questions, work func(context.Context)) error {
	one, cancel := context.WithTimeout(ctx, seconds(questions.TimeoutSeconds))
	defer cancel()
	work(one)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

func pause(ctx context.Context, of time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(of):
	}
}

func number(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
