"""What images/drift decides, without Evidently: `python3 -m unittest discover test/images`."""

import json
import os
import sys
import tempfile
import types
import unittest
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).parents[2]
sys.dont_write_bytecode = True
sys.path += [str(ROOT / "images" / name) for name in ("common", "drift")]

import drift  # noqa: E402
import folders  # noqa: E402
import samples  # noqa: E402

REAL = json.loads((ROOT / "test/events/reports/evidently-v0-7-drift-with-tests.json").read_text())["body"]


class Refused(Exception):
    def __init__(self, code):
        super().__init__(code)
        self.response = {"Error": {"Code": code}}


class Bucket:
    """S3, of which the script knows three calls."""

    def __init__(self, refuses=None):
        self.objects, self.told, self.refuses = {}, {}, refuses

    def put_object(self, Bucket, Key, Body, Metadata, IfNoneMatch, ContentType):
        if self.refuses or f"{Bucket}/{Key}" in self.objects:
            raise Refused(self.refuses or "PreconditionFailed")
        assert (IfNoneMatch, ContentType) == ("*", "application/json")
        self.objects[f"{Bucket}/{Key}"], self.told = Body, Metadata

    def get_paginator(self, _):
        return types.SimpleNamespace(paginate=lambda Bucket, Prefix: [{"Contents": [{"Key": key[len(Bucket) + 1 :], "Size": len(self.objects[key])} for key in self.objects if key.startswith(f"{Bucket}/{Prefix}")]}, {}])

    def get_object(self, Bucket, Key):
        return {"Body": types.SimpleNamespace(read=lambda: self.objects[f"{Bucket}/{Key}"])}


def rows(shift=0, count=120):
    return b"\n".join(json.dumps({"length": number % 7 + shift, "kind": "a" if number % 2 else "b"}).encode() for number in range(count))


class Verdicts(unittest.TestCase):
    def said(self, change=lambda report: None, text=REAL):
        report = json.loads(text)
        change(report)
        return drift.verdict_of(json.dumps(report))

    def test_a_report_of_evidently_says_by_its_test_of_the_whole(self):
        self.assertEqual(self.said(), {"drifted": 1, "drifted_columns": 3.0, "drifted_share": 0.6})

        def steady(report):
            for one in report["tests"]:
                one["status"] = "FAIL" if one["metric_config"]["params"]["type"] != drift.OF_DATASET else "SUCCESS"

        # A column that drifts is no drift of the whole.
        self.assertEqual(self.said(steady)["drifted"], 0)

    def test_what_is_no_verdict_is_never_no_drift(self):
        def status(to):
            return lambda report: report["tests"][-1].update(status=to)

        for change, why in (
            (status("ERROR"), "is ERROR"),
            (status("SKIPPED"), "is SKIPPED"),
            (lambda report: report.update(tests=[]), "0 tests of the share"),
            (lambda report: report.update(metrics=[]), "how many columns"),
        ):
            with self.assertRaisesRegex(drift.NoVerdict, why):
                self.said(change)
        for bare in ("NaN", "Infinity", "-Infinity"):
            with self.assertRaisesRegex(drift.NoVerdict, f"it has {bare}"):
                drift.verdict_of(REAL.replace('"value": 0.', f'"value": {bare}, "was": 0.', 1))
        with self.assertRaisesRegex(drift.NoVerdict, "no JSON"):
            drift.verdict_of(REAL[:-1])


class Samples(unittest.TestCase):
    def tables(self, current, reference=None, named=()):
        return samples.tables_of(current, current if reference is None else reference, named)

    def test_numbers_are_compared_as_they_are_categories_by_name_and_texts_by_length(self):
        said = [{"n": number, "k": "ab"[number % 2], "t": "x" * number, "m": [{"content": "hi"}], "b": True} for number in range(30)]
        table, _, numbers, categories = self.tables(said)
        self.assertEqual((numbers, categories), (["m", "n", "t"], ["b", "k"]))
        self.assertEqual([table[name][3] for name in "nktb"], [3.0, "b", 3, "True"])
        self.assertEqual(self.tables(said, named=["n"])[2:], (["n"], []))

    def test_what_cannot_be_compared_is_said(self):
        for current, reference, why in (
            ([{"a": 1}], [{"b": 1}], "a, b: not in both samples"),
            ([{"a": 1}], [{"a": "x"}], "a has int and str"),
            ([{"a": None}], [{"a": 1}], "a has no value in one of the samples"),
            ([{"a": 1e999}], [{"a": 1}], "beyond all bounds"),
            ([{"a": 10**400}], [{"a": 1}], "beyond all bounds"),
            ([{}], [{}], "no columns"),
        ):
            with self.assertRaisesRegex(folders.BadInput, why):
                self.tables(current, reference)
        with self.assertRaisesRegex(folders.BadInput, "c: not in both"):
            self.tables([{"a": 1}], named=["a", "c"])

    def test_rows_are_json_and_enough(self):
        with tempfile.TemporaryDirectory() as at:
            file = Path(at) / "a.jsonl"
            for text, why in ((b'{"a": NaN}', "a.jsonl:1: NaN"), (b'{"a": 1}\n\xff', "a.jsonl:2 is no JSON"), (b"[]", "no object"), (b'{"a": 1}', "has 1 rows")):
                file.write_bytes(text)
                with self.assertRaisesRegex(folders.BadInput, why):
                    samples.read(at, None, 2, 10)
            file.write_bytes(rows(count=11))
            with self.assertRaisesRegex(folders.BadInput, "more than 10"):
                samples.read(at, None, 2, 10)

    def test_a_folder_of_s3_is_read_as_one_here(self):
        bucket = Bucket()
        bucket.objects = {"b/s/now/2.jsonl": b'{"a": 2}', "b/s/now/1.jsonl": b'{"a": 1}', "b/s/now/x.txt": b"", "b/s/now/.old/1.jsonl": b"{", "b/s/other/1.jsonl": b"{"}
        self.assertEqual(samples.read("s3://b-b/s/now/", lambda: bucket, 0, 10)[0], [])
        bucket.objects = {key.replace("b/", "b-b/", 1): body for key, body in bucket.objects.items()}
        self.assertEqual(samples.read("s3://b-b/s/now/", lambda: bucket, 1, 10)[0], [{"a": 1}, {"a": 2}])
        with mock.patch.object(samples, "MOST", 7), self.assertRaisesRegex(folders.BadInput, "1.jsonl has 8 bytes, more than 7"):
            samples.read("s3://b-b/s/now/", lambda: bucket, 1, 10)


class Monitor(unittest.TestCase):
    def setUp(self):
        kept = tempfile.TemporaryDirectory()
        self.addCleanup(kept.cleanup)
        self.at, self.bucket = Path(kept.name), Bucket()
        errors = types.ModuleType("botocore.exceptions")
        errors.ClientError = Refused
        for change in (
            mock.patch.object(folders, "OUT", self.at / "out"),
            *(mock.patch.object(drift, name, self.at / name.lower()) for name in ("IN", "OUT")),
            mock.patch.object(drift, "s3", lambda: self.bucket),
            mock.patch.dict(sys.modules, {"botocore": types.ModuleType("botocore"), "botocore.exceptions": errors}),
            mock.patch.dict(os.environ, {"REPORTS": "s3://reports/monitors/m/", "SERVED_MODEL": "llama", "JOB_NAME": "j"}, clear=True),
            mock.patch("sys.stdout"),
        ):
            change.start()
            self.addCleanup(change.stop)
        self.put("current", rows())
        self.put("reference", rows(3))

    def put(self, name, body):
        file = self.at / "in/dataset" / name / "a.jsonl"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)

    def run_on(self, text):
        with mock.patch.object(drift, "report_of", return_value=text), mock.patch("sys.stderr"):
            return drift.main()

    def figures(self):
        file = self.at / "out/metrics.json"
        return json.loads(file.read_text()) if file.exists() else None

    def test_the_report_lies_where_it_is_heard_of_with_what_it_is_of(self):
        self.assertEqual(self.run_on(REAL), 0)
        [key] = self.bucket.objects
        self.assertRegex(key, r"^reports/monitors/m/[0-9a-f]{16}/drift\.json$")
        self.assertEqual(self.bucket.objects[key].decode(), REAL)
        self.assertEqual({name: self.bucket.told[name] for name in ("window", "model", "job")}, {"window": key.split("/")[-2], "model": "llama", "job": "j"})
        self.assertEqual(self.figures(), {"drifted": 1, "drifted_columns": 3.0, "drifted_share": 0.6, "columns": 2, "rows_current": 120, "rows_reference": 120, "new_window": 1})

    def test_the_same_samples_are_one_window_however_often_they_are_measured(self):
        self.run_on(REAL)
        self.assertEqual((self.run_on(REAL), self.figures()["new_window"], len(self.bucket.objects)), (0, 0, 1))
        self.put("current", rows(1))
        self.assertEqual((self.run_on(REAL), self.figures()["new_window"], len(self.bucket.objects)), (0, 1, 2))

    def test_what_is_no_verdict_is_told_nobody_and_has_no_figures(self):
        for text in (REAL.replace('"value": 0.', '"value": NaN, "was": 0.', 1), '{"metrics": [], "tests": []}'):
            self.assertEqual((self.run_on(text), self.figures(), self.bucket.objects), (1, None, {}))

    def test_a_report_that_could_not_be_left_has_no_figures(self):
        self.bucket.refuses = "AccessDenied"
        with self.assertRaises(Refused):
            self.run_on(REAL)
        self.assertIsNone(self.figures())

    def test_wrong_settings_end_it_before_anything_is_measured(self):
        for told, why in (({"REPORTS": "s3://reports"}, "REPORTS"), ({"DRIFT_SHARE": "2"}, "DRIFT_SHARE"), ({"MIN_ROWS": "500"}, "has 120 rows"), ({"CURRENT": "s3://reports/none/"}, "has 0 rows")):
            with mock.patch.dict(os.environ, told), self.assertRaisesRegex(folders.BadInput, why):
                self.run_on(REAL)


if __name__ == "__main__":
    unittest.main()
