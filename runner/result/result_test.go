package result

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"signalbox.dev/runner/place"
)

func TestFiguresAreFiniteNumbers(t *testing.T) {
	for text, want := range map[string]map[string]float64{
		`{"loss": 0.5, "n": 3, "name": "x", "ok": true, "list": [1, {"a": 2}], "none": null}`: {"loss": 0.5, "n": 3},
		`{"loss": NaN, "inf": Infinity, "minus": -Infinity, "score": 0.9}`:                    {"score": 0.9},
		`{"note": "NaN and -Infinity", "score": 1}`:                                           {"score": 1},
		`{"results": {"gsm8k": {"acc,none": 0.4}}, "eval": {"f1@5": 2}}`:                      {"results/gsm8k/acc,none": 0.4, "eval/f1@5": 2},
		`{"big": 1e400, "small": 1e-400, "ok": 1}`:                                            {"small": 0, "ok": 1},
		`{"loss": 1, "loss": 2, "ok": 1}`:                                                     {"ok": 1},
		`{"1st": 1, "a b": 1, "": 1, "ok": 1}`:                                                {"ok": 1},
		"\xef\xbb\xbf{\"ok\": 1}":                                                             {"ok": 1},
		`[1, 2]`:                                                                              {},
		`{"a": 1`:                                                                             {},
		`{"a": 1} {"b": 2}`:                                                                   {},
		``:                                                                                    {},
		`null`:                                                                                {},
	} {
		if got, _ := Metrics([]byte(text)); !reflect.DeepEqual(got, want) {
			t.Errorf("%s gives %v", text, got)
		}
	}
}

func TestWhatIsLeftOutIsSaid(t *testing.T) {
	for _, text := range []string{`{"loss": NaN}`, `{"a": 1, "a": 2}`, `{"a b": 1}`, `{`, `{"x": 1e999}`} {
		if _, left := Metrics([]byte(text)); len(left) != 1 {
			t.Errorf("%s says %q", text, left)
		}
	}
}

func TestHostileFiguresComeToAResultOfItsSize(t *testing.T) {
	many := map[string]float64{}
	for i := range 5000 {
		many[fmt.Sprintf("figure%050d", i)] = math.Pi * float64(i)
	}
	text, _ := json.Marshal(many)
	figures, left := Metrics(text)
	if len(figures) != mostFigures || len(left) != 1 {
		t.Error(len(figures), left)
	}
	made, _ := Text(Result{Object: "job", Metrics: figures, Artifacts: map[string]string{}})
	if len(made) > Limit {
		t.Error(len(made))
	}
	deep := strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000)
	if figures, left := Metrics([]byte(deep)); len(figures) != 0 || len(left) > 1 {
		t.Error(figures, left)
	}
}

func TestArtifactsAreWhatWasMade(t *testing.T) {
	at := place.Place{Bucket: "b", Key: "r/pod/out"}
	for _, one := range []struct {
		made []Made
		want map[string]string
	}{
		{[]Made{{"model", true}, {"metrics.json", false}, {"log.txt", false}}, map[string]string{"model": "s3://b/r/pod/out/model", "log.txt": "s3://b/r/pod/out/log.txt"}},
		{[]Made{{"config.json", false}, {"model.safetensors", false}, {"runs", true}}, map[string]string{"model": "s3://b/r/pod/out", "runs": "s3://b/r/pod/out/runs"}},
		{[]Made{{"adapter_config.json", false}, {"adapter_model.safetensors", false}}, map[string]string{"adapter": "s3://b/r/pod/out"}},
		{[]Made{{"model", true}, {"config.json", false}}, map[string]string{"model": "s3://b/r/pod/out/model", "config.json": "s3://b/r/pod/out/config.json"}},
		{[]Made{{"ü", true}, {"a b", false}, {"ok", true}}, map[string]string{"ok": "s3://b/r/pod/out/ok"}},
	} {
		if got, _ := Artifacts(at, one.made); !reflect.DeepEqual(got, one.want) {
			t.Errorf("%v gives %v", one.made, got)
		}
	}
}

func TestAtMostAsManyArtifactsAsAreTaken(t *testing.T) {
	var made []Made
	for i := range 100 {
		made = append(made, Made{fmt.Sprintf("f%d", i), false})
	}
	made = append(made, Made{"model", true})
	artifacts, left := Artifacts(place.Place{Bucket: "b", Key: "k"}, made)
	if len(artifacts) != 1 || artifacts["model"] == "" || len(left) != 1 {
		t.Error(artifacts, left)
	}
}

func TestNoNameIsBothFigureAndArtifact(t *testing.T) {
	text, left := Text(Result{Object: "job", Metrics: map[string]float64{"model": 1, "loss": 2}, Artifacts: map[string]string{"model": "s3://b/k"}})
	if string(text) != `{"object":"job","metrics":{"loss":2},"artifacts":{"model":"s3://b/k"}}` || len(left) != 1 {
		t.Error(string(text), left)
	}
}
