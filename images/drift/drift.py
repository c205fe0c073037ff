"""
Compares a sample of what a service was asked and answered with one of before, by Evidently, and leaves the report where Signalbox hears of it: below
REPORTS, once for each window. A report that is no verdict is written nowhere: the stage fails, and nobody takes it for "no drift".
"""

import hashlib
import json
import os
import sys
from functools import cache

from folders import IN, OUT, BadInput, ended, setting, write_figures
from samples import place_of, read, tables_of

OF_DATASET = "evidently:metric_v2:DriftedColumnsCount"


class NoVerdict(Exception):
    """The report does not say whether anything drifts. Its text says why."""


def refused(token):
    raise NoVerdict(f"it has {token} where a number belongs: something could not be measured")


def verdict_of(text):
    """Figures of a report: by the status of its tests, as Signalbox reads it, and never by a score. Raises NoVerdict."""
    try:
        report = json.loads(text, parse_constant=refused)
    except ValueError:
        raise NoVerdict("it is no JSON") from None
    tests = report.get("tests") or []
    odd = next((one for one in tests if one["status"] not in ("SUCCESS", "FAIL", "WARNING")), None)
    if odd is not None:
        raise NoVerdict(f"its test {odd['name']!r} is {odd['status']}: {odd.get('description', '')}")
    whole = [one for one in tests if one["metric_config"]["params"]["type"] == OF_DATASET]
    if len(whole) != 1:
        raise NoVerdict(f"it has {len(whole)} tests of the share of drifted columns")
    counts = next((one["value"] for one in report.get("metrics", []) if one.get("config", {}).get("type") == OF_DATASET), None)
    if not isinstance(counts, dict) or not {"count", "share"} <= counts.keys():
        raise NoVerdict("it does not say how many columns drift")
    return {"drifted": int(whole[0]["status"] == "FAIL"), "drifted_columns": counts["count"], "drifted_share": counts["share"]}


def report_of(current, reference, numbers, categories, share):
    """The report of Evidently, with its tests, as text."""
    import pandas
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    of = DataDefinition(numerical_columns=numbers, categorical_columns=categories)
    samples = (Dataset.from_pandas(pandas.DataFrame(table), data_definition=of) for table in (current, reference))
    return Report([DataDriftPreset(drift_share=share)], include_tests=True).run(*samples).json()


def window_of(current, reference):
    """A window is its samples: the same ones measured again are no other window."""
    return hashlib.sha256(current + reference).hexdigest()[:16]


def about(window, current, reference):
    """What a person who finds a report wants to know of it: S3 keeps it beside the object. ASCII alone."""
    said = {"window": window, "model": os.environ.get("SERVED_MODEL"), "dataset": os.environ.get("INPUT_SHA256"), "job": os.environ.get("JOB_NAME")}
    told = {**said, "current": str(current), "reference": str(reference)}
    return {name: value.encode("ascii", "replace").decode() for name, value in told.items() if value}


def told(client, reports, window, text, metadata):
    """Writes the report where nobody has written that of this window; False: somebody has, another attempt or an earlier look."""
    from botocore.exceptions import ClientError

    bucket, prefix = reports
    to = dict(Bucket=bucket, Key=f"{prefix}{window}/drift.json")
    try:
        client.put_object(**to, Body=text.encode(), ContentType="application/json", Metadata=metadata, IfNoneMatch="*")
    except ClientError as why:
        if why.response["Error"]["Code"] != "PreconditionFailed":
            raise
        return False
    return True


@cache
def s3():
    import boto3
    from botocore.config import Config

    return boto3.client("s3", config=Config(retries={"mode": "adaptive", "max_attempts": 10}))


def main():
    reports = place_of(setting("REPORTS", ""))
    if reports is None:
        raise BadInput("REPORTS is no folder of S3: write that of the service's `drift.reports`, s3://BUCKET/PREFIX/")
    share, least, most = setting("DRIFT_SHARE", "0.5", float), setting("MIN_ROWS", "100", int), setting("MAX_ROWS", "100000", int)
    if not 0 < share <= 1:
        raise BadInput(f"DRIFT_SHARE is {share}: write a number above 0, at most 1")
    folders = setting("CURRENT", str(IN / "dataset" / "current")), setting("REFERENCE", str(IN / "dataset" / "reference"))
    (current, now), (reference, before) = (read(folder, s3, least, most) for folder in folders)
    columns = [one for one in setting("COLUMNS", "").split(",") if one]
    *tables, numbers, categories = tables_of(current, reference, columns)
    text = report_of(*tables, numbers, categories, share)
    (OUT / "evidently").mkdir(parents=True, exist_ok=True)
    (OUT / "evidently" / "report.json").write_text(text)
    try:
        figures = verdict_of(text)
    except NoVerdict as why:
        print(f"signalbox: the report is no verdict: {why}", file=sys.stderr)
        return 1
    window = window_of(now, before)
    is_new = told(s3(), reports, window, text, about(window, *folders))
    print(f"signalbox: window {window} {'drifts' if figures['drifted'] else 'is as before'}{'' if is_new else ', as was told before'}")
    counted = {"columns": len(numbers) + len(categories), "rows_current": len(current), "rows_reference": len(reference)}
    write_figures({**figures, **counted, "new_window": int(is_new)})
    return 0


if __name__ == "__main__":
    ended(main)
