package settings

import (
	"strings"

	"signalbox.dev/runner/cause"
	"signalbox.dev/runner/fetch"
	"signalbox.dev/runner/place"
)

// Names of inputs that are no stage's.
const (
	dataset = "dataset"
	model   = "model"
)

// version says where the version of a model lies that the pipeline runs on.
const version = "INPUT_MODEL_URI"

// inputsOf reads SIGNALBOX_INPUTS, names with commas between: `dataset`, `model`, or stages. Not set: the dataset, where there is one, and
// the model, where it lies in S3. `none`: nothing, as for what is streamed. The model is what a stage says, else the version that it runs on.
func inputsOf(env Lookup) ([]Input, error) {
	said := env("SIGNALBOX_INPUTS")
	if said == "none" {
		return nil, nil
	}
	names := strings.FieldsFunc(said, func(r rune) bool { return r == ',' || r == ' ' })
	if said == "" {
		if env("INPUT_URI") != "" {
			names = append(names, dataset)
		}
		if strings.HasPrefix(env(modelIn(env)), "s3://") {
			names = append(names, model)
		}
	}
	var inputs []Input
	seen := map[string]bool{}
	for _, name := range names {
		if !word.MatchString(name) || seen[name] {
			return nil, cause.New(cause.BadInput, "SIGNALBOX_INPUTS says %q twice, or it is no name: write names with commas between", place.Shown(name))
		}
		seen[name] = true
		input, err := inputOf(name, env)
		if err != nil {
			return nil, err
		}
		inputs = append(inputs, input)
	}
	return inputs, nil
}

func inputOf(name string, env Lookup) (Input, error) {
	from := map[string]string{dataset: "INPUT_URI", model: modelIn(env)}[name]
	if from == "" {
		from = variable(name) + "_URI"
	}
	if env(from) == "" {
		return Input{}, cause.New(cause.BadInput, "SIGNALBOX_INPUTS names %q, and %s is not set: leave it out, or read a stage that has made a model", name, from)
	}
	at, err := place.Parse(env(from))
	if err != nil {
		return Input{}, err
	}
	made := Input{Name: name, From: at}
	switch {
	case name == dataset && env("INPUT_MANIFEST") != "":
		made.Dataset = &fetch.Dataset{Folder: at, Manifest: env("INPUT_MANIFEST"), Version: env("INPUT_SHA256")}
	case name == model && from == version:
		made.Pin = env("INPUT_MODEL_PIN")
	case name != dataset && name != model:
		made.Pin = env(variable(name) + "_PIN")
	}
	return made, nil
}

// modelIn is the variable that says where the model lies.
func modelIn(env Lookup) string {
	if env("BASE_MODEL") == "" && env(version) != "" {
		return version
	}
	return "BASE_MODEL"
}
