"""Work that nobody killed, and what is left of work that was: the two have to be the same."""

import json
import shutil
import time
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from tests.session.kept_runs import copied, editor, facts, job
from tests.studies import made_up
from tests.tiny import tiny_model
from workbench.editing.control import Control
from workbench.editing.editor import Editor
from workbench.editing.events import WarmupProgressed
from workbench.editing.recipe import Recipe
from workbench.editing.run import Run
from workbench.exports.delta import write_delta
from workbench.exports.edited import rebuilt_model
from workbench.models.export import export_hf
from workbench.session.folder import Session
from workbench.session.keeping import Keeping
from workbench.session.packing import pack_report, pack_scores
from workbench.session.verify import verify
from workbench.storage.partials import clear_abandoned
from workbench.storage.places import cache_folder
from workbench.studies.calibrate import Calibrator
from workbench.studies.calibration import CalibrationSettings, Candidate
from workbench.studies.events import CalibrationEnded, PointMeasured
from workbench.studies.files import write_json

KEEPING = Keeping(checkpoint_every=4)
STEPS, WARMUP, POINTS = 12, 8, 3
SETTING = {"hidden": ["drift"]}
OF_THE_CLOCK = ("seconds", "memory_bytes")
DELTA = ".delta.safetensors"


class Whole:
    """A finished session and its exports: all that was kept, and how long each took."""

    def __init__(self, folder: Path, chosen: Recipe) -> None:
        self.folder = folder / "whole.stableedit"
        began = time.monotonic()
        self.warm_seconds = 0.0
        with Session.create(self.folder, keeping=KEEPING) as session:
            keep_inputs(session)
            of = editor(chosen)
            for event in Run(
                of, job(2 * STEPS, WARMUP), sink=session.start_run(of, job(2 * STEPS, WARMUP))
            ).events():
                if isinstance(event, WarmupProgressed):
                    self.warm_seconds = time.monotonic() - began
            self.state = copied(of)
            self.seconds = time.monotonic() - began
            self.kept = everything_kept(session)
            began = time.monotonic()
            session.copy_to(folder / "copy.stableedit")
            self.copy_seconds = time.monotonic() - began
        began = time.monotonic()
        self.exports = {kind: export(self.folder, folder / name) for kind, name in EXPORTS.items()}
        self.export_seconds = (time.monotonic() - began) / len(EXPORTS)
        began = time.monotonic()
        calibrate(folder / "points.json")
        self.points = points_in(folder / "points.json")
        self.calibrate_seconds = time.monotonic() - began


def keep_inputs(session: Session) -> None:
    session.set_facts("edit", facts(2 * STEPS))
    session.set_setting("plots", SETTING)


def from_the_start(session: Session, chosen: Recipe) -> Editor:
    of, what = editor(chosen), job(2 * STEPS, WARMUP)
    for _ in Run(of, what, sink=session.start_run(of, what)).events():
        pass
    return of


def everything_kept(session: Session) -> list[Any]:
    """Inputs, figures of every step and scores; all but times and memory."""
    kept: list[Any] = [session.facts("edit"), session.setting("plots"), session.job(1), session.run(1).reason]
    for step in session.steps(1):
        assert step.report is not None
        text, spectra = pack_report(step.report)
        figures = {name: repr(v) for name, v in json.loads(text).items() if name not in OF_THE_CLOCK}
        kept.append((step.position, step.first_fact, step.facts, step.fingerprint, figures, spectra))
    scores = session.scores(1)
    return kept + [(s.step, *pack_scores(s.scores, s.per_fact), s.retention.tobytes()) for s in scores]


EXPORTS = {"hf": "edited", "delta": f"edited{DELTA}"}  # format → name


def export(session: Path, destination: Path) -> dict[str, Tensor]:
    """The format goes by the name; the tensors that were written."""
    with Session.open(session, read_only=True) as opened:
        edited = rebuilt_model(opened, opened.rebuild(tiny_model()))
        if destination.name.endswith(DELTA):
            write_delta(edited.editor, destination, edited.card)
        else:
            export_hf(edited.loaded, destination, edited.card)
    return exported(destination)


def exported(destination: Path) -> dict[str, Tensor]:
    """Raises an exception where it is not whole."""
    if destination.is_file():
        return dict(load_file(destination))
    for name in ("config.json", "tokenizer.json", "provenance.json"):
        json.loads((destination / name).read_text("utf-8"))
    return dict(load_file(destination / "model.safetensors"))


def calibrate(destination: Path) -> None:
    loaded, control = tiny_model(), Control()
    start = made_up.recipe_of(loaded, warmup_facts=100)
    calibrator = Calibrator(
        loaded,
        made_up.facts(40),
        start,
        CalibrationSettings(minutes=60, seed=3),
        control,
        candidates=(Candidate("Preset", "preset", start),),
        ordinary_text=made_up.TEXTS,
        perplexity_text=made_up.TEXTS,
    )
    for event in calibrator.events():
        if isinstance(event, PointMeasured) and event.done == POINTS:
            control.stop()
        if isinstance(event, CalibrationEnded):
            write_json(destination, event.calibration.as_json())


def points_in(file: Path) -> list[str]:
    points = json.loads(file.read_text("utf-8"))["points"]
    return [repr({name: value for name, value in point.items() if name != "seconds"}) for point in points]


def same(got: dict[str, Tensor], wanted: dict[str, Tensor]) -> bool:
    return got.keys() == wanted.keys() and all(torch.equal(got[name], wanted[name]) for name in wanted)


def differences(path: Path, whole: Whole, of: Editor | None = None) -> list[str]:
    """What of a finished session is not as in the whole one, by itself or as ``of`` holds it."""
    with Session.open(path) as session:
        state = copied(of or session.rebuild(tiny_model()).editor)
        wrong = [] if same(state, whole.state) else ["weights or statistics differ"]
        if everything_kept(session) != whole.kept:
            wrong.append("facts, figures, scores or settings differ")
    return wrong + list(verify(path).faults)


def leftovers(folder: Path) -> list[Path]:
    """What is in the making there, or was."""
    return [p for p in folder.rglob("*") if ".partial" in p.name or p.name.startswith(".tmp")]


def left_behind(folder: Path) -> list[str]:
    """What the next start does not clear."""
    clear_abandoned()
    notes = cache_folder() / "partials"
    left = leftovers(folder) + (list(notes.iterdir()) if notes.is_dir() else [])
    return [f"{path.name} is left behind" for path in left]


def emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder
