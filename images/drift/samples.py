"""Samples of what a service was asked and answered: rows of JSON lines, and the columns that are compared."""

import hashlib
import json
import math
import re
from pathlib import Path

from folders import BadInput, rows_in

# Bytes of one file: it is read whole.
MOST = 2**29

# A text of more different values than this is no category: its length is what is compared.
CATEGORIES = 20


def place_of(uri):
    """`(bucket, prefix)` of a folder in S3; None: it is none."""
    found = re.fullmatch(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(.+/)", uri)
    return found.groups() if found else None


def is_small(name, size):
    if size > MOST:
        raise BadInput(f"{name} has {size} bytes, more than {MOST}: sample fewer, or write several files")
    return True


def files_of(folder, client):
    """Each file's name and bytes, in one order: of a folder here, or of one in S3, which is streamed file by file."""
    at = place_of(folder)
    if at is None:
        yield from ((path.name, path.read_bytes()) for path in rows_in(Path(folder)) if is_small(path.name, path.stat().st_size))
        return
    bucket, prefix = at
    pages = client().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    for key, size in sorted((one["Key"], one["Size"]) for page in pages for one in page.get("Contents", [])):
        is_row = key.endswith(".jsonl") and not any(part.startswith(".") for part in key[len(prefix) :].split("/"))
        if is_row and is_small(key, size):
            yield key, client().get_object(Bucket=bucket, Key=key)["Body"].read()


def no_number(token):
    raise BadInput(f"{token} is no JSON, and no number: leave the value out, or write null")


def row_of(line, at):
    try:
        row = json.loads(line, parse_constant=no_number)
    except BadInput as why:
        raise BadInput(f"{at}: {why}") from None
    except ValueError:
        raise BadInput(f"{at} is no JSON") from None
    if not isinstance(row, dict):
        raise BadInput(f"{at} is no object: write columns by their names")
    return row


def read(folder, client, least, most):
    """`(rows, digest)`: all rows, and what tells this sample from another."""
    rows, digest = [], hashlib.sha256()
    for name, body in files_of(folder, client):
        digest.update(hashlib.sha256(body).digest())
        for number, line in enumerate(body.split(b"\n"), 1):
            if line.strip():
                rows.append(row_of(line, f"{name}:{number}"))
        if len(rows) > most:
            raise BadInput(f"{folder} has more than {most} rows: sample fewer, or say MAX_ROWS")
    if len(rows) < least:
        raise BadInput(f"{folder} has {len(rows)} rows, and fewer than {least} say nothing: sample more, or say MIN_ROWS")
    return rows, digest.digest()


def columns_of(current, reference, named):
    """Names of the columns that are compared: those that are named, else all, which both samples must have."""
    here, there = ({name for row in rows for name in row} for rows in (current, reference))
    odd = sorted((set(named) - (here & there)) if named else here ^ there)
    if odd:
        raise BadInput(f"{', '.join(odd[:5])}: not in both samples; name those that are, in COLUMNS")
    if not here & there:
        raise BadInput("the samples have no columns")
    return sorted(named or here)


def is_finite(number):
    try:
        return math.isfinite(number)
    except OverflowError:
        return False


def kind_of(name, values):
    """`number`, `category` or `text`; what is missing has none."""
    kinds = {type(value) for value in values if value is not None}
    if kinds and kinds <= {int, float}:
        if not all(is_finite(value) for value in values if value is not None):
            raise BadInput(f"{name} has a number that is none, or beyond all bounds: write null")
        return "number"
    if kinds == {bool}:
        return "category"
    if kinds == {str}:
        return "category" if len(set(values)) <= CATEGORIES else "text"
    if kinds and kinds <= {dict, list}:
        return "text"
    raise BadInput(f"{name} has {' and '.join(sorted(one.__name__ for one in kinds)) or 'nothing'}: write one kind of value in a column")


def measured(kind, value):
    """What of a value is compared: of a text its length in characters."""
    if value is None or kind == "number":
        return value if value is None else float(value)
    if kind == "category":
        return str(value)
    return len(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def tables_of(current, reference, named):
    """`(current, reference, numbers, categories)`: both as columns, and which of them are what."""
    names = columns_of(current, reference, named)
    kinds = {name: kind_of(name, [row.get(name) for row in (*current, *reference)]) for name in names}
    tables = [{name: [measured(kinds[name], row.get(name)) for row in rows] for name in names} for rows in (current, reference)]
    for name in names:
        if any(all(value is None for value in table[name]) for table in tables):
            raise BadInput(f"{name} has no value in one of the samples: nothing is measured of it")
    categories = [name for name in names if kinds[name] == "category"]
    return *tables, [name for name in names if name not in categories], categories
