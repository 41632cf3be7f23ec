"""No space at any write: a sentence, nothing half-written, and the work goes on once there is room."""

import ctypes
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import save_file

from tests.session.kept_runs import assert_same_state, copied, editor, facts, job, recipe, resumed, run_kept
from tests.tiny import tiny_model
from workbench.editing.job import Done
from workbench.editing.run import Run
from workbench.errors import DiskFull, SessionMoved
from workbench.session import tensor_files
from workbench.session.folder import Session
from workbench.session.keeping import Keeping
from workbench.session.runs_table import RunsTable

EVERY_STEP = Keeping(checkpoint_every=1)
SMALL_DISK = 600 << 10  # bytes; the session of a few steps fits, that of the whole run does not


class _Disk:
    """Writes of tensor files work ``writes`` times; the next one stops half-way, as do all until there is room."""

    def __init__(self, writes: int) -> None:
        self.left, self._write = writes, save_file

    def save_file(self, tensors: Any, path: Path) -> None:
        self.left -= 1
        if self.left >= 0:
            self._write(tensors, path)
            return
        path.write_bytes(b"half a file")
        raise OSError(28, "No space left on device")


def fill(session: Session, what: int) -> None:
    of = editor(recipe(memory=1))
    list(Run(of, job(what), sink=session.start_run(of, job(what))).events())


@pytest.mark.parametrize("writes", [0, 1, 2, 3, 4, 7])
def test_a_tensor_file_that_does_not_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    whole, _, _ = run_kept(tmp_path / "whole", recipe(memory=1), job(8), EVERY_STEP)
    disk = _Disk(writes)
    monkeypatch.setattr(tensor_files, "save_file", disk.save_file)
    with Session.create(tmp_path / "s", keeping=EVERY_STEP) as session:
        with pytest.raises(DiskFull, match="no space left") as told:
            fill(session, 8)
        assert "\n" not in str(told.value)
        assert_no_trace_of_the_half_file(tmp_path / "s")
        disk.left = 1000
        assert session.rebuild(tiny_model()).bit_equal
        gone_on, _ = resumed(session)
        assert_same_state(copied(gone_on), copied(whole))


def test_a_folder_that_goes_while_a_step_is_written_is_what_the_sentence_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_and_lose(tensors: Any, path: Path) -> None:
        save_file(tensors, path)
        (tmp_path / "s").rename(tmp_path / "moved")

    with Session.create(tmp_path / "s") as session:
        monkeypatch.setattr(tensor_files, "save_file", write_and_lose)
        with pytest.raises(SessionMoved, match="moved or removed"):
            fill(session, 8)


def assert_no_trace_of_the_half_file(folder: Path) -> None:
    assert [p for p in folder.rglob("*") if ".partial" in p.name] == []
    assert all(p.stat().st_size > 100 for p in folder.rglob("*.safetensors"))


def test_a_row_that_does_not_fit_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise DiskFull("There is no space left.")

    with Session.create(tmp_path / "s") as session:
        monkeypatch.setattr(RunsTable, "keep_step", full)
        with pytest.raises(DiskFull):
            fill(session, 8)
        assert list((tmp_path / "s" / "steps").iterdir()) == []
        assert session.run().reason == "failed"


def test_a_database_that_cannot_grow(tmp_path: Path) -> None:
    with Session.create(tmp_path / "s") as session:
        session.set_facts("edit", facts(3))
        session._database.rows("PRAGMA max_page_count = 1")  # as far as it may shrink: what it has now
        with pytest.raises(DiskFull, match="nothing was lost"):
            session.set_facts("edit", facts(5000))
        with pytest.raises(DiskFull, match="nothing was lost"):
            fill(session, 40)
        assert session.facts("edit") == facts(3)
        assert session.rebuild(tiny_model()).bit_equal
        session._database.rows("PRAGMA max_page_count = 1000000")
        session.set_facts("edit", facts(5000))
        gone_on, _ = resumed(session)
        assert session.run().reason == "finished"
        assert_same_state(copied(session.rebuild(tiny_model()).editor), copied(gone_on))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of SMALL_DISK bytes, where this test may mount one."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root on Linux")
    libc = ctypes.CDLL(None, use_errno=True)
    place = tmp_path / "disk"
    place.mkdir()
    if libc.mount(b"tmpfs", bytes(place), b"tmpfs", 0, f"size={SMALL_DISK}".encode()) != 0:
        pytest.skip("this system lets nobody mount a small disk")
    yield place
    libc.umount2(bytes(place), 2)


@pytest.mark.parametrize("filler", range(0, SMALL_DISK, 85_000))
def test_a_real_disk_that_is_full(tmp_path: Path, small_disk: Path, filler: int) -> None:
    """Less and less room: the write that does not fit is one of the run, of the facts, of the new folder."""
    (small_disk / "ballast").write_bytes(bytes(filler))
    with pytest.raises(DiskFull) as told:
        facts_and_run(small_disk / "s")
    assert "\n" not in str(told.value)
    if not (small_disk / "s").exists():
        assert [p.name for p in small_disk.iterdir()] == ["ballast"]
        return
    assert_no_trace_of_the_half_file(small_disk / "s")
    (small_disk / "ballast").unlink()
    remount(small_disk, 64 << 20)
    with Session.open(small_disk / "s") as session:
        assert session.facts("edit") in (facts(20), [])
        if session.runs():
            gone_on, _ = resumed(session)
            whole, _, _ = run_kept(tmp_path / "whole", recipe(memory=1), job(24), EVERY_STEP)
            assert_same_state(copied(gone_on), copied(whole))


def facts_and_run(path: Path) -> None:
    with Session.create(path, keeping=EVERY_STEP) as session:
        session.set_facts("edit", facts(20))
        fill(session, 24)


def remount(place: Path, size: int) -> None:
    flag = 32
    assert ctypes.CDLL(None).mount(b"tmpfs", bytes(place), b"tmpfs", flag, f"size={size}".encode()) == 0


@pytest.mark.parametrize("writes", [1, 2, 3, 4, 7])
def test_the_model_is_as_the_session_kept_it_and_the_same_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    chosen = recipe(memory=1)
    whole, _, _ = run_kept(tmp_path / "whole", chosen, job(8), EVERY_STEP)
    disk = _Disk(writes)
    monkeypatch.setattr(tensor_files, "save_file", disk.save_file)
    with Session.create(tmp_path / "s", keeping=EVERY_STEP) as session:
        of = editor(chosen)
        recorder = session.start_run(of, job(8))
        run = Run(of, job(8), sink=recorder)
        with pytest.raises(DiskFull):
            list(run.events())
        disk.left = 1000
        assert_same_state(copied(of), copied(session.rebuild(tiny_model()).editor))
        steps = session.steps(1)
        assert [s.position.step for s in steps if s.position.editing] == list(range(1, run.steps_done + 1))
        assert sum(not s.position.editing for s in steps) == run.warmup_steps_done
        going_on = Run(of, job(8), sink=recorder, done=Done(run.warmup_steps_done, run.steps_done))
        list(going_on.events())
        assert_same_state(copied(of), copied(whole))
        assert session.rebuild(tiny_model()).bit_equal
        assert len(session.steps(1)) == 6


def test_a_run_that_cannot_keep_its_start_leaves_no_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    of, what = editor(recipe()), job(4)
    with Session.create(tmp_path / "s") as session:
        list(Run(of, what, sink=session.start_run(of, what)).events())
        disk = _Disk(0)
        monkeypatch.setattr(tensor_files, "save_file", disk.save_file)
        with pytest.raises(DiskFull):
            session.start_run(of, what)
        assert [r.id for r in session.runs()] == [1]
