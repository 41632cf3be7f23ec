"""A fact as the located editors read it: in every context, and where its subject ends."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from transformers import PreTrainedTokenizerBase

from workbench.models.encoding import Encoded, encode, encode_prompt, last_token_of

Encode = Callable[[str], Encoded]  # of a prompt, context and all


@dataclass(frozen=True, slots=True)
class LocatedFact:
    """``essence``: “{subject} is a” up to the subject's last token, whose next token an edit should leave as it is;
    what stands behind it cannot be seen from there. None for a fact without a subject."""

    prompt: str  # for messages
    sequences: tuple[
        Encoded, ...
    ]  # the bare prompt first, then in each context, the target behind all of them
    essence: Encoded | None


def locate(
    tokenizer: PreTrainedTokenizerBase, prompt: str, subject: str, contexts: Sequence[str], encode: Encode
) -> LocatedFact:
    """``contexts``: texts to put in front, of which none may be empty; ``encode`` is told the subject by its maker.
    Raises what ``encode`` raises."""
    bare, *behind = (encode(context + prompt) for context in ("", *contexts))
    if bare.subject >= 0:
        return LocatedFact(prompt, (bare, *behind), _essence(tokenizer, subject))
    elsewhere = (replace(sequence, subject=-1) for sequence in behind)  # a context that names the subject
    return LocatedFact(prompt, (bare, *elsewhere), None)


def plainly(
    tokenizer: PreTrainedTokenizerBase, subject: str, target: str, window: int | None, ending: str = "none"
) -> Encode:
    """Prompts as running text, as published."""
    return lambda prompt: encode(tokenizer, prompt, target, window, ending, subject)


def lookup(sequence: Encoded) -> int:
    """The subject's last token; the prompt's where it has no subject, which is ours: the papers have no such fact."""
    return sequence.start if sequence.subject < 0 else sequence.subject


def _essence(tokenizer: PreTrainedTokenizerBase, subject: str) -> Encoded:
    text = f"{subject.strip()} is a"
    at = last_token_of(tokenizer, subject, text)
    ids = encode_prompt(tokenizer, text)[: at + 1]
    return Encoded(ids, ids[-1:], at, at)
