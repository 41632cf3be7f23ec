"""What the compare dock reads from sessions, in a worker."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.desktop.series import RunSeries
from workbench.desktop.workspace.opened import events_of
from workbench.errors import SessionError

if TYPE_CHECKING:
    from workbench.session.compare import Compared
    from workbench.session.folder import Session

Key = tuple[Path, int]  # session folder, run


@dataclass(frozen=True, slots=True)
class Candidate:
    """A run that can be compared, with its curves."""

    compared: "Compared"
    series: RunSeries
    own: bool  # of the session that is open

    @property
    def key(self) -> Key:
        return self.compared.session, self.compared.record.id

    @property
    def name(self) -> str:
        """``Run 2 · lower γ``, and of another session which one."""
        record = self.compared.record
        other = "" if self.own else f"{self.compared.session.stem}: "
        return f"{other}Run {record.id} · {record.name}"

    @property
    def short(self) -> str:
        record = self.compared.record
        return f"run {record.id}" if self.own else f"{self.compared.session.stem}:{record.id}"


def candidates(session: "Session", own: bool = True) -> list[Candidate]:
    """Every run that edited facts. Raises SessionError."""
    return [_candidate(session, record.id, own) for record in session.runs() if record.steps_done]


def candidates_in(folder: Path, but: Path | None = None) -> list[Candidate]:
    """Of another session, or of all sessions in a folder, which are only read. ``but``: the session that is open.

    Raises SessionError where there is no run."""
    from workbench.session.folder import Session
    from workbench.session.paths import is_session

    within = sorted(path for path in folder.iterdir() if is_session(path)) if folder.is_dir() else []
    found: list[Candidate] = []
    for path in [folder] if is_session(folder) or not within else within:
        if path != but:
            with Session.open(path, read_only=True) as session:
                found += candidates(session, own=False)
    if not found:
        raise SessionError(f"{folder} has no run that edited facts: choose another session.")
    return found


def _candidate(session: "Session", run: int, own: bool) -> Candidate:
    from workbench.session.compare import compared

    found = compared(session, run)
    series = RunSeries(f"run {run}" if own else f"{session.folder.stem}:{run}")
    for event in events_of(session, found.record):
        series.add(event)  # type: ignore[arg-type]  # what it does not know it passes over
    return Candidate(found, series, own)
