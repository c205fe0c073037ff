"""Quantizes weights by llm-compressor: SCHEME is FP8, GPTQ or AWQ. vLLM reads what it leaves, `model`, without being told how."""

from folders import OUT, BadInput, dataset, ended, model, rows_in, setting, write_figures
from rows import rows

SCHEMES = ("FP8", "GPTQ", "AWQ")


def recipe_of(scheme):
    """What of llm-compressor is done. Its heads stay as they are: they are small, and what is said depends on them most."""
    from llmcompressor.modifiers.gptq import GPTQModifier
    from llmcompressor.modifiers.quantization import QuantizationModifier
    from llmcompressor.modifiers.transform.awq import AWQModifier

    linear = dict(targets=["Linear"], ignore=["lm_head"])
    return {
        "FP8": lambda: [QuantizationModifier(scheme="FP8_DYNAMIC", **linear)],
        "GPTQ": lambda: [GPTQModifier(scheme="W4A16", **linear)],
        "AWQ": lambda: [AWQModifier(duo_scaling="both"), QuantizationModifier(scheme="W4A16_ASYM", **linear)],
    }[scheme]()


def scheme_of():
    scheme = setting("SCHEME", "FP8").upper()
    if scheme not in SCHEMES:
        raise BadInput(f"SCHEME is {scheme}: it is one of {', '.join(SCHEMES)}")
    return scheme


def calibration(tokenizer, most):
    """The first rows of the dataset as texts: what the weights are tried on while they are rounded."""
    from datasets import Dataset

    texts = []
    for row in rows(rows_in(dataset())):
        texts.append(row["text"] if "text" in row else tokenizer.apply_chat_template(row["messages"], tokenize=False))
        if len(texts) == most:
            break
    if not texts:
        raise BadInput("the dataset has no rows to try the weights on")
    return Dataset.from_dict({"text": texts})


def main():
    scheme, weights = scheme_of(), model()
    from llmcompressor import oneshot
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(weights)
    tried = {}
    if scheme != "FP8":
        samples = calibration(tokenizer, setting("CALIBRATION_ROWS", "512", int))
        most = setting("CALIBRATION_LENGTH", "2048", int)
        tried = dict(dataset=samples, num_calibration_samples=len(samples), max_seq_length=most)
    loaded = AutoModelForCausalLM.from_pretrained(weights, dtype="auto")
    oneshot(model=loaded, tokenizer=tokenizer, recipe=recipe_of(scheme), **tried)
    loaded.save_pretrained(OUT / "model", save_compressed=True)
    tokenizer.save_pretrained(OUT / "model")
    size = sum(file.stat().st_size for file in (OUT / "model").rglob("*.safetensors"))
    write_figures({"gib": size / 2**30, "calibration_rows": tried.get("num_calibration_samples", 0)})
    return 0


if __name__ == "__main__":
    ended(main)
