"""The session that a command writes to."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import InputError, SessionError
from workbench.session.folder import Session
from workbench.session.paths import is_session, new_session_path

if TYPE_CHECKING:
    from workbench.editing.job import Job
    from workbench.facts.fact import Fact
    from workbench.models.loaded import LoadedModel


def require_writable(session: Session) -> None:
    """Raises InputError where it was to be changed and cannot be."""
    if session.held_by:
        raise InputError(f"{session.folder} {session.why_read_only}: end that.")
    if session.read_only:
        raise InputError(
            f"{session.folder} {session.why_read_only}: change its permissions, or copy it elsewhere."
        )


def require_no_run(path: Path) -> None:
    """Raises SessionError for a session that cannot take a first run; any other place may be new or none yet."""
    if is_session(path):
        with Session.open(path, read_only=True) as session:
            _require_no_run(session)


def session_for(path: Path | None, loaded: "LoadedModel", job: "Job") -> Session:
    """A new one at ``path``, or under a free name in the person's data folder; or the one that is there without a
    run, which keeps its facts. Raises SessionError and DiskFull."""
    from workbench.session.records import ModelIdentity

    if path is None:
        path = new_session_path(f"{Path(loaded.source).name} {len(job.facts)} facts")
        path.parent.mkdir(parents=True, exist_ok=True)
    model = ModelIdentity.of(loaded)
    session = Session.open(path) if is_session(path) else Session.create(path, model)
    try:
        require_writable(session)
        _require_no_run(session)
        with session.together():
            session.set_model(model)
            session.set_facts("edit", _joined(session.facts("edit"), job.facts))
            session.set_facts("warmup", _joined(session.facts("warmup"), job.warmup))
    except BaseException:
        session.close()
        raise
    return session


def _require_no_run(session: Session) -> None:
    if session.runs():
        raise SessionError(
            f"{session.folder} is a session already, with runs: choose another name, or go on with it by workbench "
            "resume."
        )


def _joined(held: "Sequence[Fact]", facts: "Sequence[Fact]") -> "list[Fact]":
    known = set(held)
    return [*held, *(fact for fact in facts if fact not in known)]
