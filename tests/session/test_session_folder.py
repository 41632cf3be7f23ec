"""The folder as a whole: made, opened, shared, copied, and refused where it is not to be trusted."""

import hashlib
import os
import shutil
import sqlite3
import threading
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.session.kept_runs import DOWN, assert_same_state, copied, facts, job, recipe, run_kept, run_until
from tests.tiny import tiny_model
from workbench.errors import DiskFull, InputError, SessionError
from workbench.session import schema
from workbench.session.folder import Session
from workbench.session.keeping import Keeping, to_thin_out
from workbench.session.lock import take_lock
from workbench.session.paths import new_session_path, sessions_folder
from workbench.session.records import CheckpointRecord, ModelIdentity, Position
from workbench.session.tensor_files import KeptFile


def everything_under(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def change(folder: Path, *statements: str) -> None:
    """What another program might do to the database."""
    connection = sqlite3.connect(folder / "session.db")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_settings_and_model_are_there_at_the_next_opening(tmp_path: Path) -> None:
    model = ModelIdentity("starter", "ab" * 32, "LlamaForCausalLM", "float32")
    with Session.create(tmp_path / "s.stableedit", model) as session:
        session.set_setting("plots", {"hidden": ["drift"], "scale": 1.5})
        assert session.setting("nothing", 3) == 3
    with Session.open(tmp_path / "s.stableedit" / "session.db") as session:
        assert session.setting("plots") == {"hidden": ["drift"], "scale": 1.5}
        assert session.model == model


def test_untitled_sessions_get_a_place_of_their_own(home: Path) -> None:
    first = new_session_path()
    Session.create(first).close()
    assert first.is_relative_to(home)
    assert first.parent == sessions_folder()
    assert (first.name, new_session_path().name) == ("Untitled.stableedit", "Untitled 2.stableedit")


def test_nothing_is_written_over(tmp_path: Path) -> None:
    Session.create(tmp_path / "s").close()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("keep")
    before = everything_under(tmp_path)
    for path, why in (("s", "is a session already"), ("full", "is in use"), ("full/mine.txt", "is in use")):
        with pytest.raises(SessionError, match=why):
            Session.create(tmp_path / path)
    assert everything_under(tmp_path) == before
    (tmp_path / "empty").mkdir()
    Session.create(tmp_path / "empty").close()


@pytest.mark.parametrize("name", ["missing", "plain"])
def test_what_is_no_session_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "plain").mkdir()
    with pytest.raises(InputError, match=r"choose a folder that holds session\.db"):
        Session.open(tmp_path / name)
    assert everything_under(tmp_path) == {}


def test_a_second_opener_reads_only_and_can_tell(tmp_path: Path) -> None:
    with Session.create(tmp_path / "s") as first:
        first.set_facts("edit", facts(3))
        assert not first.read_only
        with Session.open(tmp_path / "s") as second:
            assert second.read_only
            assert second.held_by.startswith(f"process {os.getpid()} on ")
            assert second.facts("edit") == facts(3)
            first.set_facts("edit", facts(4))
            assert second.fact_count("edit") == 4
            with pytest.raises(SessionError, match="read-only"):
                second.set_facts("edit", [])
    with Session.open(tmp_path / "s") as third:
        assert (third.read_only, third.held_by) == (False, "")
        assert third.fact_count("edit") == 4


def test_a_second_opener_leaves_a_run_that_goes_on_alone(tmp_path: Path) -> None:
    with Session.create(tmp_path / "s") as session:
        run_until(session, recipe(), job(8), 2)
        name = "run0001-edit000003-0000000000000000.safetensors.partial"
        left = [tmp_path / "s" / "steps" / name for name in (name, f"{name}-0123abcd", ".tmpl5lixZ")]
        left[1].mkdir()
        for file in (left[0], left[1] / ".tmpl5lixZ", left[2]):
            file.touch()
        others = tmp_path / "s" / "steps" / "notes.txt"
        others.touch()
        with Session.open(tmp_path / "s") as reader:
            assert reader.rebuild(tiny_model()).bit_equal
        assert all(path.exists() for path in left)
    with Session.open(tmp_path / "s"):
        assert not any(path.exists() for path in left)
        assert others.exists()


def test_a_lock_ends_with_its_holder(tmp_path: Path) -> None:
    lock = take_lock(tmp_path)
    assert lock is not None
    assert take_lock(tmp_path) is None
    lock.release()
    again = take_lock(tmp_path)
    assert again is not None
    again.release()


def test_recovery_removes_only_what_a_session_writes(tmp_path: Path) -> None:
    run_kept(tmp_path / "s", recipe(), job(4))
    steps = tmp_path / "s" / "steps"
    kept = set(steps.iterdir())
    for name in (
        "run0001-edit000009-00000000000000ff.safetensors",
        "run0001-edit000002-00.safetensors",
        "notes.txt",
    ):
        (steps / name).write_text("x")
    with Session.open(tmp_path / "s") as session:
        assert session.rebuild(tiny_model()).bit_equal
    assert {p.name for p in set(steps.iterdir()) - kept} == {"run0001-edit000002-00.safetensors", "notes.txt"}


def test_runs_keep_their_names_notes_and_facts(tmp_path: Path) -> None:
    with Session.create(tmp_path / "s") as session:
        session.set_facts("edit", job(8).facts)
        run_until(session, recipe(), job(8), 2)
        session.name_run(1, "first try", "γ too small?")
        session.set_facts("edit", facts(2, first=500))
        run = session.run()
        assert (run.name, run.note, run.facts, run.warmup, run.facts_done) == (
            "first try",
            "γ too small?",
            8,
            4,
            4,
        )
        assert run.recipe == recipe()
        assert run.modules == tuple(DOWN.replace("{1..2}", n) for n in "12")
        assert (session.job(1).facts, session.job(1).warmup) == (job(8).facts, job(8).warmup)
        assert session.job(1).perplexity_text == job(8).perplexity_text
        with pytest.raises(SessionError, match="no run 2"):
            session.name_run(2, "x")


def test_a_deleted_run_leaves_nothing_behind(tmp_path: Path) -> None:
    with Session.create(tmp_path / "s") as session:
        session.set_facts("edit", facts(2))
        run_until(session, recipe(), job(8), 2)
        run_until(session, recipe(), job(8), 3)
        before = {p.name for p in (tmp_path / "s").rglob("run0001*")}
        session.branch(tiny_model(), 2, 1)
        with pytest.raises(SessionError, match="branched from run 2"):
            session.delete_run(2)
        session.delete_run(3)
        session.delete_run(2)
        assert {p.name for p in (tmp_path / "s").rglob("run*")} == before
        assert [r.id for r in session.runs()] == [1]
        assert session.rebuild(tiny_model()).bit_equal
        session.delete_run(1)
        assert session.facts("edit") == facts(2)


def test_a_copy_holds_all_and_is_its_own(tmp_path: Path) -> None:
    of, sink, _ = run_kept(tmp_path / "s", recipe(), job(8))
    with Session.open(tmp_path / "s") as session:
        copy = session.copy_to(tmp_path / "deep" / "copy")
        with pytest.raises(SessionError, match="is a session already"):
            session.copy_to(copy)
    shutil.rmtree(tmp_path / "s")
    with Session.open(copy) as session:
        assert_same_state(copied(session.rewind(of, step=3).editor), sink.states[False, 3])
        assert session.steps(1)[0].report is not None


def test_a_moved_session_works(tmp_path: Path) -> None:
    run_kept(tmp_path / "s", recipe(), job(4))
    moved = (tmp_path / "s").rename(tmp_path / "elsewhere, with spaces & ünïcode #1?.stableedit")
    with Session.open(moved) as session:
        assert session.rebuild(tiny_model()).bit_equal


def test_threads_write_one_after_the_other(tmp_path: Path) -> None:
    with Session.create(tmp_path / "s") as session:

        def write(n: int) -> None:
            for i in range(20):
                session.set_setting(f"{n}/{i}", i)

        writers = [threading.Thread(target=write, args=(n,)) for n in range(4)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        assert all(session.setting(f"{n}/{i}") == i for n in range(4) for i in range(20))


def link(folder: Path, name: str) -> None:
    (folder / name).rename(folder.parent / "outside")
    (folder / name).symlink_to(folder.parent / "outside")


HOSTILE: dict[str, tuple[Callable[[Path], object], str]] = {
    "not a database": (
        lambda s: (s / "session.db").write_bytes(b"SQLite, honestly" * 99),
        "is damaged or not",
    ),
    "empty file": (lambda s: (s / "session.db").write_bytes(b""), "of another program"),
    "cut short": (lambda s: os.truncate(s / "session.db", 5000), "is damaged or not"),
    "another program's": (lambda s: change(s, "PRAGMA application_id = 7"), "of another program"),
    "newer": (lambda s: change(s, f"PRAGMA user_version = {schema.VERSION + 1}"), "newer version"),
    "a trigger": (
        lambda s: change(s, "CREATE TRIGGER t AFTER INSERT ON fact BEGIN DELETE FROM run; END"),
        "no session has",
    ),
    "a view": (
        lambda s: change(s, "DROP TABLE setting", "CREATE VIEW setting AS SELECT 1 AS name, 2 AS value"),
        "no session has",
    ),
    "a linked folder": (lambda s: link(s, "steps"), "is a link to another place"),
    "a linked database": (lambda s: link(s, "session.db"), "is a link to another place"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_folder_is_refused_untouched(tmp_path: Path, kind: str) -> None:
    run_kept(tmp_path / "s", recipe(), job(4))
    spoil, why = HOSTILE[kind]
    spoil(tmp_path / "s")
    before = everything_under(tmp_path)
    for read_only in (False, True):
        with pytest.raises(SessionError, match=why) as refused:
            Session.open(tmp_path / "s", read_only=read_only)
        assert "\n" not in str(refused.value)
    ours = ("s/session.lock", "s/session.db-wal", "s/session.db-shm")
    after = {name: content for name, content in everything_under(tmp_path).items() if name not in ours}
    assert after == {name: content for name, content in before.items() if name not in ours}


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("UPDATE step SET file = '../../outside.safetensors'", "no session has"),
        ("UPDATE step SET file = '/etc/passwd'", "no session has"),
        ("UPDATE step SET sha256 = 'no'", "SHA-256 differs"),
        ("UPDATE step SET report = '[1]'", "damaged"),
        ("UPDATE step SET report = '{not json'", "damaged"),
        ("UPDATE run SET recipe = '{\"step_size\": -1}'", "settings of a run"),
        ("UPDATE run SET recipe = '{\"future\": 1}'", "does not know"),
        ("UPDATE run SET recipe = '7'", "damaged"),
        ("UPDATE run SET modules = '[\"model.embed_tokens\"]'", "has no module"),
        ('UPDATE run SET environment = \'{"threads": "many"}\'', "damaged"),
        ("UPDATE score SET per_fact = x'ff00'", "cannot be unpacked"),
        ("UPDATE score SET facts = 1 << 60", "longer or shorter|damaged"),
        ("UPDATE fact SET locality = '[1]'", "damaged"),
        ("UPDATE run SET parent = id, parent_step = 9", "damaged"),
    ],
)
def test_a_hostile_entry_is_refused_in_a_sentence(tmp_path: Path, statement: str, why: str) -> None:
    run_kept(tmp_path / "s", recipe(), job(4), Keeping(checkpoint_every=100))
    change(tmp_path / "s", "DELETE FROM checkpoint", statement)
    with pytest.raises(SessionError, match=why):
        read_everything(tmp_path / "s")


def read_everything(path: Path) -> None:
    with Session.open(path) as session:
        session.runs()
        session.steps(1)
        session.scores(1)
        session.job(1)
        session.rebuild(tiny_model())


def test_a_huge_tensor_header_is_refused(tmp_path: Path) -> None:
    run_kept(tmp_path / "s", recipe(), job(4), Keeping(checkpoint_every=100))
    file = next((tmp_path / "s" / "steps").glob("*edit000001*"))
    content = (1 << 62).to_bytes(8, "little") + b"{" * 64
    file.write_bytes(content)
    change(
        tmp_path / "s",
        "DELETE FROM checkpoint",
        f"UPDATE step SET bytes = {len(content)}, sha256 = '{hashlib.sha256(content).hexdigest()}' "
        "WHERE kind = 'edit' AND step = 1",
    )
    with Session.open(tmp_path / "s") as session, pytest.raises(SessionError, match="cannot be read"):
        session.rebuild(tiny_model())


def test_a_bomb_does_not_unpack(tmp_path: Path) -> None:
    run_kept(tmp_path / "s", recipe(), job(4))
    bomb = zlib.compress(bytes(64 << 20), 9)
    connection = sqlite3.connect(tmp_path / "s" / "session.db")
    connection.execute("UPDATE score SET per_fact = ?", (bomb,))
    connection.commit()
    connection.close()
    with Session.open(tmp_path / "s") as session, pytest.raises(SessionError, match="longer or shorter"):
        session.scores(1)


def test_a_read_only_folder_is_opened_read_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_kept(tmp_path / "s", recipe(), job(4))
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write anywhere
    with Session.open(tmp_path / "s") as session:
        assert (session.read_only, session.held_by) == (True, "")
        with pytest.raises(SessionError, match="read-only"):
            session.resume(tiny_model())
        assert session.rebuild(tiny_model()).bit_equal


def kept(run: int, step: int, size: int = 10, pinned: bool = False) -> CheckpointRecord:
    return CheckpointRecord(run, Position(True, step), pinned, KeptFile(f"{run}-{step}", size, ""))


def test_checkpoints_are_thinned_evenly_and_never_the_ends() -> None:
    all_kept = [kept(1, 0, pinned=True), *(kept(1, n) for n in range(10, 90, 10)), kept(2, 10), kept(2, 20)]
    left = set(all_kept) - set(to_thin_out(all_kept, 60))
    assert {(c.run, c.position.step) for c in left} == {(1, 0), (1, 20), (1, 40), (1, 60), (1, 80), (2, 20)}
    nothing_fits = set(all_kept) - set(to_thin_out(all_kept, 0))
    assert nothing_fits == {kept(1, 0, pinned=True), kept(1, 80), kept(2, 20)}
    assert to_thin_out(all_kept, 1000) == []


def test_beyond_the_budget_states_still_come_back(tmp_path: Path) -> None:
    of, sink, _ = run_kept(tmp_path / "s", recipe(), job(20), Keeping(checkpoint_every=1, budget_gib=0))
    assert len(list((tmp_path / "s" / "checkpoints").iterdir())) == 2  # after the warm-up, and the last
    with Session.open(tmp_path / "s") as session:
        assert_same_state(copied(session.rewind(of, step=7).editor), sink.states[False, 7])


def test_no_space_when_it_is_made_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "mkdir", full)
    with pytest.raises(DiskFull):
        Session.create(tmp_path / "s")
    assert list(tmp_path.iterdir()) == []
