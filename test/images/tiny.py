"""A tiny random model with a tokenizer of its own, and rows for it: made on the spot, nothing is fetched."""

import json
import random
import sys
from pathlib import Path

from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

WORDS = "the a signal box train line stops goes on red green before after night day and".split()


def make(folder):
    folder = Path(folder)
    words = {word: number for number, word in enumerate(["<unk>", "<s>", "</s>", *WORDS])}
    plain = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    plain.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=plain, unk_token="<unk>", bos_token="<s>", eos_token="</s>")
    tokenizer.chat_template = "{% for one in messages %}{{ one['content'] }} {% endfor %}"
    sizes = dict(hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2)
    config = LlamaConfig(vocab_size=len(words), max_position_embeddings=64, bos_token_id=1, eos_token_id=2, **sizes)
    LlamaForCausalLM(config).save_pretrained(folder / "model")
    tokenizer.save_pretrained(folder / "model")
    (folder / "dataset").mkdir(parents=True)
    pick = random.Random(7)
    for name, rows in (("train", 48), ("test", 8)):
        lines = (json.dumps({"text": " ".join(pick.choices(WORDS, k=12))}) for _ in range(rows))
        (folder / "dataset" / f"{name}.jsonl").write_text("\n".join(lines))


if __name__ == "__main__":
    make(sys.argv[1])
