"""Rows of a dataset that a model learns from."""

import json

from folders import BadInput


def rows(paths):
    """Rows of these files, each with the one column that is learned from: all of them the same one."""
    column = None
    for path in paths:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if not line.strip():
                continue
            row = row_of(line, f"{path.name}:{number}")
            name = "messages" if isinstance(row.get("messages"), list) else "text"
            if column not in (None, name):
                raise BadInput(f"{path.name}:{number} has {name} and rows before it {column}: write all of them alike")
            column = name
            yield {name: row[name]}


def row_of(line, at):
    try:
        row = json.loads(line)
    except ValueError:
        raise BadInput(f"{at} is no JSON") from None
    if not isinstance(row, dict) or not (isinstance(row.get("text"), str) or isinstance(row.get("messages"), list)):
        raise BadInput(f"{at} has neither `text` nor `messages`")
    return row
