"""
LoRA or QLoRA by trl and peft, once per GPU of one node. Reads rows with `text` or `messages`, saves checkpoints, goes on from the newest
that is whole, and leaves `adapter`, or with MERGE=1 whole weights as `model`, beside `metrics.json`.
"""

import os
import signal
import sys
from pathlib import Path

from folders import OUT, BadInput, dataset, ended, model, rows_in, setting, write_figures
from merging import based_on, merge
from rows import rows

CHECKPOINTS = Path(os.environ.get("SIGNALBOX_CHECKPOINTS", "/signalbox/checkpoints"))
# Written last into a checkpoint: what has none was being written when its program ended. The image tells signalbox-run of it.
WHOLE = os.environ.get("SIGNALBOX_CHECKPOINT_MARKER", "signalbox-complete")
# Files that are measured and not learned.
HELD_BACK = ("test.jsonl", "eval.jsonl", "validation.jsonl")
TOLD_TO_END = 143
# Is there once signalbox-run asks for what there is to be saved, before it sends SIGTERM: torchrun kills its ranks soon after that.
SAVE_NOW = Path(os.environ.get("SIGNALBOX_SAVE_NOW", "/signalbox/save-now"))


def newest_whole(folder):
    """The checkpoint with the highest step that was written to its end; None: it begins anew."""
    whole = [at for at in folder.glob("checkpoint-*") if at.name[11:].isdigit() and (at / WHOLE).is_file()]
    return max(whole, key=lambda at: int(at.name[11:]), default=None)


class Ending:
    """What SIGTERM does, and a file that comes before it: while weights load there is nothing to save; later the step under way is done first, and saved."""

    def __init__(self):
        # Told is what this rank knows, stopped what all of them have agreed on: a signal comes between any two lines.
        self.told = self.stopped = self.training = False
        signal.signal(signal.SIGTERM, self.tell)

    def is_told(self):
        return self.told or SAVE_NOW.exists()

    def tell(self, *_):
        self.told = True
        if not self.training:
            sys.exit(TOLD_TO_END)


def keeping(ending):
    """A callback that marks checkpoints as whole, and saves and stops once any rank was told to end: all at the same step."""
    import torch
    from transformers import TrainerCallback

    class Keeping(TrainerCallback):
        def on_step_end(self, args, state, control, **_):
            told = torch.tensor(int(ending.is_told()), device=args.device)
            if args.world_size > 1:
                torch.distributed.all_reduce(told, torch.distributed.ReduceOp.MAX)
            if told.item():
                ending.stopped = True
                control.should_save = control.should_training_stop = True

        def on_save(self, args, state, control, **_):
            if args.world_size > 1:
                torch.distributed.barrier()
            if state.is_world_process_zero:
                (CHECKPOINTS / f"checkpoint-{state.global_step}" / WHOLE).touch()

    return Keeping()


def config(on_gpu, dtype):
    from trl import SFTConfig

    placed = {"device_map": {"": int(os.environ.get("LOCAL_RANK", 0))}} if on_gpu else {}
    return SFTConfig(
        output_dir=str(CHECKPOINTS),
        num_train_epochs=setting("EPOCHS", "1", float),
        max_steps=setting("MAX_STEPS", "-1", int),
        learning_rate=setting("LEARNING_RATE", "2e-4", float),
        per_device_train_batch_size=setting("BATCH_SIZE", "1", int),
        gradient_accumulation_steps=setting("GRADIENT_ACCUMULATION", "8", int),
        max_length=setting("MAX_LENGTH", "2048", int),
        save_steps=setting("SAVE_STEPS", "100", int),
        logging_steps=setting("LOGGING_STEPS", "10", int),
        seed=setting("SEED", "7", int),
        **dict(save_total_limit=2, report_to="none", disable_tqdm=True, bf16=on_gpu, use_cpu=not on_gpu),
        model_init_kwargs={"dtype": dtype, **placed},
    )


def trainer_of(weights, folder, ending):
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoTokenizer, BitsAndBytesConfig
    from trl import SFTTrainer

    files = rows_in(folder)
    train, held = (list(rows(at for at in files if (at.name in HELD_BACK) == back)) for back in (False, True))
    if not train:
        raise BadInput(f"no rows to learn from in {folder}")
    on_gpu = torch.cuda.is_available()
    dtype = torch.bfloat16 if on_gpu else torch.float32
    method = setting("METHOD", "lora")
    if method not in ("lora", "qlora") or (method == "qlora" and not on_gpu):
        raise BadInput(f"METHOD is {method}: write lora, or qlora where there is a GPU")
    four_bits = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=dtype)
    tokenizer = AutoTokenizer.from_pretrained(weights)
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    rank, alpha = setting("LORA_R", "16", int), setting("LORA_ALPHA", "32", int)
    return SFTTrainer(
        model=weights,
        args=config(on_gpu, dtype),
        train_dataset=Dataset.from_list(train),
        eval_dataset=Dataset.from_list(held) if held else None,
        processing_class=tokenizer,
        quantization_config=four_bits if method == "qlora" else None,
        peft_config=LoraConfig(task_type="CAUSAL_LM", r=rank, lora_alpha=alpha, target_modules="all-linear"),
        callbacks=[keeping(ending)],
    )


def main():
    ending = Ending()
    weights = model()
    trainer = trainer_of(weights, dataset(), ending)
    begun = newest_whole(CHECKPOINTS)
    print(f"begins from {begun.name if begun else weights}", flush=True)
    if ending.is_told():
        return TOLD_TO_END
    ending.training = True
    trainer.train(resume_from_checkpoint=str(begun) if begun else None)
    if ending.stopped:
        print(f"told to end: saved checkpoint-{trainer.state.global_step}", flush=True)
        return TOLD_TO_END
    measured = trainer.evaluate() if trainer.eval_dataset is not None else {}
    trainer.save_model(str(OUT / "adapter"))
    if trainer.is_world_process_zero():
        leave(trainer, weights, measured)
    return 0


def leave(trainer, weights, measured):
    """What one rank leaves for all of them."""
    based_on(OUT / "adapter", os.environ.get("BASE_MODEL", weights))
    if os.environ.get("MERGE") == "1":
        merge(weights, OUT / "adapter", OUT / "model")
    # Of a run that was resumed the trainer's own mean is of a part of it; the last loss that was logged is what it came to.
    losses = [one["loss"] for one in trainer.state.log_history if "loss" in one]
    figures = {"loss": losses[-1] if losses else None, "steps": trainer.state.global_step, "rows": len(trainer.train_dataset)}
    write_figures({**figures, "eval_loss": measured.get("eval_loss")})


if __name__ == "__main__":
    ended(main)
