"""Loads an adapter onto its base by peft and asks it and the merged weights the same: prints how far apart they are, and how far the base is."""

import json
import sys

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

base, adapter, merged = sys.argv[1:]
asked = torch.tensor([[1, 3, 4, 5, 6, 7]])


def answer(model):
    with torch.no_grad():
        return model.eval()(asked).logits


plain = answer(AutoModelForCausalLM.from_pretrained(base))
adapted = answer(PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), adapter))
whole = answer(AutoModelForCausalLM.from_pretrained(merged))
far = lambda one, other: (one - other).abs().max().item()  # noqa: E731
print(json.dumps({"merged": far(adapted, whole), "learned": far(adapted, plain)}))
