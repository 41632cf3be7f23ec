"""Facts and texts as token ids, prepared once and scored many times."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import numpy.typing as npt

from workbench.errors import InputError, Unfit, UnfitFacts
from workbench.evaluation.batching import Watch
from workbench.evaluation.manner import Manner
from workbench.evaluation.reading import Ints
from workbench.evaluation.scores import Floats, mean
from workbench.facts.fact import Fact, Probe
from workbench.models.chat import encode_chat, encode_chat_prompt, has_chat
from workbench.models.encoding import Encoded, encode, encode_prompt, require_window, shorten
from workbench.models.loaded import LoadedModel

TEXT_TOKENS = 64  # where a text for perplexity is cut
_CHECK_EVERY = 256  # facts between two looks at the cancel event


@dataclass(frozen=True, slots=True)
class Probes:
    """What several facts carry none, one or many of."""

    items: tuple[Encoded, ...] = field(repr=False)  # (P,)
    owner: Ints = field(repr=False)  # (P,) position of the fact that each belongs to
    number: Ints = field(repr=False)  # (P,) its place among all probes that were encoded together
    answered: npt.NDArray[np.bool_] = field(repr=False)  # (P,) whether it has a reference answer
    kind: tuple[str, ...] = field(default=(), repr=False)  # (P,) the data's name for its group

    def take(self, position: Ints) -> "Probes":
        """``position`` (F,): where each fact goes, -1 for nowhere."""
        kept = np.flatnonzero(position[self.owner] >= 0)
        owner = position[self.owner[kept]]
        items, kind = tuple(self.items[i] for i in kept), tuple(self.kind[i] for i in kept)
        return Probes(items, owner, self.number[kept], self.answered[kept], kind)

    def means(self, values: Floats, facts: int) -> Floats:
        """(P,) → (facts,): the mean over each fact's probes that are not NaN; NaN where there is none."""
        known = ~np.isnan(values)
        sums = np.bincount(self.owner[known], values[known], facts)
        counts = np.bincount(self.owner[known], minlength=facts)
        found: Floats = np.divide(sums, counts, out=np.full(facts, np.nan), where=counts > 0)
        return found

    def group_means(self, values: Floats, facts: int) -> dict[str, float]:
        """Group → the mean over its facts of ``means``; probes of no group are left out."""
        kinds = np.array(self.kind, dtype=np.str_)
        groups = dict.fromkeys(filter(None, self.kind))
        return {g: mean(self.means(np.where(kinds == g, values, np.nan), facts)) for g in groups}


NO_PROBES = Probes((), np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.bool_))


@dataclass(frozen=True, slots=True)
class EncodedFacts:
    """F facts and what belongs to them."""

    facts: tuple[Fact, ...] = field(repr=False)
    prompts: tuple[Encoded, ...] = field(repr=False)  # (F,) prompt and target
    rephrases: Probes
    locality: Probes
    old: Probes  # prompt and old answer
    portability: Probes
    chat: "EncodedFacts | None" = field(
        default=None, repr=False
    )  # prompts, rephrases and locality as messages

    def __len__(self) -> int:
        return len(self.facts)

    def take(self, indices: Sequence[int]) -> "EncodedFacts":
        """These facts only, in this order; locality probes keep their place in a Baseline."""
        position = np.full(len(self), -1, dtype=np.int64)
        position[np.asarray(indices, dtype=np.int64)] = np.arange(len(indices))
        return EncodedFacts(
            tuple(self.facts[i] for i in indices),
            tuple(self.prompts[i] for i in indices),
            self.rephrases.take(position),
            self.locality.take(position),
            self.old.take(position),
            self.portability.take(position),
            None if self.chat is None else self.chat.take(indices),
        )


def encode_facts(
    loaded: LoadedModel, facts: Iterable[Fact], watch: Watch | None = None, system: str = ""
) -> EncodedFacts:
    """In the chat too where the model has a template, ``system`` being its system prompt.

    Raises UnfitFacts naming every fact of which a prompt has no tokens or too many for the model's window."""
    encoder = _Encoder(tuple(facts), watch or Watch(), partial(_answered, loaded))
    plain = replace(
        encoder.asked(),
        old=encoder.probes(lambda fact: [Probe(fact.prompt, fact.old)] if fact.old.strip() else []),
        portability=encoder.probes(lambda fact: [p for p in fact.portability if p.answer.strip()]),
    )
    chat = None
    if has_chat(loaded.tokenizer):
        encoder.encode = partial(_answered_in_chat, loaded, system)
        chat = encoder.asked()
    encoder.require_fit("fact")
    return replace(plain, chat=chat)


def require_warmup_fits(loaded: LoadedModel, facts: Iterable[Fact], watch: Watch | None = None) -> None:
    """Raises UnfitFacts for prompts and targets, in every form that the model has."""
    encoder = _Encoder(tuple(facts), watch or Watch(), partial(_answered, loaded))
    encoder.own()
    if has_chat(loaded.tokenizer):
        encoder.encode = partial(_answered_in_chat, loaded, "")
        encoder.own()
    encoder.require_fit("warm-up fact")


class _Encoder:
    """Goes on behind a fact that does not fit, so that all of them can be named. ``encode``: prompt and answer."""

    def __init__(self, facts: tuple[Fact, ...], watch: Watch, encode: Callable[[str, str], Encoded]) -> None:
        self._facts, self._watch, self.encode = facts, watch, encode
        self._unfit: dict[int, str] = {}

    def asked(self) -> EncodedFacts:
        """Prompts, rephrases and locality."""
        return EncodedFacts(
            self._facts,
            self.own(),
            self.probes(lambda fact: (Probe(text, fact.target) for text in fact.rephrases)),
            self.probes(lambda fact: fact.locality),
            NO_PROBES,
            NO_PROBES,
        )

    def own(self) -> tuple[Encoded, ...]:
        return tuple(self._encoded(i, fact.prompt, fact.target) for i, fact in self._watched())

    def probes(self, of: Callable[[Fact], Iterable[Probe]]) -> Probes:
        """Those without a prompt are left out."""
        found = [(i, p) for i, fact in self._watched() for p in of(fact) if p.prompt.strip()]
        return Probes(
            tuple(self._encoded(i, p.prompt, p.answer) for i, p in found),
            np.array([i for i, _ in found], dtype=np.int64),
            np.arange(len(found)),
            np.array([bool(p.answer.strip()) for _, p in found], dtype=np.bool_),
            tuple(p.kind.strip() for _, p in found),
        )

    def require_fit(self, noun: str) -> None:
        if self._unfit:
            unfit = [Unfit(place, reason) for place, reason in sorted(self._unfit.items())]
            raise UnfitFacts(unfit, len(self._facts), noun)

    def _watched(self) -> Iterator[tuple[int, Fact]]:
        for i, fact in enumerate(self._facts):
            if i % _CHECK_EVERY == 0:
                self._watch.check()
            yield i, fact

    def _encoded(self, place: int, prompt: str, answer: str) -> Encoded:
        try:
            return self.encode(prompt, answer)
        except InputError as error:
            self._unfit.setdefault(place, str(error))
            return Encoded((), (), 0)


def _answered(loaded: LoadedModel, prompt: str, answer: str) -> Encoded:
    """Without an answer, the prompt alone with a filler in the answer's place: its next token can be read."""
    if answer.strip():
        return encode(loaded.tokenizer, prompt, answer, loaded.window)
    return Encoded(ids := prompt_ids(loaded, prompt), (0,), len(ids) - 1)


def _answered_in_chat(loaded: LoadedModel, system: str, prompt: str, answer: str) -> Encoded:
    if answer.strip():
        return encode_chat(loaded.tokenizer, prompt, answer, loaded.window, system=system, ended=False)
    ids = _message_ids(loaded, prompt, system)
    return Encoded(ids, (0,), len(ids) - 1)


def asked_ids(loaded: LoadedModel, prompt: str, manner: Manner) -> tuple[int, ...]:
    """Raises InputError as ``prompt_ids`` does, and where the model has no chat template or it refuses the message."""
    if not manner.chat:
        return prompt_ids(loaded, prompt)
    if not has_chat(loaded.tokenizer):
        raise InputError("the model has no chat template: ask in the plain form.")
    return _message_ids(loaded, prompt, manner.system)


def _message_ids(loaded: LoadedModel, prompt: str, system: str) -> tuple[int, ...]:
    ids = encode_chat_prompt(loaded.tokenizer, prompt, system)
    require_window(prompt, len(ids) + 1, loaded.window)
    return ids


def prompt_ids(loaded: LoadedModel, prompt: str) -> tuple[int, ...]:
    """Raises InputError where the prompt has no tokens, or leaves no room for a next one in the window."""
    ids = encode_prompt(loaded.tokenizer, prompt.rstrip())
    if not ids:
        raise InputError(f"the prompt {shorten(prompt)} has no tokens: write one.")
    if len(ids) >= loaded.window:
        raise InputError(
            f"the prompt {shorten(prompt)} takes {len(ids):,} tokens and the model reads "
            f"{loaded.window:,}: shorten it."
        )
    return ids


def encode_texts(loaded: LoadedModel, texts: Iterable[str]) -> tuple[Encoded, ...]:
    """Each text's first 64 tokens, all but the first to be predicted; texts of one token are left out."""
    length = min(TEXT_TOKENS, loaded.window)
    rows = [encode_prompt(loaded.tokenizer, text)[:length] for text in texts]
    return tuple(Encoded(ids[:-1], ids[1:], 0) for ids in rows if len(ids) > 1)
