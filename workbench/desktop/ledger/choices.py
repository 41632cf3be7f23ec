"""What a branch or a replay would do, and why one cannot be. No Qt."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.editing.batches import last_step_before, step_sizes
from workbench.editing.carrying import BEHIND_A_BRANCH
from workbench.editing.recipe import Recipe
from workbench.facts.fact import Fact
from workbench.settings import described

if TYPE_CHECKING:
    from workbench.session.records import RunRecord

# What a branch has behind it already, or that changes nothing of it.
_SETTLED = ("name", "modules", *BEHIND_A_BRANCH)


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
