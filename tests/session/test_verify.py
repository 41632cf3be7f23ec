"""What was damaged is found and named, with what to do; what was not is left alone."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from tests.session.kept_runs import (
    assert_same_state,
    copied,
    facts,
    job,
    recipe,
    resumed,
    run_kept,
    run_until,
)
from tests.tiny import tiny_model
from workbench.errors import SessionError, StepDamaged
from workbench.models.loading import load
from workbench.session.folder import Session
from workbench.session.keeping import Keeping
from workbench.session.records import RunRecord
from workbench.session.verify import Verification, verify

STEPS = 6


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was stopped after its last step but one, and a branch of it."""
    path = tmp_path_factory.mktemp("verify") / "s.stableedit"
    with Session.create(path, keeping=Keeping(checkpoint_every=3)) as session:
        session.set_facts("edit", facts(2 * STEPS))
        run_until(session, recipe(memory=1, protection=1), job(2 * STEPS), STEPS - 1)
        going = session.branch(tiny_model(), 1, 2)
        assert going.done.steps == 2
    return path


@pytest.fixture
def session(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "s.stableedit")


def with_model(path: Path) -> Verification:
    return verify(path, lambda _run: tiny_model())


def file_of(path: Path, place: str, kind: str, step: int) -> Path:
    (found,) = (path / place).glob(f"run0001-{kind}{step:06}-*")
    return found


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)


def change(path: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(path / "session.db", isolation_level=None)) as database:
        assert database.execute(statement, values).rowcount > 0


def test_a_sound_session_has_no_faults_and_is_left_as_it_was(session: Path) -> None:
    before = contents(session)
    found = with_model(session)
    assert (found.faults, found.notes) == ((), ())
    assert (found.facts, found.runs) == (2 * STEPS + 4, 2)
    assert found.files == len(list(session.rglob("*.safetensors")))
    assert found.states >= found.files
    assert contents(session) == before


def contents(folder: Path) -> dict[Path, bytes]:
    """But for the files that SQLite itself reads with."""
    files = (p for p in folder.rglob("*") if p.is_file() and not p.name.endswith(("-wal", "-shm")))
    return {p: p.read_bytes() for p in files}


def remove(file: Path) -> None:
    file.unlink()


def other_shapes(file: Path) -> None:
    """As a damaged row and file would be together: hash and size fit."""
    save_file({name: t[:1].clone() for name, t in load_file(file).items()}, file)
    from hashlib import sha256

    content = file.read_bytes()
    change(
        file.parents[1],
        "UPDATE step SET sha256 = ?, bytes = ? WHERE file = ?",
        sha256(content).hexdigest(),
        len(content),
        file.name,
    )


@pytest.mark.parametrize(
    ("harm", "words"), [(flip, "SHA-256"), (remove, "is missing"), (other_shapes, "do not fit")]
)
def test_the_last_steps_file(session: Path, harm: Callable[[Path], None], words: str) -> None:
    for checkpoint in (session / "checkpoints").glob(f"run0001-edit{STEPS - 1:06}-*"):
        checkpoint.unlink()
    change(session, "DELETE FROM checkpoint WHERE run = 1 AND kind = 'edit' AND step = ?", STEPS - 1)
    harm(file_of(session, "steps", "edit", STEPS - 1))
    (fault,) = verify(session).faults
    assert words in fault
    assert f"step {STEPS - 1} of run 1" in fault
    assert f"continue from step {STEPS - 2} with workbench ledger {session} --branch 1:{STEPS - 2}" in fault
    with Session.open(session) as opened:
        with pytest.raises(StepDamaged, match=f"--branch 1:{STEPS - 2}") as told:
            opened.resume(tiny_model(), 1)
        assert (told.value.run, told.value.step) == (1, STEPS - 2)
        assert opened.rebuild(tiny_model(), told.value.run, told.value.step).bit_equal


def test_a_last_step_that_a_checkpoint_holds_is_not_lost(tmp_path: Path) -> None:
    path = tmp_path / "s.stableedit"
    whole, _, _ = run_kept(tmp_path / "whole", recipe(), job(2 * STEPS))
    with Session.create(path) as session:
        run_until(session, recipe(), job(2 * STEPS), STEPS - 1)
    flip(file_of(path, "steps", "edit", STEPS - 1))
    (fault,) = verify(path).faults
    assert "no state is lost" in fault
    with Session.open(path) as session:
        going_on, _ = resumed(session)
    assert_same_state(copied(going_on), copied(whole))


def test_a_checkpoint_in_between_costs_no_state(session: Path) -> None:
    flip(file_of(session, "checkpoints", "edit", 3))
    (fault,) = with_model(session).faults
    assert "SHA-256" in fault
    assert "no state is lost" in fault


def test_a_warm_up_step_without_a_checkpoint_after_it_loses_the_run(tmp_path: Path) -> None:
    path = tmp_path / "s.stableedit"
    run_kept(path, recipe(), job(4))
    for file in (path / "checkpoints").glob("*"):
        flip(file)
    flip(file_of(path, "steps", "warmup", 1))
    assert any("run 1 cannot be brought back: restore" in fault for fault in verify(path).faults)


FACT_HARM = {
    "a text": ("UPDATE fact SET target = 'rod' WHERE prompt = 'Item 0 is'", ("Fact 1 of facts to edit", "Item 0 is")),
    "bytes that are no text": (
        "UPDATE fact SET target = CAST(x'ff' AS TEXT) WHERE prompt = 'Item 3 is'",
        ("Fact 4 of facts to edit", "facts of run 1"),
    ),
    "another fact in its place": (
        "UPDATE entry SET fact = (SELECT id FROM fact WHERE prompt = 'Item 1 is') WHERE position = 0 AND list = "
        "(SELECT facts FROM run WHERE id = 1)",
        ("The facts of run 1 are not those",),
    ),
    "one gone from the list": (
        "DELETE FROM entry WHERE position = 1 AND list = (SELECT id FROM fact_list WHERE name = 'edit')",
        ("The facts to edit lack some",),
    ),
}  # fmt: skip


@pytest.mark.parametrize("harm", FACT_HARM)
def test_facts_that_are_not_what_was_written(session: Path, harm: str) -> None:
    statement, words = FACT_HARM[harm]
    change(session, statement)
    faults = verify(session).faults
    assert any(all(word in fault for word in words) for fault in faults), faults


def test_a_run_does_not_go_on_with_a_fact_that_was_damaged(session: Path) -> None:
    change(session, "UPDATE fact SET target = 'rod' WHERE prompt = 'Item 8 is'")
    with Session.open(session) as opened:
        with pytest.raises(SessionError, match="Fact 9 of facts of run 1"):
            opened.resume(tiny_model(), 1)
        with pytest.raises(SessionError, match="Fact 9 of facts of run 1"):
            opened.branch(tiny_model(), 1, 2)
        assert opened.replay_without(tiny_model(), 1, [8]).job.facts == facts(8) + facts(3, 9)


def test_a_database_whose_pages_are_damaged(session: Path) -> None:
    file = session / "session.db"
    content = bytearray(file.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 4096] = os.urandom(4096)
    file.write_bytes(content)
    faults = verify(session).faults
    assert any("is damaged" in fault for fault in faults)


def test_a_row_that_cannot_be_read_is_named_and_the_rest_is_checked(session: Path) -> None:
    change(session, "UPDATE run SET recipe = '{' WHERE id = 2")
    flip(file_of(session, "steps", "edit", 1))
    found = verify(session)
    assert any("damaged" in fault for fault in found.faults)
    assert any("run0001-edit000001" in fault for fault in found.faults)
    assert found.runs == 1


def test_steps_that_lead_elsewhere(session: Path) -> None:
    change(
        session,
        "UPDATE step SET fingerprint = '0123456789abcdef' WHERE run = 1 AND kind = 'edit' AND step = 2",
    )
    assert verify(session).faults == ()
    (fault,) = with_model(session).faults
    assert "Step 2 of run 1" in fault


def test_another_model_is_a_fault_of_what_was_given(session: Path) -> None:
    found = verify(session, lambda _run: tiny_model(seed=1))
    assert all("is not the model" in fault for fault in found.faults)
    assert found.faults


@pytest.mark.parametrize("writable", [True, False])
def test_a_session_of_the_first_version_opens_and_verifies(
    shared_data: Path, tmp_path: Path, writable: bool
) -> None:
    path = shutil.copytree(shared_data / "first" / "first.stableedit", tmp_path / "first.stableedit")
    for part in (path, *path.rglob("*")):
        part.chmod(0o755 if part.is_dir() else 0o644)

    def first_model(record: RunRecord) -> object:
        return load(str(shared_data / "first" / "model"), "cpu", record.model.dtype)

    with Session.open(path, read_only=not writable) as session:
        assert session.read_only is not writable
        assert session.fact_count("edit") == 12
        rebuilt = session.rebuild(load(str(shared_data / "first" / "model"), "cpu"))
        assert rebuilt.position.step == 3
    found = verify(path, first_model)  # type: ignore[arg-type]
    assert found.faults == ()
    assert "carry no checksum of their order" in found.notes[0]
    assert found.states >= 13


def test_a_folder_that_cannot_be_written_says_so(session: Path) -> None:
    (session / "session.lock").unlink()
    (session / "session.lock").mkdir()  # so that not even root can write it
    with Session.open(session) as opened:
        assert opened.read_only
        assert opened.why_read_only == "is in a place that cannot be written"


def test_a_link_is_refused(session: Path) -> None:
    (session / "steps").rename(session.parent / "steps")
    (session / "steps").symlink_to(session.parent / "steps")
    with pytest.raises(SessionError, match="link"):
        verify(session)


def test_a_session_that_is_in_use_is_checked_and_said_to_be(session: Path) -> None:
    with Session.open(session):
        found = verify(session)
    assert found.faults == ()
    assert f"in use by process {os.getpid()}" in found.notes[0]
