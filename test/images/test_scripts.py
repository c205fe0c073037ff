"""What the scripts of images/ decide, without torch: `python3 -m unittest discover test/images`."""

import json
import math
import os
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

IMAGES = Path(__file__).parents[2] / "images"
sys.dont_write_bytecode = True
sys.path += [str(IMAGES / name) for name in ("common", "trainer-lora", "tools", "scan")]

import evaluate  # noqa: E402
import folders  # noqa: E402
import preprocess  # noqa: E402
import quantize  # noqa: E402
import scan  # noqa: E402
import train  # noqa: E402
from rows import rows  # noqa: E402


class InFolder(unittest.TestCase):
    def setUp(self):
        kept = tempfile.TemporaryDirectory()
        self.addCleanup(kept.cleanup)
        self.at = Path(kept.name)
        for module, name in ((folders, "IN"), (folders, "OUT"), (preprocess, "OUT")):
            change = mock.patch.object(module, name, self.at / name.lower())
            change.start()
            self.addCleanup(change.stop)
        clean = mock.patch.dict(os.environ, {}, clear=True)
        clean.start()
        self.addCleanup(clean.stop)

    def put(self, path, text=""):
        file = self.at / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file


class Folders(InFolder):
    def test_weights_are_what_a_stage_made_else_the_models_else_a_name(self):
        with self.assertRaisesRegex(folders.BadInput, "name `model`"):
            folders.model()
        os.environ["BASE_MODEL"] = "s3://bucket/model/"
        with self.assertRaises(folders.BadInput):
            folders.model()
        os.environ["BASE_MODEL"] = "acme/base"
        self.assertEqual(folders.model(), "acme/base")
        self.put("in/model/config.json")
        self.assertEqual(folders.model(), str(self.at / "in/model"))
        self.put("in/train/adapter_config.json")
        self.put("in/train/config.json")
        self.assertEqual(folders.model(), str(self.at / "in/model"))
        self.put("in/merge/config.json")
        self.assertEqual(folders.model(), str(self.at / "in/merge"))
        self.put("in/other/config.json")
        with self.assertRaisesRegex(folders.BadInput, "say MODEL"):
            folders.model()
        os.environ["MODEL"] = str(self.at / "in/other")
        self.assertEqual(folders.model(), str(self.at / "in/other"))

    def test_an_adapter_is_what_a_stage_made_alone(self):
        self.put("in/model/adapter_config.json")
        self.assertIsNone(folders.found("ADAPTER", folders.is_adapter, None))
        self.put("in/train/adapter_config.json")
        self.assertEqual(folders.found("ADAPTER", folders.is_adapter, None), self.at / "in/train")

    def test_rows_of_a_stage_come_before_those_of_the_pipeline(self):
        with self.assertRaises(folders.BadInput):
            folders.dataset()
        self.put("in/dataset/b/a.jsonl")
        self.put("in/dataset/.hidden/a.jsonl")
        self.assertEqual(folders.rows_in(folders.dataset()), [self.at / "in/dataset/b/a.jsonl"])
        self.put("in/preprocess/train.jsonl")
        self.assertEqual(folders.dataset(), self.at / "in/preprocess")

    def test_figures_are_numbers_alone(self):
        folders.write_figures({"a": 1, "b": math.nan, "c": math.inf, "d": "1", "e": None, "f": True, "g": 0.5})
        self.assertEqual(json.loads((self.at / "out/metrics.json").read_text()), {"a": 1, "g": 0.5})
        self.assertEqual([file.name for file in (self.at / "out").iterdir()], ["metrics.json"])

    def test_a_wrong_setting_ends_with_42(self):
        os.environ["EPOCHS"] = "many"
        with self.assertRaises(SystemExit) as ended, mock.patch("sys.stderr"):
            folders.ended(lambda: folders.setting("EPOCHS", "1", float))
        self.assertEqual(ended.exception.code, folders.BAD_INPUT)


class Rows(InFolder):
    def test_each_has_one_column_of_one_kind(self):
        file = self.put("a.jsonl", '{"text": "x", "id": 1}\n\n{"text": "y"}')
        self.assertEqual(list(rows([file])), [{"text": "x"}, {"text": "y"}])
        for text, why in (("{", "no JSON"), ('{"text": 1}', "neither"), ("[]", "neither"), ('{"text": "x"}\n{"messages": []}', "alike")):
            with self.assertRaisesRegex(folders.BadInput, why):
                list(rows([self.put("a.jsonl", text)]))

    def test_rows_that_are_there_twice_are_left_out_and_a_row_stays_on_its_side(self):
        all_rows = [{"text": f"row {number}"} for number in range(2000)]
        sides = [where for where, _ in preprocess.sorted_out([*all_rows, {"text": " ROW  7 "}, {"text": ""}], 1, 20, 0.1)]
        self.assertEqual(sides[-2:], ["twice", "short"])
        self.assertTrue(140 < sides.count("test") < 260)
        fewer = dict(zip(map(str, all_rows[::2]), (where for where, _ in preprocess.sorted_out(all_rows[::2], 1, 20, 0.1))))
        self.assertTrue(all(fewer[str(row)] == sides[number * 2] for number, row in enumerate(all_rows[::2])))

    def test_preprocess_leaves_rows_and_counts(self):
        self.put("in/dataset/a.jsonl", "\n".join(json.dumps({"text": f"row {number % 50}"}) for number in range(60)))
        self.assertEqual(preprocess.main(), 0)
        counted = json.loads((self.at / "out/metrics.json").read_text())
        lines = [len((self.at / f"out/dataset/{name}.jsonl").read_text().splitlines()) for name in ("train", "test")]
        self.assertEqual([counted["rows_train"], counted["rows_test"]], lines)
        self.assertEqual((sum(lines), counted["rows_twice"]), (50, 10))


class Checkpoints(InFolder):
    def test_it_goes_on_from_the_newest_that_was_written_to_its_end(self):
        self.assertIsNone(train.newest_whole(self.at))
        self.put(f"checkpoint-9/{train.WHOLE}")
        self.put(f"checkpoint-20/{train.WHOLE}")
        self.put("checkpoint-100/trainer_state.json")
        self.put(f"checkpoint-x/{train.WHOLE}")
        self.assertEqual(train.newest_whole(self.at), self.at / "checkpoint-20")

    def test_it_is_told_to_save_by_a_file_or_by_sigterm_and_ends_at_once_where_nothing_is_to_be_saved(self):
        with mock.patch.object(train.signal, "signal"), mock.patch.object(train, "SAVE_NOW", self.at / "save-now"):
            asked, told = train.Ending(), train.Ending()
            self.assertFalse(asked.is_told() or told.is_told())
            with self.assertRaises(SystemExit) as ended:
                told.tell()
            self.assertEqual((ended.exception.code, told.is_told(), asked.is_told()), (143, True, False))
            self.put("save-now", "60\n")
            self.assertTrue(asked.is_told())
            asked.training = True
            asked.tell()


class Scores(InFolder):
    def test_scores_of_lm_eval_are_figures(self):
        scores = {"alias": "gsm8k", "exact_match,strict-match": 0.5, "exact_match_stderr,strict-match": 0.01, "acc,none": 0.7, "acc_stderr,none": "N/A"}
        found = evaluate.figures_of({"results": {"gsm8k": scores}})
        self.assertEqual(folders.finite(found), {"gsm8k_exact_match_strict_match": 0.5, "gsm8k_exact_match_strict_match_stderr": 0.01, "gsm8k_acc": 0.7})

    def test_a_name_that_two_would_have_is_none(self):
        self.assertEqual(evaluate.figures_of({"results": {"a-b": {"acc,none": 1}, "a_b": {"acc,none": 0}}}), {})

    def test_a_server_or_weights_are_asked(self):
        with self.assertRaisesRegex(folders.BadInput, "TASKS"):
            evaluate.command()
        os.environ.update(TASKS="gsm8k", BASE_MODEL="acme/base")
        self.assertIn("pretrained=acme/base,dtype=auto,trust_remote_code=False", evaluate.command())
        os.environ.update(TARGET_URL="http://s:8000/", SERVED_MODEL="m")
        self.assertTrue(any(one.startswith("model=m,base_url=http://s:8000/v1/completions,") for one in evaluate.command()))

    def test_only_schemes_that_are_known_are_quantized_by(self):
        os.environ["SCHEME"] = "gptq"
        self.assertEqual(quantize.scheme_of(), "GPTQ")
        os.environ["SCHEME"] = "INT3"
        with self.assertRaisesRegex(folders.BadInput, "one of FP8, GPTQ, AWQ"):
            quantize.scheme_of()


ASKED = {"jailbreak": ["dan.A", "dan.B"], "leakage": ["leak.A"]}


def evaluated(probe, fails, judged=10, processed=10, detector="d"):
    return dict(entry_type="eval", probe=probe, detector=detector, fails=fails, total_evaluated=judged, total_processed=processed)


WHOLE_RUN = [evaluated("dan.A", 1), evaluated("dan.B", 3), evaluated("leak.A", 0), {"entry_type": "completion"}]


class Scan(unittest.TestCase):
    def test_a_whole_run_has_the_rate_of_each_kind(self):
        self.assertEqual(scan.figures_of(WHOLE_RUN, ASKED), ({"attempts": 30, "jailbreak_asr": 0.2, "leakage_asr": 0.0}, None))

    def test_of_several_detectors_the_worst_counts(self):
        figures, _ = scan.figures_of([evaluated("leak.A", 5, detector="other"), *WHOLE_RUN], ASKED)
        self.assertEqual(figures["leakage_asr"], 0.5)

    def test_of_an_incomplete_run_there_are_no_figures(self):
        for entries, why in (
            (None, "not come to its end"),
            ([], "not come to its end"),
            (WHOLE_RUN[:-1], "not come to its end"),
            (WHOLE_RUN[1:], "dan.A measured nothing"),
            ([evaluated("dan.A", 0, judged=0), *WHOLE_RUN[1:]], "could judge 0 of 10"),
            ([evaluated("dan.A", 0, judged=8), *WHOLE_RUN[1:]], "could judge 8 of 10"),
        ):
            figures, said = scan.figures_of(entries, ASKED)
            self.assertEqual(figures, {})
            self.assertIn(why, said)

    def test_a_torn_report_is_none(self):
        self.assertIsNone(scan.entries_of('{"entry_type": "init"}\n{"entry_ty'))

    def test_what_garak_ends_with_proves_nothing(self):
        with tempfile.TemporaryDirectory() as at, mock.patch.dict(os.environ, {"BASE_MODEL": "acme/base", "KINDS": "leakage"}, clear=True):
            out = Path(at)
            with mock.patch.object(scan, "REPORT", out / "garak"), mock.patch.object(folders, "OUT", out), mock.patch("sys.stderr"):
                with mock.patch("subprocess.run", return_value=mock.Mock(returncode=0)):
                    self.assertEqual(scan.main(), 1)
                self.assertFalse((out / "metrics.json").exists())
                entries = [*(evaluated(probe, 1) for probe in scan.KINDS["leakage"]), {"entry_type": "completion"}]
                (out / "garak/scan.report.jsonl").write_text("\n".join(map(json.dumps, entries)))
                with mock.patch("subprocess.run", return_value=mock.Mock(returncode=0)):
                    self.assertEqual(scan.main(), 0)
                self.assertEqual(json.loads((out / "metrics.json").read_text())["leakage_asr"], 0.1)

    def test_kinds_that_are_none_are_refused(self):
        with mock.patch.dict(os.environ, {"KINDS": "jailbreak,rudeness"}), self.assertRaisesRegex(folders.BadInput, "rudeness"):
            scan.asked_kinds()


if __name__ == "__main__":
    unittest.main()
