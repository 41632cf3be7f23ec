"""Where an edited model comes from, put together from the runs that made it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.evaluation.scores import PROTOCOLS, Scores
from workbench.evaluation.titles import TITLES
from workbench.models.provenance import Provenance, ScoreLine

if TYPE_CHECKING:
    from workbench.editing.recipe import Recipe
    from workbench.models.loaded import LoadedModel
    from workbench.session.folder import Session
    from workbench.session.rebuild import Rebuilt
    from workbench.session.records import RunRecord


def rebuilt_provenance(session: "Session", rebuilt: "Rebuilt", loaded: "LoadedModel") -> Provenance:
    """Of a state kept in a session; with its scores where that very step was scored."""
    from workbench.session.lineage import chain_to

    run, position = rebuilt.run, rebuilt.position
    chain = chain_to(session, run.id, position.step if position.editing else 0)
    return session_provenance(session, loaded, run.recipe, run.modules, chain.runs, chain.cuts)


def session_provenance(
    session: "Session",
    loaded: "LoadedModel",
    recipe: "Recipe",
    modules: Sequence[str],
    runs: Sequence[int],
    cuts: Mapping[int, int] | None = None,
) -> Provenance:
    """Of a model that went through several runs, one after the other; scores are those of the last that edited.
    ``cuts``: run → the editing step up to which it counts, where not all of it does."""
    steps_of = cuts or {}
    records = [session.run(run) for run in runs]
    editing = [record for record in records if record.facts]
    scores, last = {}, 0
    if editing:
        scores = {record.step: record.scores for record in session.scores(editing[-1].id)}
        last = steps_of.get(editing[-1].id, editing[-1].steps_done)
    warmup = [s for r in records for s in session.history(r.id) if not s.position.editing and not s.skipped]
    return provenance(
        loaded,
        recipe,
        modules,
        edits=sum(_edits(session, r, steps_of.get(r.id, r.steps_done)) for r in editing),
        warmup_facts=sum(step.facts for step in warmup),
        warmup_edits=sum(s.facts for s in warmup if session.run(s.run).recipe.warmup_mode == "edits"),
        before=scores.get(0),
        after=scores.get(last) if last else None,
    )


def provenance(
    loaded: "LoadedModel",
    recipe: "Recipe",
    modules: Sequence[str],
    *,
    edits: int,
    warmup_facts: int,
    warmup_edits: int,
    before: Scores | None,
    after: Scores | None,
) -> Provenance:
    """``warmup_edits``: how many of the warm-up facts changed the weights."""
    return Provenance(
        base=base_name(loaded.source),
        base_sha256=loaded.sha256,
        edits=edits,
        modules=modules,
        recipe=asdict(recipe),
        scores=score_lines(before, after),
        warmup=_warmup_in_words(warmup_facts, warmup_edits),
        created=datetime.now(UTC).date().isoformat(),
    )


def base_name(source: str) -> str:
    """A folder's or file's own name: where it lies is nobody's business but the person's."""
    return Path(source).name if Path(source).is_absolute() else source


def score_lines(before: Scores | None, after: Scores | None) -> list[ScoreLine]:
    """Empty where one of the two was not measured."""
    if before is None or after is None:
        return []
    return [
        ScoreLine(title, PROTOCOLS[name], getattr(before, name), getattr(after, name))
        for name, title in TITLES.items()
    ]


def _edits(session: "Session", run: "RunRecord", steps: int) -> int:
    """Facts in the model after so many steps: those of skipped ones are not."""
    from workbench.session.ledger import skipped_facts

    return session.facts_after(run.id, steps) - skipped_facts(session, run.id, steps)


def _warmup_in_words(facts: int, edits: int) -> str:
    if not facts:
        return "No warm-up."
    changed = {0: "they did not change the weights", facts: "they changed the weights too"}
    said = changed.get(edits, f"{edits:,} of them changed the weights too")
    return f"{facts:,} warm-up facts prepared the statistics; {said}."
