"""Prompt and target to token ids, as the method defines them: tok(prompt) + tok(" " + target)."""

from dataclasses import dataclass

from transformers import PreTrainedTokenizerBase

from workbench.errors import InputError


@dataclass(frozen=True, slots=True)
class Encoded:
    """``ids`` without the last token; the positions from ``start`` on predict ``answer``, token by token."""

    ids: tuple[int, ...]  # prompt and answer, last token dropped; length T
    answer: tuple[int, ...]  # the answer's tokens; length T - start
    start: int  # the first answer position: the prompt's last token


def encode_prompt(tokenizer: PreTrainedTokenizerBase, prompt: str) -> tuple[int, ...]:
    """Token ids of a prompt alone, with BOS where the tokenizer adds one and never with EOS."""
    ids = list(tokenizer(prompt, add_special_tokens=True, verbose=False)["input_ids"])
    if ids and ids[-1] == tokenizer.eos_token_id and ids[-1] != tokenizer.bos_token_id:
        ids.pop()
    return tuple(ids)


def encode(
    tokenizer: PreTrainedTokenizerBase, prompt: str, target: str, window: int | None = None
) -> Encoded:
    """Raises InputError for an empty prompt or target, and for more tokens than ``window``."""
    front = encode_prompt(tokenizer, prompt.rstrip())
    answer = tuple(tokenizer(" " + target.strip(), add_special_tokens=False)["input_ids"])
    if not front:
        raise InputError(f"the prompt {shorten(prompt)} has no tokens: write one.")
    if not target.strip() or not answer:
        raise InputError(f"the target of {shorten(prompt)} has no tokens: write what should be answered.")
    if window is not None and len(front) + len(answer) > window:
        raise InputError(
            f"the fact {shorten(prompt)} takes {len(front) + len(answer):,} tokens and the model reads "
            f"{window:,}: shorten it."
        )
    return Encoded(front + answer[:-1], answer, len(front) - 1)


def shorten(text: str, length: int = 60) -> str:
    """The text in quotation marks, cut in the middle of nothing: at most ``length`` characters."""
    flat = " ".join(text.split())
    return f"“{flat if len(flat) <= length else flat[: length - 1] + '…'}”"
