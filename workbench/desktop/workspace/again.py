"""Which facts the person asked to have edited again, as the session keeps it. No Qt."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.desktop.facts.store.states import IntArray

if TYPE_CHECKING:
    from workbench.session.folder import Session
    from workbench.session.records import RunRecord

AGAIN = "window/again"  # the session's setting


@dataclass(frozen=True, slots=True)
class Again:
    """What runs had done to the facts at ``places`` by the step ``step`` of run ``run`` does not count."""

    run: int = 0
    step: int = 0
    places: IntArray = field(default_factory=lambda: np.empty(0, np.int64))

    def until(self, run: int, records: "Mapping[int, RunRecord]") -> int:
        """The last editing step behind a run's state that had been done then; −1: none."""
        record = records[run]
        if run < self.run:
            return record.steps_done
        if run == self.run:
            return self.step
        if record.parent is None or record.parent not in records:
            return -1
        return min(record.parent_step or 0, self.until(record.parent, records))


def again_setting(session: "Session", places: IntArray) -> dict[str, Any] | None:
    """Of these places of the list of facts, asked for now."""
    if not len(places):
        return None
    last = session.run()
    return {"run": last.id, "step": last.steps_done, "facts": places.tolist()}


def again_kept(session: "Session", facts: int) -> Again:
    """Of a list of so many facts; what is no such setting counts as none."""
    match session.setting(AGAIN):
        case {"run": int(run), "step": int(step), "facts": list(places)}:
            return Again(run, step, np.array([p for p in places if p in range(facts)], np.int64))
    return Again()
