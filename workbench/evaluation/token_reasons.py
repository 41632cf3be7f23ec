"""Why a fact may not hold, as far as its tokens tell."""

from collections.abc import Iterator, Sequence

from transformers import PreTrainedTokenizerBase

from workbench.errors import InputError
from workbench.evaluation.answers import agrees, answer_end, decode
from workbench.facts.diagnosis import Cause, Reason, quoted
from workbench.facts.fact import Fact
from workbench.models.encoding import encode, encode_prompt

LONG_TARGET = 8  # tokens from which a target is called long


def token_reasons(tokenizer: PreTrainedTokenizerBase, fact: Fact) -> list[Reason]:
    """Empty for a fact that cannot be encoded: a run refuses it by name."""
    try:
        apart = encode(tokenizer, fact.prompt, fact.target)
    except InputError:
        return []
    found = [*_joined(tokenizer, fact, (*apart.ids[: apart.start + 1], *apart.answer))]
    if tokenizer.unk_token_id is not None and tokenizer.unk_token_id in (*apart.ids, *apart.answer):
        where = "target" if tokenizer.unk_token_id in apart.answer else "prompt"
        sentence = (
            f"The tokenizer knows no token for part of the {where}: the model cannot tell it from others."
        )
        found.append(Reason(Cause.UNKNOWN_TOKEN, sentence))
    if can_not_be_generated(fact.target):
        sentence = (
            f"The generated protocol reads an answer up to a newline or a full stop, and {quoted(fact.target)} goes "
            "on after one: what the model writes can never match it."
        )
        found.append(Reason(Cause.UNREACHABLE, sentence))
    if len(apart.answer) >= LONG_TARGET:
        sentence = (
            f"Its target takes {len(apart.answer):,} tokens, and all of them must be right to count as exact."
        )
        found.append(Reason(Cause.LONG_TARGET, sentence))
    return found


def can_not_be_generated(target: str) -> bool:
    """Whether even a model that writes exactly the target would not be counted as right."""
    end = answer_end(f" {target.strip()}", target)
    return end is not None and not agrees(f" {target.strip()}"[:end], target)


def _joined(tokenizer: PreTrainedTokenizerBase, fact: Fact, apart: Sequence[int]) -> Iterator[Reason]:
    """Where prompt and target, read as one text, are other tokens than read apart."""
    joined = encode_prompt(tokenizer, f"{fact.prompt.rstrip()} {fact.target.strip()}")
    if list(joined) == list(apart):
        return
    same = next((i for i, (a, b) in enumerate(zip(joined, apart, strict=False)) if a != b), 0)
    one, other = (_pieces(tokenizer, ids[same:]) for ids in (joined, apart))
    yield Reason(
        Cause.TOKENS,
        f"Its target is not a single continuation: as one text the tokenizer cuts {one}, and prompt and target "
        f"apart {other}, so the edit teaches tokens that plain text does not have.",
    )


def _pieces(tokenizer: PreTrainedTokenizerBase, ids: Sequence[int]) -> str:
    shown = "|".join(decode(tokenizer, [i]) for i in ids[:6])
    return f"“{shown}{'…' if len(ids) > 6 else ''}”"
