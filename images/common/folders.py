"""What the scripts of these images have in common: folders of signalbox-run, figures, and how they end."""

import json
import math
import os
import sys
from pathlib import Path

IN = Path(os.environ.get("SIGNALBOX_IN", "/signalbox/in"))
OUT = Path(os.environ.get("SIGNALBOX_OUT", "/signalbox/out"))

# Signalbox's exit code where data or settings are wrong, so that trying again cannot help.
BAD_INPUT = 42


class BadInput(Exception):
    """Data or settings are wrong. Its text says what to do."""


def setting(name, default, of=str):
    """A variable of the stage; the default where it is not set or empty."""
    said = os.environ.get(name) or default
    try:
        return of(said)
    except ValueError:
        raise BadInput(f"{name} is {said!r}: write {'a whole number' if of is int else 'a number'}") from None


def is_adapter(folder):
    return (folder / "adapter_config.json").is_file()


def is_model(folder):
    return (folder / "config.json").is_file() and not is_adapter(folder)


def is_dataset(folder):
    return not is_adapter(folder) and not is_model(folder) and any(rows_in(folder))


def rows_in(folder):
    """Files of a dataset, in one order on every machine; hidden ones are none of it."""
    found = (path for path in folder.rglob("*.jsonl") if path.is_file())
    return sorted(path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts))


def found(kind, fits, own):
    """
    The folder of this kind: the one that the variable names, else what an earlier stage made, else `own` of the pipeline; None where
    there is none. Of two nobody can know which is meant.
    """
    if said := os.environ.get(kind):
        return Path(said)
    made = [at for at in sorted(IN.iterdir()) if at.is_dir() and at.name not in ("dataset", "model") and fits(at)] if IN.is_dir() else []
    if len(made) > 1:
        raise BadInput(f"{' and '.join(map(str, made))} could be meant: say {kind} in `env` of the stage")
    if made:
        return made[0]
    return IN / own if own and fits(IN / own) else None


def dataset():
    if (folder := found("DATASET", is_dataset, "dataset")) is None or not rows_in(folder):
        raise BadInput(f"no *.jsonl in {folder or IN}: name `dataset`, or the stage that makes it, in `runner.inputs`")
    return folder


def model():
    """The weights that are begun from: a folder, or the name that Hugging Face has them by."""
    if (folder := found("MODEL", is_model, "model")) is not None:
        return str(folder)
    base = os.environ.get("BASE_MODEL", "")
    if base == "" or base.startswith("s3://"):
        raise BadInput(f"no weights in {IN}: name `model`, or the stage that makes them, in `runner.inputs`")
    return base


def finite(figures):
    """Those that are numbers: a gate fails of what is missing, and nothing but a number can be judged."""
    plain = {name: value for name, value in figures.items() if isinstance(value, (int, float)) and not isinstance(value, bool)}
    return {name: value for name, value in plain.items() if math.isfinite(value)}


def write_figures(figures):
    """Writes `metrics.json`, whole or not at all."""
    OUT.mkdir(parents=True, exist_ok=True)
    part = OUT / ".metrics.json"
    part.write_text(json.dumps(finite(figures), allow_nan=False, sort_keys=True))
    part.replace(OUT / "metrics.json")


def ended(program):
    """Runs it, and ends as it does: 42 where data or settings are wrong, said in one line."""
    try:
        sys.exit(program())
    except BadInput as why:
        print(f"signalbox: {why}", file=sys.stderr)
        sys.exit(BAD_INPUT)
