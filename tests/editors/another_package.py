"""An editor as another package brings it: every row of its facts' keys moves the weights a little."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import EntryPoint

import pytest
import torch

from workbench.editing import kinds as registry
from workbench.editing.editor import Editor
from workbench.editing.events import Event
from workbench.editing.items import Chunk
from workbench.editing.kinds import EditorKind
from workbench.editing.recipes import named_recipes
from workbench.editing.shift import Shift
from workbench.editing.solving import Solved, Solver
from workbench.settings import check, setting


@dataclass(frozen=True, slots=True)
class NudgeSettings:
    length: float = setting(1e-3, "Nudge", "How far a fact moves the weights.", low=0, high=1)

    def __post_init__(self) -> None:
        check(self)


class NudgeEditor(Editor):
    pass


class NudgeSolver(Solver):
    def solve(
        self, chunk: Chunk, names: Sequence[str], *, warming_up: bool, left: int = 0
    ) -> Generator[Event, None, Solved]:
        del warming_up, left
        traced = yield from self.trace(chunk, names)
        settings = self.editor.recipe.method
        assert isinstance(settings, NudgeSettings)
        shifts = {
            name: Shift(keys, -settings.length * torch.sign(traced.values[name]))
            for name, keys in traced.keys.items()
        }
        return traced.merged(chunk), shifts, {}


NUDGE = EditorKind(
    "nudge",
    "Nudge",
    "tests.editors.another_package:NudgeEditor",
    "tests.editors.another_package:NudgeSolver",
    NudgeSettings,
    frozenset(("batch", "form", "ending", "modules", "seed", "evaluate_every", "on_error")),
    summary="Moves the weights a little against every gradient.",
    defaults={"warmup_mode": "none", "warmup_facts": 0, "form": "plain", "ending": "none", "budget": 0.0},
)


@contextmanager
def installed(attribute: str = "NUDGE") -> Iterator[None]:
    """Within it, the package is there, with its entry point."""
    point = EntryPoint("nudge", f"{__name__}:{attribute}", registry.ENTRY_POINTS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "entry_points", lambda group: [point] * (group == registry.ENTRY_POINTS))
        _forget()
        yield
    _forget()


def _forget() -> None:
    for kept in (registry.kinds, named_recipes):
        kept.cache_clear()
