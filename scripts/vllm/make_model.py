#!/usr/bin/env python3
"""Makes a tiny random Llama with a tokenizer of its own; nothing is downloaded.

Runs in the environment that setup.sh makes. A model that this version of the script and of
chat_template.jinja has made is kept.

usage: make_model.py OUT
"""

import argparse
import hashlib
import sysconfig
from collections.abc import Iterator
from pathlib import Path

VOCABULARY_SIZE = 4096
CONTEXT_TOKENS = 4096
SPECIAL_TOKENS = ["<|pad|>", "<|begin|>", "<|end|>"]
STAMP = "made-by.sha256"
CHAT_TEMPLATE = Path(__file__).with_name("chat_template.jinja")


def training_text() -> Iterator[str]:
    """Yields prose and code that every Python installation has: its own modules."""
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("[a-d]*.py")):
        yield path.read_text(encoding="utf-8", errors="replace")


def write_tokenizer(out: Path) -> None:
    """Trains a byte-level BPE tokenizer and saves it with a chat template."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY_SIZE,
        special_tokens=SPECIAL_TOKENS,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(training_text(), trainer)
    if tokenizer.get_vocab_size() != VOCABULARY_SIZE:
        raise SystemExit(f"make_model: only {tokenizer.get_vocab_size()} tokens could be learnt")
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=SPECIAL_TOKENS[0],
        bos_token=SPECIAL_TOKENS[1],
        eos_token=SPECIAL_TOKENS[2],
        model_max_length=CONTEXT_TOKENS,
    )
    fast.chat_template = CHAT_TEMPLATE.read_text()
    fast.save_pretrained(out)


def write_weights(out: Path) -> None:
    """Saves a two-layer Llama with random weights, the same ones every time."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()
    torch.manual_seed(20)
    configuration = LlamaConfig(
        vocab_size=VOCABULARY_SIZE,
        max_position_embeddings=CONTEXT_TOKENS,
        num_hidden_layers=2,
        hidden_size=64,
        intermediate_size=192,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=32,  # The smallest that vLLM's attention for the CPU accepts.
        tie_word_embeddings=True,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        dtype="bfloat16",
    )
    LlamaForCausalLM(configuration).to(torch.bfloat16).save_pretrained(out)


def main() -> None:
    """Makes the model unless it is there."""
    parser = argparse.ArgumentParser(description="Makes a tiny random Llama with a tokenizer.")
    parser.add_argument("out", type=Path)
    out: Path = parser.parse_args().out
    made_by = Path(__file__).read_bytes() + CHAT_TEMPLATE.read_bytes()
    stamp = hashlib.sha256(made_by).hexdigest()
    if not (out / STAMP).is_file() or (out / STAMP).read_text() != stamp:
        out.mkdir(parents=True, exist_ok=True)
        write_tokenizer(out)
        write_weights(out)
        (out / STAMP).write_text(stamp)
    print(f"make_model: {out} is ready")


if __name__ == "__main__":
    main()
