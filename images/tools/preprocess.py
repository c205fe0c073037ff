"""
Makes a dataset fit for training: rows that cannot be learned from and those that are there twice are left out, and some are held back to
be measured on. Leaves `dataset` with train.jsonl and test.jsonl; the same rows give the same files.
"""

import hashlib
import json

from folders import OUT, BadInput, dataset, ended, rows_in, setting, write_figures
from rows import rows


def text_of(row):
    return row["text"] if "text" in row else json.dumps(row["messages"], sort_keys=True, ensure_ascii=False)


def digest_of(row):
    """By what it says: spaces and capitals make no other row."""
    return hashlib.sha256(" ".join(text_of(row).lower().split()).encode()).digest()


def is_held_back(digest, fraction):
    """By its own digest, so that a row stays on its side when others are added."""
    return int.from_bytes(digest[:8], "big") < fraction * 2**64


def sorted_out(all_rows, least, most, fraction):
    """Yields `(train | test | short | long | twice, row)` for each."""
    seen = set()
    for row in all_rows:
        size, digest = len(text_of(row)), digest_of(row)
        if size < least or size > most:
            yield ("short" if size < least else "long"), row
        elif digest in seen:
            yield "twice", row
        else:
            seen.add(digest)
            yield ("test" if is_held_back(digest, fraction) else "train"), row


def main():
    fraction = setting("TEST_FRACTION", "0.02", float)
    if not 0 <= fraction < 1:
        raise BadInput(f"TEST_FRACTION is {fraction}: write a number from 0 to below 1")
    least, most = setting("MIN_CHARACTERS", "1", int), setting("MAX_CHARACTERS", "100000", int)
    (OUT / "dataset").mkdir(parents=True, exist_ok=True)
    counted = dict.fromkeys(("train", "test", "short", "long", "twice"), 0)
    with open(OUT / "dataset" / "train.jsonl", "w") as train, open(OUT / "dataset" / "test.jsonl", "w") as test:
        for where, row in sorted_out(rows(rows_in(dataset())), least, most, fraction):
            counted[where] += 1
            if (file := {"train": train, "test": test}.get(where)) is not None:
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
    if counted["train"] == 0:
        raise BadInput(f"nothing is left to learn from: {counted}")
    write_figures({f"rows_{name}": count for name, count in counted.items()})
    return 0


if __name__ == "__main__":
    ended(main)
