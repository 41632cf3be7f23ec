"""Runs side by side, of one session or of several: settings that differ, scores, retention."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path

from workbench.editing.events import Floats
from workbench.editing.recipe import Recipe
from workbench.evaluation.scores import Scores
from workbench.session.folder import Session
from workbench.session.ledger import scores_behind, skipped_facts
from workbench.session.records import RunRecord
from workbench.settings import described


@dataclass(frozen=True, slots=True)
class Compared:
    """One run, with all that is compared of it; it needs its session no more."""

    session: Path
    record: RunRecord
    digest: str  # of its facts
    skipped: int  # facts that were left out
    before: Scores | None  # the unedited model on all its facts
    after: Scores | None  # at the last evaluation after a step
    scored_step: int  # which step that was; 0: none
    scored_steps: tuple[int, ...] = ()  # of each row of ``retention``
    retention: tuple[Floats, ...] = field(
        default=(), repr=False
    )  # each (step,): ES of every step's facts then

    @property
    def name(self) -> str:
        return f"{self.session.stem}:{self.record.id}"


@dataclass(frozen=True, slots=True)
class Difference:
    """A setting that is not the same in all runs."""

    name: str  # field name of the recipe, or "model", "facts", …
    title: str
    values: tuple[str, ...]  # one a run, in words


def compared(session: Session, run: int) -> Compared:
    """Raises SessionError where there is no such run."""
    record = session.run(run)
    scores = scores_behind(session, record)
    before = next((s.scores for s in scores if s.step == 0), None)
    scored = [s for s in scores if s.step]
    last = scored[-1] if scored else None
    retained = [s for s in scored if len(s.retention)]
    return Compared(
        session=session.folder,
        record=record,
        digest=session.facts_digest(run),
        skipped=skipped_facts(session, run),
        before=before,
        after=last.scores if last else None,
        scored_step=last.step if last else 0,
        scored_steps=tuple(s.step for s in retained),
        retention=tuple(s.retention for s in retained),
    )


def settings() -> dict[str, str]:
    """Name → title: model, facts, modules and machine first, then the recipe's settings in their order."""
    titles = {name: about.label for name, about in described(Recipe).items()} | _TITLES
    recipe = {f.name: titles.get(f.name, f.name) for f in fields(Recipe)}
    return {name: title for name, (title, _) in _CIRCUMSTANCES.items()} | recipe


def setting(run: Compared, name: str) -> object:
    """A number where it is one; see ``in_words``."""
    if name in _CIRCUMSTANCES:
        return _CIRCUMSTANCES[name][1](run)
    return getattr(run.record.recipe, name)


def in_words(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:g}"
        case "":
            return "as the preset says"
    if is_dataclass(value) and not isinstance(value, type):
        return ", ".join(f"{f.name} {in_words(getattr(value, f.name))}" for f in fields(value))
    return "–" if value is None else str(value)


def differences(runs: Sequence[Compared]) -> list[Difference]:
    """The settings that are not the same in all of them."""
    rows = [
        Difference(name, title, tuple(in_words(setting(run, name)) for run in runs))
        for name, title in settings().items()
    ]
    return [row for row in rows if len(set(row.values)) > 1]


def same_facts(runs: Sequence[Compared]) -> bool:
    """Whether their scores are of the same facts, as many of them done."""
    return len({(run.digest, run.after.facts if run.after else 0) for run in runs}) <= 1


_TITLES = {"name": "Recipe", "editor": "Editor", "method": "Settings of the editor"}
_CIRCUMSTANCES: dict[str, tuple[str, Callable[[Compared], str]]] = {
    "model": ("Model", lambda run: _model_in_words(run.record)),
    "facts": ("Facts", lambda run: f"{run.record.facts:,} ({run.digest[:6]})"),
    "warmup": ("Warm-up list", lambda run: f"{run.record.warmup:,}"),
    "edited_modules": ("Edited modules", lambda run: _modules_in_words(run.record.modules)),
    "skipped": ("Facts skipped", lambda run: f"{run.skipped:,}"),
    "device": ("Device", lambda run: run.record.environment.device),
    "torch": ("torch", lambda run: run.record.environment.torch),
}


def _model_in_words(record: RunRecord) -> str:
    return f"{Path(record.model.source).name} {record.model.dtype} ({record.model.sha256[:6]})"


def _modules_in_words(modules: tuple[str, ...]) -> str:
    if len(modules) <= 2:
        return ", ".join(modules)
    return f"{modules[0]} … {modules[-1]} ({len(modules)})"
