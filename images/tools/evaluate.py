"""Runs lm-eval on the tasks in TASKS, on the weights or, where TARGET_URL is said, on a server, and leaves its scores as figures."""

import json
import os
import re
import subprocess
import sys

from folders import OUT, BadInput, ended, model, setting, write_figures

REPORT = OUT / "lm-eval"


def figures_of(report):
    """
    Each score as `<task>_<metric>`, and its standard error as `<task>_<metric>_stderr`: lm-eval writes `exact_match,strict-match`. A name
    that two would have is given to none.
    """
    named = {}
    for task, scores in report.get("results", {}).items():
        for metric, value in scores.items():
            if metric in ("alias", "name", "sample_len"):
                continue
            name, _, way = metric.partition(",")
            plain = "" if way in ("", "none") else f"_{way}"
            stem, ending = (name[: -len("_stderr")], "_stderr") if name.endswith("_stderr") else (name, "")
            named.setdefault(re.sub(r"[^A-Za-z0-9_]", "_", f"{task}_{stem}{plain}{ending}"), []).append(value)
    return {name: values[0] for name, values in named.items() if len(values) == 1}


def newest_report(folder):
    """The newest report below a folder; None: it wrote none."""
    found = sorted(folder.rglob("results_*.json"), key=lambda file: file.name)
    return json.loads(found[-1].read_text()) if found else None


def command():
    tasks = setting("TASKS", "")
    if tasks == "":
        raise BadInput("TASKS is not said: name tasks of lm-eval in `env`, such as gsm8k,ifeval")
    url, common = os.environ.get("TARGET_URL"), "trust_remote_code=False"
    if url is None:
        of = ["--model", "hf", "--model_args", f"pretrained={model()},dtype=auto,{common}"]
    else:
        at = f"model={os.environ.get('SERVED_MODEL', 'model')},base_url={url.rstrip('/')}/v1/completions"
        of = ["--model", "local-completions", "--model_args", f"{at},num_concurrent=16,max_retries=3,tokenized_requests=False"]
    batch = setting("BATCH_SIZE", "1" if url else "auto")
    told = ["--tasks", tasks, "--batch_size", batch, "--output_path", str(REPORT), "--seed", setting("SEED", "7")]
    limit = ["--limit", setting("LIMIT", "")] if setting("LIMIT", "") else []
    return ["lm-eval", "run", *of, *told, *limit, *sys.argv[1:]]


def main():
    code = subprocess.run(command(), check=False).returncode
    report = newest_report(REPORT)
    if code != 0 or report is None:
        print(f"signalbox: lm-eval ended with {code} and {'a' if report else 'no'} report: no figures", file=sys.stderr)
        return code if code > 0 else 1
    write_figures(figures_of(report))
    return 0


if __name__ == "__main__":
    ended(main)
