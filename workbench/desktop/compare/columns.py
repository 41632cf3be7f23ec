"""What the table of runs says of each: tags, facts, scores, and the settings in which the runs differ."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from workbench.desktop.compare.reading import Candidate
from workbench.evaluation.scores import PROTOCOLS, Scores
from workbench.evaluation.titles import TITLES

Value = float | str

NAN = float("nan")
LESS_IS_BETTER = frozenset({"perplexity", "drift"})
# As they head a narrow column; a filter may call them so too.
SHORT = {
    "generated": "Says it",
    "generated_chat": "Says it, chat",
    "es": "ES",
    "es_chat": "ES, chat",
    "gs": "GS",
    "gs_chat": "GS, chat",
    "locality_kept": "Kept",
    "locality_kept_chat": "Kept, chat",
    "ls": "LS",
}


@dataclass(frozen=True, slots=True)
class Column:
    key: str  # what a filter calls it
    title: str
    about: str  # tooltip
    value: Callable[[Candidate], Value]  # NaN: not measured
    words: Callable[[Value], str]
    before: Callable[[Candidate], float] | None = None  # of a score: the unedited model's

    @property
    def is_score(self) -> bool:
        return self.before is not None

    @property
    def better(self) -> int:
        """Of a score: 1 where more is better, -1 where less is."""
        return -1 if self.key in LESS_IS_BETTER else 1


def columns_of(found: Sequence[Candidate], all_settings: bool = False) -> list[Column]:
    """``all_settings``: also those that are the same in all runs."""
    tags = [_TAGS] if any(tags_of(c) for c in found) else []
    measured = [c for c in map(_score_column, TITLES) if any(_known(c.value(one)) for one in found)]
    return [*tags, _FACTS, *measured, *_settings(found, all_settings)]


def tags_of(candidate: Candidate) -> list[str]:
    """The words of a run's note that begin with #."""
    return [word for word in candidate.compared.record.note.split() if len(word) > 1 and word[0] == "#"]


def figure(scores: Scores | None, name: str) -> str:
    return score_in_words(name, _score(scores, name))


def score_in_words(name: str, value: float, sign: str = "") -> str:
    if value != value:
        return "–"
    return f"{value:{sign},.1f}" if name == "perplexity" else f"{value:{sign}.3f}"


def _score_column(name: str) -> Column:
    return Column(
        key=name,
        title=SHORT.get(name, TITLES[name]),
        about=f"After the last scored step. {PROTOCOLS[name]}",
        value=lambda c: _score(c.compared.after, name),
        words=lambda value: score_in_words(name, float(value)),
        before=lambda c: _score(c.compared.before, name),
    )


def _settings(found: Sequence[Candidate], whole: bool) -> list[Column]:
    if not found:
        return []
    from workbench.session.compare import setting, settings

    made = (_setting_column(name, title) for name, title in settings().items() if name != "facts")
    return [c for c in made if whole or len({setting(one.compared, c.key) for one in found}) > 1]


def _setting_column(name: str, title: str) -> Column:
    from workbench.session.compare import in_words, setting

    def value(candidate: Candidate) -> Value:
        found = setting(candidate.compared, name)
        return (
            float(found)
            if isinstance(found, int | float) and not isinstance(found, bool)
            else in_words(found)
        )

    return Column(name, title, title, value, lambda v: v if isinstance(v, str) else f"{v:,g}")


def _score(scores: Scores | None, name: str) -> float:
    return NAN if scores is None else float(getattr(scores, name))


def _known(value: Value) -> bool:
    return value == value


_TAGS = Column(
    "tags",
    "Tags",
    "Words of the run's note that begin with #: Ledger › Note… writes it.",
    lambda c: " ".join(tags_of(c)),
    str,
)
_FACTS = Column(
    "facts",
    "Facts",
    "Facts that are in the model.",
    lambda c: float(c.compared.record.facts_done - c.compared.skipped),
    lambda value: f"{value:,.0f}",
)
