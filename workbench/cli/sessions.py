"""The session that a command writes to."""

from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import InputError
from workbench.session.folder import Session
from workbench.session.paths import new_session_path

if TYPE_CHECKING:
    from workbench.editing.job import Job
    from workbench.models.loaded import LoadedModel


def require_writable(session: Session) -> None:
    """Raises InputError where it was to be changed and cannot be."""
    if session.held_by:
        raise InputError(f"{session.folder} {session.why_read_only}: end that.")
    if session.read_only:
        raise InputError(
            f"{session.folder} {session.why_read_only}: change its permissions, or copy it elsewhere."
        )


def new_session(path: Path | None, loaded: "LoadedModel", job: "Job") -> Session:
    """At ``path``, or under a free name in the person's data folder. Raises SessionError and DiskFull."""
    from workbench.session.records import ModelIdentity

    if path is None:
        path = new_session_path(f"{Path(loaded.source).name} {len(job.facts)} facts")
        path.parent.mkdir(parents=True, exist_ok=True)
    session = Session.create(path, ModelIdentity.of(loaded))
    session.set_facts("edit", job.facts)
    session.set_facts("warmup", job.warmup)
    return session
