package probe

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// most bytes of one answer, and of one line of it, that are read of a server that nobody trusts.
const (
	largestAnswer = 4 << 20
	longestLine   = 1 << 20
)

// client never follows a server elsewhere.
func client(connections int) *http.Client {
	return &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: connections, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

type asker struct {
	http   *http.Client
	target Target
	// plain: it has no chat; prompts are completed.
	plain bool
}

func (a *asker) get(ctx context.Context, path string) (int, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.target.URL+path, nil)
	if err != nil {
		return 0, nil, err
	}
	answer, err := a.http.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, largestAnswer))
	return answer.StatusCode, body, err
}

// lists says whether the server names the model.
func (a *asker) lists(ctx context.Context) bool {
	status, body, err := a.get(ctx, "/v1/models")
	var models struct {
		Data []struct {
			ID string `json:"id"`
		} `json:"data"`
	}
	if err != nil || status != http.StatusOK || json.Unmarshal(body, &models) != nil {
		return false
	}
	for _, model := range models.Data {
		if model.ID == a.target.Model {
			return true
		}
	}
	return false
}

var errStatus = errors.New("the server answered otherwise than 200")

// ask puts one question and reads the answer piece by piece.
func (a *asker) ask(ctx context.Context, prompt Prompt) (answer Answer, text string, status int) {
	answer = Answer{Failed: true, Judged: prompt.isJudged()}
	began := time.Now()
	response, err := a.post(ctx, prompt)
	if err != nil {
		return answer, "", 0
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, largestAnswer))
		return answer, "", response.StatusCode
	}
	var said strings.Builder
	last := began
	err = pieces(response.Body, func(piece string) {
		now := time.Now()
		if answer.Pieces == 0 {
			answer.First = now.Sub(began)
		} else {
			answer.Between = append(answer.Between, now.Sub(last))
		}
		last = now
		answer.Pieces++
		said.WriteString(piece)
	})
	answer.All = time.Since(began)
	answer.Failed = err != nil || answer.Pieces == 0
	answer.Right = answer.Judged && !answer.Failed && prompt.fits(said.String())
	return answer, said.String(), response.StatusCode
}

func (a *asker) post(ctx context.Context, prompt Prompt) (*http.Response, error) {
	body := map[string]any{"model": a.target.Model, "max_tokens": prompt.MaxTokens, "temperature": 0, "stream": true}
	path := "/v1/chat/completions"
	if a.plain {
		path, body["prompt"] = "/v1/completions", prompt.Prompt
	} else {
		body["messages"] = []map[string]string{{"role": "user", "content": prompt.Prompt}}
	}
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, a.target.URL+path, bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	request.Header.Set("content-type", "application/json")
	return a.http.Do(request)
}

// pieces hands on each text of a stream of events, until it says that it is done. One that breaks off before is an error.
func pieces(from io.Reader, take func(string)) error {
	lines := bufio.NewScanner(io.LimitReader(from, largestAnswer))
	lines.Buffer(nil, longestLine)
	for lines.Scan() {
		data, is := strings.CutPrefix(lines.Text(), "data:")
		if !is {
			continue
		}
		data = strings.TrimSpace(data)
		if data == "[DONE]" {
			return nil
		}
		var event struct {
			Error   json.RawMessage `json:"error"`
			Choices []struct {
				Text  string `json:"text"`
				Delta struct {
					Content          string `json:"content"`
					ReasoningContent string `json:"reasoning_content"`
				} `json:"delta"`
			} `json:"choices"`
		}
		if err := json.Unmarshal([]byte(data), &event); err != nil {
			return fmt.Errorf("an event is no JSON: %w", err)
		}
		if len(event.Error) > 0 && string(event.Error) != "null" {
			return errStatus
		}
		for _, choice := range event.Choices {
			if piece := choice.Text + choice.Delta.ReasoningContent + choice.Delta.Content; piece != "" {
				take(piece)
			}
		}
	}
	return errors.Join(lines.Err(), io.ErrUnexpectedEOF)
}

func (p Prompt) fits(answer string) bool {
	lower := strings.ToLower(answer)
	for _, one := range p.Contains {
		if !strings.Contains(lower, strings.ToLower(one)) {
			return false
		}
	}
	for _, one := range p.Lacks {
		if strings.Contains(lower, strings.ToLower(one)) {
			return false
		}
	}
	return p.matches == nil || p.matches.MatchString(answer)
}
