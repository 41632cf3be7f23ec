"""What a list of sessions says of one, read without opening it: no lock, no engine."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.session.database import Database
from workbench.session.paths import DATABASE

_FACTS = """SELECT max(coalesce((SELECT count(*) FROM entry JOIN fact_list ON list = id WHERE name = 'edit'), 0),
    coalesce((SELECT max((SELECT count(*) FROM entry WHERE list = run.facts)) FROM run), 0))"""
_SCORES = "SELECT scores FROM score WHERE step > 0 ORDER BY run DESC, step DESC LIMIT 1"
_RUN_MODEL = "SELECT model FROM run ORDER BY id DESC LIMIT 1"
_MODEL = "SELECT value FROM setting WHERE name = 'session.model'"


@dataclass(frozen=True, slots=True)
class Summary:
    folder: Path
    changed: datetime
    facts: int  # to edit, or the most that a run was given
    model: str = ""  # name of its folder or file; empty: none was chosen
    scores: dict[str, float] = field(default_factory=dict)  # the last that were taken; empty: none were


def summary(folder: Path) -> Summary | None:
    """None where it cannot be read."""
    try:
        written = [file.stat() for file in (folder / DATABASE, *folder.glob(f"{DATABASE}-wal"))]
        changed = datetime.fromtimestamp(max(file.st_mtime for file in written if file.st_size))
        database = Database(folder, read_only=True)
    except (OSError, ValueError, WorkbenchError):
        return None
    try:
        model = database.rows(_RUN_MODEL) or database.rows(_MODEL)
        scores = database.rows(_SCORES)
        return Summary(
            folder,
            changed,
            int(database.rows(_FACTS)[0][0]),
            Path(str((json.loads(model[0][0]) or {}).get("source", ""))).name if model else "",
            _numbers(json.loads(scores[0][0])) if scores else {},
        )
    except (ValueError, AttributeError, WorkbenchError):
        return None
    finally:
        database.close()


def _numbers(found: dict[str, object]) -> dict[str, float]:
    """Those that were measured."""
    return {name: float(v) for name, v in found.items() if isinstance(v, int | float) and v == v}
