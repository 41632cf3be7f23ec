"""What is in the making is whole and durable under its name, or removed: at once, or after a kill by the next start."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from workbench.errors import DiskFull
from workbench.models.files import whole_folder
from workbench.storage import durable
from workbench.storage.partials import clear_abandoned, partial_beside, whole_file

OWNER = """
import sys, time
from pathlib import Path
from workbench.storage.partials import partial_beside
with partial_beside(Path(sys.argv[1])) as partial:
    (partial / "weights").write_bytes(b"half")
    print(partial, flush=True)
    sys.stdin.read()
"""
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder


@contextmanager
def another_program(destination: Path) -> Iterator[tuple["subprocess.Popen[str]", Path]]:
    """That is half-way in making it, until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(destination)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield process, Path(process.stdout.readline().strip())
    finally:
        process.kill()
        process.communicate()


@posix
def test_the_next_start_clears_what_a_killed_program_was_making_and_nothing_else(
    tmp_path: Path, cache: Path
) -> None:
    others = tmp_path / "theirs.partial-0123abcd"
    others.mkdir()
    with another_program(tmp_path / "export") as (process, partial):
        clear_abandoned()
        assert (partial / "weights").read_bytes() == b"half"
        process.send_signal(signal.SIGSTOP)
        clear_abandoned()
        assert partial.exists()
        process.kill()
        process.wait()
        clear_abandoned()
        assert not partial.exists()
    assert others.exists()
    assert [p for p in cache.rglob("*") if p.is_file()] == []


@posix
def test_a_note_that_names_another_folder_removes_nothing(tmp_path: Path, cache: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    with another_program(tmp_path / "export") as (process, partial):
        process.kill()
        process.wait()
        (note,) = (p for p in cache.rglob("*") if p.is_file())
        note.write_text(str(precious))
        clear_abandoned()
        assert precious.exists()
        assert partial.exists()


def test_one_that_this_program_is_making_stays_while_it_does(tmp_path: Path) -> None:
    with partial_beside(tmp_path / "export") as partial:
        clear_abandoned()
        assert partial.is_dir()
    assert not partial.exists()


def test_without_a_place_for_notes_files_are_made_all_the_same(tmp_path: Path, cache: Path) -> None:
    cache.write_text("no folder")
    with whole_file(tmp_path / "facts.csv") as partial:
        partial.write_text("whole")
    assert (tmp_path / "facts.csv").read_text() == "whole"
    clear_abandoned()


def make_file(place: Path) -> None:
    with whole_file(place / "delta") as partial:
        partial.write_text("weights")


def make_folder(place: Path) -> None:
    with whole_folder(place / "new" / "export", "The export") as partial:
        (partial / "shard").write_text("weights")
        (partial / "inner").mkdir()
        (partial / "inner" / "config").write_text("{}")


@pytest.mark.parametrize(
    ("make", "before", "after"),
    [
        (make_file, {"delta"}, [""]),
        (make_folder, {"shard", "inner", "config", "export"}, ["new"]),
    ],
)
def test_contents_are_on_the_disk_before_the_name_and_the_folder_after_it(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    make: Callable[[Path], None],
    before: set[str],
    after: list[str],
) -> None:
    done: list[str] = []
    flush, replace = durable.flush, Path.replace
    place = tmp_path / "place"
    place.mkdir()

    def flushed(path: Path) -> None:
        flush(path)
        done.append(path.name.partition(".partial")[0] if path != place else "")

    def renamed(partial: Path, destination: Path) -> Path:
        if destination.is_relative_to(place):
            done.append("renamed")
        return replace(partial, destination)

    monkeypatch.setattr(durable, "flush", flushed)
    monkeypatch.setattr(Path, "replace", renamed)
    make(place)
    at = done.index("renamed")
    assert before <= set(done[:at])
    assert done[at + 1 :] == after


def test_a_disk_that_is_full_at_the_flush_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    place = tmp_path / "place"
    place.mkdir()
    with pytest.raises(DiskFull), whole_folder(place / "export", "The export") as partial:
        (partial / "shard").write_text("weights")
    assert list(place.iterdir()) == []
