"""What a branch or a replay would do, and why one cannot be. No Qt."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.editing.batches import last_step_before, step_sizes
from workbench.editing.recipe import Recipe
from workbench.facts.fact import Fact
from workbench.settings import described

if TYPE_CHECKING:
    from workbench.session.records import RunRecord

# What the state of a run was made with; another choice makes it useless.
_OF_STATE = ("normalisation", "scope", "loss")
# What a branch has behind it already, or that changes nothing of it.
_SETTLED = ("name", "warmup_mode", "warmup_facts", "modules")


@dataclass(frozen=True, slots=True)
class RunSteps:
    record: "RunRecord"
    facts: Sequence[Fact]
    sizes: tuple[int, ...]  # (steps done,) facts of each editing step


def changes(record: "RunRecord", recipe: Recipe) -> list[tuple[str, str, str]]:
    """(title, in the run, now) of the settings that a branch would change."""
    return [
        (about.label, _in_words(getattr(record.recipe, name)), _in_words(getattr(recipe, name)))
        for name, about in described(Recipe).items()
        if name not in _SETTLED and getattr(record.recipe, name) != getattr(recipe, name)
    ]


def why_no_branch(record: "RunRecord", recipe: Recipe, modules: Collection[str], step: int) -> str:
    """One sentence; empty where a branch can begin."""
    titles = described(Recipe)
    changed = [name for name in _OF_STATE if getattr(record.recipe, name) != getattr(recipe, name)]
    if changed:
        return (
            f"{' and '.join(titles[n].label for n in changed)} changed: the statistics of run {record.id} are of no "
            "use for that; start a new run."
        )
    if set(modules) != set(record.modules):
        return f"Other modules are ticked than run {record.id} edited: tick those, or start a new run."
    if recipe.batch != record.recipe.batch:
        return f"Run {record.id} has {record.recipe.batch:,} facts a step, and a branch keeps that: set it to as many."
    if record.recipe.keeps_precision and not recipe.keeps_precision:
        return f"Run {record.id} keeps earlier edits or ordinary text: a branch needs some protection or memory too."
    if step * recipe.batch >= record.facts:
        return f"Run {record.id} has no facts after step {step:,}: choose an earlier step."
    return ""


def positions_of(facts: Collection[Fact], of_run: Sequence[Fact]) -> tuple[int, ...]:
    """Where those of the facts that a run had are in it; equal ones all."""
    wanted = set(facts)
    return tuple(i for i, fact in enumerate(of_run) if fact in wanted)


def replay_in_words(of: RunSteps, removed: Collection[int]) -> str:
    taken_over = last_step_before(removed, of.sizes)
    left = [fact for place, fact in enumerate(of.facts) if place not in removed]
    again = len(step_sizes(left, of.record.recipe.batch, of.sizes[:taken_over])) - taken_over
    over = (
        f"Its first {taken_over:,} steps are taken over, " if taken_over else "It starts at the first fact, "
    )
    return (
        f"A new run with the settings of run {of.record.id} that never had these facts. {over}and {again:,} steps are "
        f"done with the {len(left):,} facts that are left."
    )


def _in_words(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
