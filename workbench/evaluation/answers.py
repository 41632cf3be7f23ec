"""Answers as the model writes them, and whether they say what the target says."""

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
from transformers import PreTrainedTokenizerBase

from workbench.evaluation.batching import Watch
from workbench.evaluation.encoded import EncodedFacts
from workbench.evaluation.generation import Stop, end_tokens, generate
from workbench.evaluation.reading import Ints
from workbench.evaluation.scores import Floats, Texts
from workbench.models.encoding import Encoded
from workbench.models.loaded import LoadedModel

MARGIN = 8  # tokens that an answer may be longer than its target's
SHOWN = 8  # tokens written of an answer that strays from its target
WRITTEN_OUT = 20  # facts of which an answer that strays at once is written on: each costs as much as its ES
ELLIPSIS = "…"  # behind an answer that is cut; punctuation, which no comparison counts

# A full stop counts before white space, quotes or brackets between: not in 3.5 or example.com.
_END = re.compile(r"""[\r\n]|[。｡।]|\.(?=["'”’»)\]]*\s)""")
_ARTICLES = {"a", "an", "the"}


def generated_answers(
    loaded: LoadedModel,
    facts: EncodedFacts,
    watch: Watch | None = None,
    first: Ints | None = None,
    shown: int = SHOWN,
) -> tuple[Floats, Texts]:
    """1 where the answer that the model writes says what the target says, (F,); and what it writes, (F,).

    ``first`` (F,): the first token of each, where it is known; few of those that stray with it are written on.
    ``shown``: tokens after which an answer that strays is given up.
    """
    targets = [fact.target for fact in facts.facts]
    answers: list[str | None] = [None] * len(facts)
    if first is not None:
        answers = _known_at_once(loaded, first, targets)
    open_ = [i for i, answer in enumerate(answers) if answer is None]
    if watch is not None:
        watch.advance(len(facts) - len(open_))
    written = write_answers(
        loaded, [facts.prompts[i] for i in open_], [targets[i] for i in open_], watch, shown
    )
    for i, answer in zip(open_, written, strict=True):
        answers[i] = answer
    texts = tuple(answer or "" for answer in answers)
    success = [agrees(text, target) for text, target in zip(texts, targets, strict=True)]
    return np.array(success, dtype=float), texts


def _known_at_once(loaded: LoadedModel, first: Ints, targets: Sequence[str]) -> list[str | None]:
    """The answers of which the first token says enough; None where the model has to write."""
    ends, strayed = end_tokens(loaded), 0
    found: list[str | None] = []
    for token, target in zip(first.tolist(), targets, strict=True):
        text = decode(loaded.tokenizer, [token])
        answer = "" if token in ends else _ended(text, target)
        if answer is None and _has_strayed(text, target):
            strayed += 1
            answer = _cut(text) if strayed > WRITTEN_OUT else None
        found.append(answer)
    return found


def _cut(text: str) -> str:
    return f"{text.strip()}{ELLIPSIS}"


def _ended(text: str, target: str) -> str | None:
    """The answer; None where it has not stopped yet."""
    end = answer_end(text, target)
    return None if end is None else text[:end].strip()


def write_answers(
    loaded: LoadedModel,
    prompts: Sequence[Encoded],
    targets: Sequence[str],
    watch: Watch | None = None,
    shown: int = 0,
) -> list[str]:
    """What the model writes by itself after each prompt, up to where the answer ends.

    With ``shown``, an answer that strays from its target is given up after so many tokens, and what is cut says so.
    """
    fronts = [e.ids[: e.start + 1] for e in prompts]
    limits = [
        min(len(e.answer) + MARGIN, loaded.window - len(front))
        for e, front in zip(prompts, fronts, strict=True)
    ]

    def given_up(row: int, ids: list[int], text: str) -> bool:
        return 0 < shown <= len(ids) and _has_strayed(text, targets[row])

    def done(row: int, ids: list[int]) -> bool:
        text = decode(loaded.tokenizer, ids)
        return answer_end(text, targets[row]) is not None or given_up(row, ids, text)

    def answer(row: int, ids: list[int]) -> str:
        text = decode(loaded.tokenizer, ids)
        if (ended := _ended(text, targets[row])) is not None:
            return ended
        cut = shown and (len(ids) >= limits[row] or given_up(row, ids, text))
        return _cut(text) if cut else text.strip()

    written = generate(loaded, fronts, Stop(limits, end_tokens(loaded), done), watch=watch)
    return [answer(row, ids) for row, ids in enumerate(written)]


def decode(tokenizer: PreTrainedTokenizerBase, ids: Sequence[int]) -> str:
    """Exactly the tokens' text: special tokens left out, spaces as they are."""
    return str(tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False))


def answer_end(text: str, target: str) -> int | None:
    """Where the answer stops: at a newline or a full stop, unless the target goes on after that very stop
    ("St. Louis"). None where it has not stopped yet."""
    wanted = target.strip().casefold()
    for found in _END.finditer(text):
        so_far = text[: found.end()].strip().casefold()
        if found[0] in "\r\n" or len(so_far) >= len(wanted) or not wanted.startswith(so_far):
            return found.start()
    return None


def agrees(answer: str, target: str) -> bool:
    """Equal but for case, punctuation, spacing and the articles a, an, the."""
    return _normalised(answer) == _normalised(target)


def _normalised(text: str) -> list[str]:
    """Words to compare. Where nothing but articles or signs is there, those count."""
    return _words(text) or _plain(text).split() or text.split()


def _words(text: str) -> list[str]:
    return [word for word in _plain(text).split() if word not in _ARTICLES]


def _plain(text: str) -> str:
    """Lower case; dashes become spaces, other punctuation goes: "New-York" is "New York", "U.S." is "US"."""
    kinds = ((c, unicodedata.category(c)) for c in unicodedata.normalize("NFKC", text).casefold())
    return "".join(" " if kind == "Pd" else c for c, kind in kinds if kind == "Pd" or kind[0] != "P")


def _has_strayed(text: str, target: str) -> bool:
    """Whether the text differs from the target already, whatever follows. Its last word may be unfinished."""
    wanted = _words(target)
    plain = _plain(text.rstrip("\ufffd"))  # what half a character decodes to
    words = plain.split()
    last = words.pop() if words and not plain[-1].isspace() else ""
    complete = [word for word in words if word not in _ARTICLES]
    if not wanted or wanted[: len(complete)] != complete:
        return bool(wanted)
    following = wanted[len(complete)] if len(complete) < len(wanted) else ""
    return not following.startswith(last) and not any(article.startswith(last) for article in _ARTICLES)
