"""The pieces of work that are killed: how each begins, how it goes on after a kill, and what must hold then."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.faults.whole import (
    EXPORTS,
    KEEPING,
    STEPS,
    WARMUP,
    Whole,
    calibrate,
    differences,
    export,
    exported,
    from_the_start,
    keep_inputs,
    left_behind,
    points_in,
    same,
)
from tests.session.kept_runs import editor, job, resumed, run_until
from workbench.editing.editor import Editor
from workbench.editing.recipe import Recipe
from workbench.errors import SessionError
from workbench.session.folder import Session
from workbench.session.paths import is_session

SESSION, COPY, POINTS = "killed.stableedit", "copy.stableedit", "points.json"
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Work:
    """``do`` calls its ``tell`` where kills may begin; called again after a kill, it goes on."""

    prepare: Callable[[Path, Recipe, Whole], None]
    do: Callable[[Path, Recipe, Tell], None]
    seconds: Callable[[Whole], float]
    outcome: Callable[[Path, Recipe, Whole], tuple[str, list[str]]]  # where it was cut off, and what is wrong


def nothing(_folder: Path, _chosen: Recipe, _whole: Whole) -> None: ...


def stopped(folder: Path, chosen: Recipe, _whole: Whole) -> None:
    with Session.create(folder / SESSION, keeping=KEEPING) as session:
        keep_inputs(session)
        run_until(session, chosen, job(2 * STEPS, WARMUP), STEPS // 3)


def finished(folder: Path, _chosen: Recipe, whole: Whole) -> None:
    shutil.copytree(whole.folder, folder / SESSION)


def run(folder: Path, chosen: Recipe, tell: Tell) -> None:
    """From before the session is made."""
    tell("ready")
    with opened(folder / SESSION) as session:
        go_on(session, chosen)


def run_with_inputs(folder: Path, chosen: Recipe, tell: Tell) -> None:
    with opened(folder / SESSION) as session:
        tell("ready")
        go_on(session, chosen)


def opened(path: Path) -> Session:
    """A new one where none is, with what a person puts in."""
    session = (
        Session.open(path, keeping=KEEPING) if is_session(path) else Session.create(path, keeping=KEEPING)
    )
    if not session.runs():
        keep_inputs(session)
    return session


def go_on(session: Session, chosen: Recipe) -> tuple[str, Editor]:
    """To the end; where it was before."""
    if not session.runs():
        return "before the run", from_the_start(session, chosen)
    record, steps = session.run(), session.steps(1)
    place = (
        f"step {record.steps_done}" if record.steps_done else "warm-up" if steps else "before the first step"
    )
    if record.reason == "finished":
        return "after the end", session.rebuild(editor(chosen).loaded).editor
    return place, resumed(session)[0]


def outcome_of_run(folder: Path, chosen: Recipe, whole: Whole) -> tuple[str, list[str]]:
    """Nothing wrong, if it goes on to the same end."""
    path = folder / SESSION
    try:
        if is_session(path):
            with Session.open(path, read_only=True) as reader:  # beside the log that the killed program left
                reader.runs()
        with opened(path) as session:
            hit, of = go_on(session, chosen)
    except SessionError as error:
        return "unknown", [f"not opened: {error}"]
    return hit, differences(path, whole, of) + left_behind(folder)


def write_exports(folder: Path, _chosen: Recipe, tell: Tell) -> None:
    tell("ready")
    for name in EXPORTS.values():
        if not (folder / name).exists():
            export(folder / SESSION, folder / name)


def outcome_of_export(folder: Path, _chosen: Recipe, whole: Whole) -> tuple[str, list[str]]:
    """Each is whole or not there, and can then be written."""
    there = [name for name in EXPORTS.values() if (folder / name).exists()]
    wrong = [
        f"{name} differs"
        for kind, name in EXPORTS.items()
        if name in there and not same(exported(folder / name), whole.exports[kind])
    ]
    wrong += left_behind(folder)
    write_exports(folder, _chosen, lambda _: None)
    if not all(same(exported(folder / name), whole.exports[kind]) for kind, name in EXPORTS.items()):
        wrong.append("written again, it differs")
    return f"{len(there)} of {len(EXPORTS)} exports", wrong + differences(folder / SESSION, whole)


def save_as(folder: Path, _chosen: Recipe, tell: Tell) -> None:
    with Session.open(folder / SESSION) as session:
        tell("ready")
        if not (folder / COPY).exists():
            session.copy_to(folder / COPY)


def outcome_of_copy(folder: Path, _chosen: Recipe, whole: Whole) -> tuple[str, list[str]]:
    """The copy is whole or not there; the original is what it was."""
    there = (folder / COPY).exists()
    wrong = left_behind(folder)
    save_as(folder, _chosen, lambda _: None)
    wrong += [f"copy: {what}" for what in differences(folder / COPY, whole)]
    return "copied" if there else "before the copy", wrong + differences(folder / SESSION, whole)


def search(folder: Path, _chosen: Recipe, tell: Tell) -> None:
    tell("ready")
    calibrate(folder / POINTS)


def outcome_of_search(folder: Path, _chosen: Recipe, whole: Whole) -> tuple[str, list[str]]:
    """The result is whole or not there; searching again finds the same."""
    there = (folder / POINTS).exists()
    wrong = left_behind(folder)
    if there and points_in(folder / POINTS) != whole.points:
        wrong.append("the points differ")
    calibrate(folder / POINTS)
    if points_in(folder / POINTS) != whole.points:
        wrong.append("searched again, the points differ")
    return "calibrated" if there else "calibrating", wrong


WORKS = {
    "warm-up": Work(nothing, run_with_inputs, lambda whole: whole.warm_seconds, outcome_of_run),
    "run": Work(nothing, run, lambda whole: whole.seconds, outcome_of_run),
    "resume": Work(stopped, run_with_inputs, lambda whole: whole.seconds * 2 / 3, outcome_of_run),
    "export": Work(finished, write_exports, lambda whole: 2 * whole.export_seconds, outcome_of_export),
    "save as": Work(finished, save_as, lambda whole: whole.copy_seconds, outcome_of_copy),
    "calibrate": Work(nothing, search, lambda whole: whole.calibrate_seconds, outcome_of_search),
}
