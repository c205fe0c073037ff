"""Merges the adapter that an earlier stage made into its base: `model`."""

from folders import IN, OUT, BadInput, ended, found, is_adapter, model, write_figures
from merging import merge


def main():
    adapter = found("ADAPTER", is_adapter, None)
    if adapter is None:
        raise BadInput(f"no adapter in {IN}: name the stage that makes it in `runner.inputs`")
    merge(model(), adapter, OUT / "model")
    # `safe_merge` ends it where a weight is no number.
    write_figures({"merged": 1})
    return 0


if __name__ == "__main__":
    ended(main)
