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
from workbench.evaluation.scores import Floats
from workbench.models.encoding import Encoded
from workbench.models.loaded import LoadedModel

MARGIN = 8  # tokens that an answer may be longer than its target's

# A full stop counts before white space, quotes or brackets between: not in 3.5 or example.com.
_END = re.compile(r"""[\r\n]|[。｡।]|\.(?=["'”’»)\]]*\s)""")
_ARTICLES = {"a", "an", "the"}


def generated_success(
    loaded: LoadedModel, facts: EncodedFacts, watch: Watch | None = None, first: Ints | None = None
) -> Floats:
    """1 where the answer that the model writes says what the target says, (F,).

    ``first`` (F,): the first token of each, where it is known; what strays with it is not written at all.
    """
    open_ = np.arange(len(facts))
    if first is not None:
        open_ = np.array(
            [i for i in open_ if _may_agree(loaded, int(first[i]), facts.facts[i].target)], dtype=int
        )
        if watch is not None:
            watch.advance(len(facts) - len(open_))
    targets = [facts.facts[i].target for i in open_]
    answers = write_answers(loaded, [facts.prompts[i] for i in open_], targets, watch, to_the_end=False)
    found = np.zeros(len(facts))
    found[open_] = [agrees(answer, target) for answer, target in zip(answers, targets, strict=True)]
    return found


def _may_agree(loaded: LoadedModel, token: int, target: str) -> bool:
    return token not in end_tokens(loaded) and not _has_strayed(decode(loaded.tokenizer, [token]), target)


def write_answers(
    loaded: LoadedModel,
    prompts: Sequence[Encoded],
    targets: Sequence[str],
    watch: Watch | None = None,
    to_the_end: bool = True,
) -> list[str]:
    """What the model writes by itself after each prompt, cut where the answer ends.

    With ``to_the_end`` false an answer is given up where it strays from the target.
    """
    fronts = [e.ids[: e.start + 1] for e in prompts]
    limits = [
        min(len(e.answer) + MARGIN, loaded.window - len(front))
        for e, front in zip(prompts, fronts, strict=True)
    ]

    def done(row: int, ids: list[int]) -> bool:
        text = decode(loaded.tokenizer, ids)
        if answer_end(text, targets[row]) is not None:
            return True
        return not to_the_end and _has_strayed(text, targets[row])

    written = generate(loaded, fronts, Stop(limits, end_tokens(loaded), done), watch=watch)
    texts = [decode(loaded.tokenizer, ids) for ids in written]
    return [text[: answer_end(text, target)].strip() for text, target in zip(texts, targets, strict=True)]


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
