"""Prompt and target to token ids, as the method defines them: tok(prompt) + tok(" " + target + ending)."""

from dataclasses import dataclass

from transformers import PreTrainedTokenizerBase

from workbench.errors import InputError

_SIGNS = {"none": "", "full stop": ".", "new line": "\n", "end of text": ""}
_SENTENCE_ENDS = tuple(".!?…。！？｡।")


@dataclass(frozen=True, slots=True)
class Encoded:
    """``ids`` without the last token; the positions from ``start`` on predict ``answer``, token by token."""

    ids: tuple[int, ...]  # prompt and answer, last token dropped; length T
    answer: tuple[int, ...]  # the answer's tokens; length T - start
    start: int  # the first answer position: the prompt's last token
    subject: int = -1  # where the subject's last token is in the prompt; -1 where it has none

    @property
    def first(self) -> int:
        """The first position that is read or edited."""
        return self.start if self.subject < 0 else min(self.start, self.subject)


def encode_prompt(tokenizer: PreTrainedTokenizerBase, prompt: str) -> tuple[int, ...]:
    """Token ids of a prompt alone, with BOS where the tokenizer adds one and never with EOS."""
    ids = list(tokenizer(prompt, add_special_tokens=True, verbose=False)["input_ids"])
    if ids and ids[-1] == tokenizer.eos_token_id and ids[-1] != tokenizer.bos_token_id:
        ids.pop()
    return tuple(ids)


def encode(
    tokenizer: PreTrainedTokenizerBase,
    prompt: str,
    target: str,
    window: int | None = None,
    ending: str = "none",
    subject: str = "",
) -> Encoded:
    """The answer's last tokens are those of the ``ending``, one of the choices of Recipe's.

    Raises InputError for an empty prompt or target, and for more tokens than ``window``."""
    front = encode_prompt(tokenizer, prompt.rstrip())
    answer = _answer(tokenizer, target.strip(), ending)
    if not front:
        raise InputError(f"the prompt {shorten(prompt)} has no tokens: write one.")
    if not target.strip() or not answer:
        raise InputError(f"the target of {shorten(prompt)} has no tokens: write what should be answered.")
    require_window(prompt, len(front) + len(answer), window)
    return Encoded(
        front + answer[:-1], answer, len(front) - 1, last_token_of(tokenizer, subject, prompt.rstrip())
    )


def last_token_of(
    tokenizer: PreTrainedTokenizerBase, part: str, text: str, *, special_tokens: bool = True
) -> int:
    """Position of the last token of the last place where ``text`` holds ``part``, in any case; -1 where it does not."""
    at = text.lower().rfind(part.strip().lower()) if part.strip() else -1
    if at < 0:
        return -1
    end = at + len(part.strip())
    if not tokenizer.is_fast:
        return len(tokenizer(text[:end], add_special_tokens=special_tokens, verbose=False)["input_ids"]) - 1
    found = tokenizer(text, add_special_tokens=special_tokens, return_offsets_mapping=True, verbose=False)[
        "offset_mapping"
    ]
    return max((i for i, (first, last) in enumerate(found) if first < end and last > at), default=-1)


def require_window(prompt: str, tokens: int, window: int | None) -> None:
    """Raises InputError where prompt and answer are longer than the model reads."""
    if window is not None and tokens > window:
        raise InputError(
            f"the fact {shorten(prompt)} takes {tokens:,} tokens and the model reads {window:,}: shorten it."
        )


def _answer(tokenizer: PreTrainedTokenizerBase, target: str, ending: str) -> tuple[int, ...]:
    """Sign and target are tokenised together, as they stand in a text."""
    sign = _SIGNS[ending] if ending != "full stop" or not target.endswith(_SENTENCE_ENDS) else ""
    ids = tuple(tokenizer(f" {target}{sign}", add_special_tokens=False)["input_ids"])
    if ending == "end of text" and tokenizer.eos_token_id is not None:
        return (*ids, tokenizer.eos_token_id)
    return ids


def shorten(text: str, length: int = 60) -> str:
    """The text in quotation marks, cut in the middle of nothing: at most ``length`` characters."""
    flat = " ".join(text.split())
    return f"“{flat if len(flat) <= length else flat[: length - 1] + '…'}”"
