"""Every state of a run can be had again, bit for bit."""

from pathlib import Path

import pytest
import torch

from tests.session.kept_runs import assert_same_state, copied, editor, job, recipe, run_kept
from tests.tiny import tiny_model
from workbench.editing.run import Run
from workbench.errors import SessionError
from workbench.session.folder import Session
from workbench.session.keeping import Keeping
from workbench.session.tensor_files import read_tensors

STEPS = 30


@pytest.mark.parametrize(
    ("warmup_mode", "protection", "memory"),
    [("statistics", 0, 0), ("edits", 0, 0), ("edits", 0, 1), ("statistics", 100, 0), ("none", 100, 0.5)],
)
def test_every_step_of_a_run_comes_back(
    tmp_path: Path, warmup_mode: str, protection: float, memory: float
) -> None:
    chosen = recipe(warmup_mode=warmup_mode, protection=protection, memory=memory)
    of, sink, _ = run_kept(tmp_path / "s.stableedit", chosen, job(2 * STEPS), Keeping(checkpoint_every=7))
    with Session.open(tmp_path / "s.stableedit") as session:
        for step in [*range(STEPS, 0, -1), *range(1, STEPS + 1, 11)]:
            rebuilt = session.rewind(of, step=step)
            assert rebuilt.bit_equal
            assert_same_state(copied(of), sink.states[False, step])
        fresh = session.rebuild(tiny_model(), step=STEPS // 2)
        assert_same_state(copied(fresh.editor), sink.states[False, STEPS // 2])
        if warmup_mode != "none":
            assert_same_state(copied(session.rewind(of, step=0).editor), sink.states[True, 2])


@pytest.mark.parametrize(
    "changes",
    [
        {"scope": "shape", "modules": "mlp.down_proj@0-2"},
        {"normalisation": "diagonal"},
        {"normalisation": "none", "rescale": False, "step_size": 1e-3},
        {
            "batch": 40,
            "warmup_facts": 40,
            "memory": 1.0,
        },  # more rows than d_k: dense shifts without the memory
        {"batch": 40, "warmup_facts": 40},
        {"passes": 3, "memory": 1.0, "warmup_memory": 1.0, "protection": 10.0},
        {"passes": 2},
        {"passes": 6, "memory": 1.0, "step_size": 1e-4},  # factors of all passes outgrow the dense shift
        {"warmup_memory": 2.0},
        {"positions": "subject then answer", "passes": 4, "memory": 1.0, "warmup_memory": 1.0},
    ],
)
def test_every_kind_of_recipe_comes_back(tmp_path: Path, changes: dict[str, object]) -> None:
    chosen = recipe(**changes)
    of, sink, _ = run_kept(tmp_path / "s", chosen, job(6 * chosen.batch, 40), Keeping(checkpoint_every=100))
    with Session.open(tmp_path / "s") as session:
        for step in range(1, 7):
            assert session.rewind(of, step=step).bit_equal
            assert_same_state(copied(of), sink.states[False, step])


def test_a_shift_takes_no_more_room_than_its_module(tmp_path: Path) -> None:
    chosen = recipe(passes=6, memory=1.0, batch=8, step_size=1e-4)
    of, _, _ = run_kept(tmp_path / "s", chosen, job(16))
    with Session.open(tmp_path / "s") as session:
        for step in session.steps(1):
            tensors = read_tensors(session.folder / "steps", step.file)
            for module in of.modules:
                parts = [t.numel() for n, t in tensors.items() if n.startswith(module.name)]
                assert sum(parts) <= (step.rows + module.d_in) * module.d_out + step.rows * module.d_in


def test_transposed_weights_come_back(tmp_path: Path) -> None:
    of, what = editor(recipe(modules="mlp.c_proj@1-2"), tiny_model("gpt2")), job(8)
    with Session.create(tmp_path / "s") as session:
        list(Run(of, what, sink=session.start_run(of, what)).events())
        wanted = copied(of)
        assert_same_state(copied(session.rebuild(tiny_model("gpt2")).editor), wanted)


def test_a_second_run_on_an_edited_model_starts_from_where_the_first_left_it(tmp_path: Path) -> None:
    chosen = recipe(memory=1)
    of, first, second = editor(chosen), job(6), job(8, warmup=0)
    with Session.create(tmp_path / "s") as session:
        list(Run(of, first, sink=session.start_run(of, first)).events())
        after_first = copied(of)
        list(Run(of, second, sink=session.start_run(of, second)).events())
        after_second = copied(of)
        assert_same_state(copied(session.rebuild(tiny_model(), run=1).editor), after_first)
        assert_same_state(copied(session.rebuild(tiny_model(), run=2).editor), after_second)
        assert_same_state(copied(session.rebuild(tiny_model(), run=2, step=0).editor), after_first)


def test_a_bad_checkpoint_is_passed_over_and_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    of, sink, _ = run_kept(tmp_path / "s", recipe(), job(12), Keeping(checkpoint_every=2))
    for file in (tmp_path / "s" / "checkpoints").iterdir():
        if "edit" in file.name:
            file.write_bytes(b"nothing")
    with Session.open(tmp_path / "s") as session:
        assert_same_state(copied(session.rewind(of, step=5).editor), sink.states[False, 5])
    passed_over = [record.getMessage() for record in caplog.records if "checkpoint" in record.getMessage()]
    assert ["edit000004" in line or "edit000002" in line for line in passed_over] == [True, True]


@pytest.mark.parametrize("damage", ["missing", "truncated", "one bit"])
def test_a_bad_step_is_named_and_the_model_left_unedited(tmp_path: Path, damage: str) -> None:
    run_kept(tmp_path / "s", recipe(), job(12), Keeping(checkpoint_every=100))
    file = next((tmp_path / "s" / "steps").glob("*edit000002*"))
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes(content if damage == "one bit" else content[:-9])
    loaded = tiny_model()
    with Session.open(tmp_path / "s") as session:
        with pytest.raises(SessionError, match=file.name):
            session.rebuild(loaded, step=3)
        assert session.rebuild(tiny_model(), step=6).bit_equal  # its own checkpoint leads there
    unedited = tiny_model().model.state_dict()
    assert all(torch.equal(tensor, unedited[name]) for name, tensor in loaded.model.state_dict().items())


def test_another_model_is_refused(tmp_path: Path) -> None:
    run_kept(tmp_path / "s", recipe(), job(4))
    with Session.open(tmp_path / "s") as session:
        with pytest.raises(SessionError, match="is not the model that the run edited"):
            session.rebuild(tiny_model(seed=1))
        with pytest.raises(SessionError, match="load it in float32"):
            session.rebuild(tiny_model(dtype=torch.bfloat16))
        edited = session.rebuild(tiny_model()).editor.loaded
        with pytest.raises(SessionError, match="load the model again"):
            session.rebuild(edited)


def test_unknown_runs_and_steps_are_refused(tmp_path: Path) -> None:
    with Session.create(tmp_path / "none") as session, pytest.raises(SessionError, match="no run yet"):
        session.rebuild(tiny_model())
    run_kept(tmp_path / "s", recipe(), job(4))
    with Session.open(tmp_path / "s") as session:
        with pytest.raises(SessionError, match="none numbered 3"):
            session.rebuild(tiny_model(), step=3)
        with pytest.raises(SessionError, match="no run 9"):
            session.rebuild(tiny_model(), run=9)
