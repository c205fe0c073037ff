"""An adapter and its base become one model."""

import json
from pathlib import Path


def based_on(adapter, base):
    """Says of an adapter what it was trained on, by the name that others know, and not by the folder that it lay in here."""
    file = Path(adapter) / "adapter_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "base_model_name_or_path": base}, indent=2, sort_keys=True))


def merge(weights, adapter, to):
    """Writes whole weights, in the precision of the base, never of a quantized copy of it: in memory, without a GPU."""
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    base = AutoModelForCausalLM.from_pretrained(weights, dtype="auto", device_map="cpu", low_cpu_mem_usage=True)
    merged = PeftModel.from_pretrained(base, str(adapter)).merge_and_unload(safe_merge=True)
    merged.save_pretrained(to)
    AutoTokenizer.from_pretrained(adapter if (Path(adapter) / "tokenizer_config.json").is_file() else weights).save_pretrained(to)
