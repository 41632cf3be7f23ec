"""Which runs are behind a state of the model, and where the session stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from workbench.errors import SessionError

if TYPE_CHECKING:
    from workbench.session.folder import Session

CHAIN, CUTS = "window/chain", "window/cuts"  # settings that tell where the session stands
_BEHIND = "run/{}/behind"


@dataclass(frozen=True, slots=True)
class Chain:
    """Runs one after the other on one model. ``cuts``: run → the editing step up to which it counts, where not all
    of it does."""

    runs: tuple[int, ...] = ()
    cuts: Mapping[int, int] = field(default_factory=dict)

    def cut(self, run: int) -> int | None:
        return self.cuts.get(run)

    def then(self, run: int) -> Chain:
        """A run that goes on from here, or goes on with itself."""
        return _chain(
            [*(r for r in self.runs if r != run), run], {r: s for r, s in self.cuts.items() if r != run}
        )


def chain_to(session: Session, run: int, step: int | None = None) -> Chain:
    """All that is behind the state after an editing step (None: the last) of a run. Raises SessionError."""
    record = session.run(run)
    if step is not None and not 0 <= step <= record.steps_done:
        raise SessionError(f"Run {run} has {record.steps_done:,} steps and none numbered {step:,}.")
    if step is not None and record.parent is not None and step <= (record.parent_step or 0):
        return chain_to(session, record.parent, step)
    before = behind(session, run)
    cuts = dict(before.cuts) | ({run: step} if step is not None and step < record.steps_done else {})
    return Chain((*before.runs, run), cuts)


def behind(session: Session, run: int) -> Chain:
    """What was in the model when the run began; of a branch, when the first of its line did."""
    record = session.run(run)
    if record.parent is not None:
        return behind(session, record.parent)
    kept = session.setting(_BEHIND.format(run))
    if kept is None:  # kept by a version that told only where the session stands
        runs = _read([session.setting(CHAIN), {}], session).runs
        return Chain(runs[: runs.index(run)]) if run in runs else Chain()
    return _read(kept, session, before=run)


def built_upon(session: Session, run: int) -> int | None:
    """The first run that began on top of this one, whose weights would be others if it went on; None where there is
    none."""
    return next((r.id for r in session.runs() if r.id > run and run in _below(session, r.id)), None)


def _below(session: Session, run: int) -> tuple[int, ...]:
    """Runs of which it has every step behind it."""
    before = behind(session, run)
    return tuple(r for r in before.runs if r not in before.cuts)


def before_last(session: Session, chain: Chain) -> Chain:
    """What was in the model before the last of these runs; of a branch, the step that it branched from."""
    last = session.run(chain.runs[-1])
    if last.parent is not None:
        return chain_to(session, last.parent, last.parent_step or 0)
    return _chain(chain.runs[:-1], chain.cuts)


def rows_behind(session: Session, chain: Chain) -> tuple[int, int]:
    """Answer tokens of the warm-up steps, and of all steps, behind this state."""
    steps = [
        step
        for run in chain.runs
        for step in session.history(run)
        if not step.position.editing or chain.cut(run) is None or step.position.step <= chain.cuts[run]
    ]
    return sum(s.rows for s in steps if not s.position.editing), sum(s.rows for s in steps)


def keep_behind(session: Session, run: int, chain: Chain) -> None:
    session.set_setting(_BEHIND.format(run), [list(chain.runs), _text_keys(chain.cuts)])


def standing(session: Session, waiting: Mapping[str, Any] = MappingProxyType({})) -> Chain:
    """Where the person left the session: the runs whose work the model has when it is opened. ``waiting``: settings
    that are still to be written."""
    kept = waiting.get(CHAIN, session.setting(CHAIN))
    if kept is None:
        runs = session.runs()
        return chain_to(session, runs[-1].id) if runs else Chain()
    return _read([kept, waiting.get(CUTS, session.setting(CUTS, {}))], session)


def set_standing(session: Session, chain: Chain) -> None:
    for name, value in standing_settings(chain).items():
        session.set_setting(name, value)


def standing_settings(chain: Chain) -> dict[str, Any]:
    """What ``standing`` reads, by the name of the setting."""
    return {CHAIN: list(chain.runs), CUTS: _text_keys(chain.cuts)}


def _read(kept: Any, session: Session, before: int | None = None) -> Chain:
    """Only runs that are still there; what is no such setting counts as none."""
    known = {record.id for record in session.runs() if before is None or record.id < before}
    match kept:
        case [list(runs), dict(cuts)]:
            steps = {
                int(r): s for r, s in cuts.items() if str(r).isdecimal() and isinstance(s, int) and s >= 0
            }
            return _chain([run for run in runs if isinstance(run, int) and run in known], steps)
    return Chain()


def _chain(runs: Sequence[int], cuts: Mapping[int, int]) -> Chain:
    return Chain(tuple(runs), {run: step for run, step in cuts.items() if run in runs})


def _text_keys(cuts: Mapping[int, int]) -> dict[str, int]:
    return {str(run): step for run, step in cuts.items()}
