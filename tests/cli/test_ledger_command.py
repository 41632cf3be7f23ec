"""Ledger and compare as a person types them, on sessions of a tiny model."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.session.kept_runs import assert_same_state, copied, job, recipe, run_kept
from tests.tiny import tiny_model
from workbench.cli import loading, main
from workbench.cli.comparing import session_and_run
from workbench.cli.places import place, positions
from workbench.editing import solving, tracing
from workbench.errors import InputError, OutOfMemory
from workbench.models.loaded import LoadedModel
from workbench.session.folder import Session


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One run of four steps of two facts; its model is found wherever it is looked for."""

    def load(_name: str, *_: object, **__: object) -> LoadedModel:
        return tiny_model()

    monkeypatch.setattr(loading, "load", load)
    run_kept(tmp_path / "s.stableedit", recipe(evaluate_every=2), job(8))
    return tmp_path / "s.stableedit"


def said(capsys: pytest.CaptureFixture[str], *command: object) -> str:
    capsys.readouterr()
    code = main([str(part) for part in command])
    told = capsys.readouterr()
    assert code == 0, told.err
    return told.out


def told_of(capsys: pytest.CaptureFixture[str], *command: object) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(said(capsys, *command, "--json"))
    return result


def refused(capsys: pytest.CaptureFixture[str], *command: object) -> str:
    capsys.readouterr()
    assert main([str(part) for part in command]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    return err.strip().splitlines()[-1]


def test_the_ledger_tells_every_step_with_its_figures(
    session: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    [run] = told_of(capsys, "ledger", session)["runs"]
    assert [(s["kind"], s["step"], s["first_fact"], s["facts"]) for s in run["steps"]] == [
        *[("warmup", n, 2 * n - 1, 2) for n in (1, 2)],
        *[("edit", n, 2 * n - 1, 2) for n in (1, 2, 3, 4)],
    ]
    edits = run["steps"][2:]
    with Session.open(session, read_only=True) as kept:
        reports = [s.report for s in kept.steps(1)[2:]]
    for step, report in zip(edits, reports, strict=True):
        assert step["success"] == report.success  # type: ignore[union-attr]
        norms = [m.shift_norm for m in report.modules.values()]  # type: ignore[union-attr]
        assert list(step["shift_norms"].values()) == norms
        assert step["shift_norm"] == pytest.approx(sum(n * n for n in norms) ** 0.5)
    assert [bool(s["scores"]) for s in edits] == [True, True, False, True]  # of the first, its own facts
    assert run["unedited"]["facts"] == 8
    text = said(capsys, "ledger", session)
    assert "ES before" in text
    assert "stands at the end of run 1" in text
    assert (
        len([line for line in text.splitlines() if line.lstrip().startswith(("1 ", "2 ", "3 ", "4 "))]) == 4
    )


def test_a_step_lists_its_facts_with_the_numbers_that_replay_takes(
    session: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = told_of(capsys, "ledger", session, "--run", 1, "--step", 3)["facts"]
    assert [(f["number"], f["prompt"]) for f in facts] == [(5, "Item 4 is"), (6, "Item 5 is")]
    text = said(capsys, "ledger", session, "--run", 1, "--step", 3)
    assert re.search(r"Item 4 is → red  \((says it|only when forced|lost|missed)\)", text)
    assert "none numbered 5" in refused(capsys, "ledger", session, "--run", 1, "--step", 5)


def test_a_run_is_named_and_noted(session: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "ledger", session, "--name", "first try", "--note", "before lunch")
    said(capsys, "ledger", session, "--run", 1, "--name", "second thought")
    text = said(capsys, "ledger", session)
    assert "Run 1: second thought" in text
    assert "before lunch" in text


def test_rewinding_loses_nothing_and_goes_forward_again(
    session: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = told_of(capsys, "ledger", session, "--rewind", "1:2")
    assert told["standing"] == {"runs": [1], "cuts": {"1": 2}}
    assert len(told["runs"][0]["steps"]) == 6
    assert "after step 2 of run 1, which has 4" in said(capsys, "ledger", session)
    assert told_of(capsys, "ledger", session, "--rewind", "1:4")["standing"] == {"runs": [1], "cuts": {}}
    assert "none numbered 5" in refused(capsys, "ledger", session, "--rewind", "1:5")
    assert "no run 7" in refused(capsys, "ledger", session, "--rewind", "7:1")


def test_a_branch_goes_on_with_other_settings(session: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = told_of(
        capsys,
        "ledger",
        session,
        "--branch",
        "1:2",
        "--step-size",
        "1e-3",
        "--name",
        "slower",
        "--note",
        "try",
    )
    assert told["recipe"]["step_size"] == 1e-3
    assert [s["step"] for s in told["success"]] == [3, 4]
    ledger = told_of(capsys, "ledger", session)
    assert ledger["standing"]["runs"] == [2]
    made = ledger["runs"][1]
    assert (made["name"], made["note"], made["parent"], made["parent_step"]) == ("slower", "try", 1, 2)
    assert "facts a step" in refused(capsys, "ledger", session, "--branch", "1:2", "--batch", "3")
    sentence = refused(capsys, "ledger", session, "--branch", "1:2", "--warmup-memory", "1")
    assert "Warm-up memory changed" in sentence
    assert "start a new run" in sentence
    assert "Other modules" in refused(
        capsys, "ledger", session, "--branch", "1:2", "--modules", "mlp.down_proj@1"
    )
    assert len(told_of(capsys, "ledger", session)["runs"]) == 2


def test_a_branch_shows_how_much_of_its_way_back_is_done(
    session: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ledger", str(session), "--branch", "1:3"]) == 0
    assert "Bringing the model back: 3 of 3 steps" in capsys.readouterr().err


def test_a_replay_equals_a_run_that_never_had_the_facts(
    session: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said(capsys, "ledger", session, "--replay", 1, "--without", "4,7-8")
    what = job(8)
    left = type(what)(
        [f for i, f in enumerate(what.facts) if i not in (3, 6, 7)],
        what.warmup,
        what.ordinary_text,
        what.perplexity_text,
    )
    never, _, _ = run_kept(tmp_path / "never", recipe(evaluate_every=2), left)
    with Session.open(session) as kept:
        assert_same_state(copied(kept.rebuild(tiny_model(), 2).editor), copied(never))
    assert "fact 9" in refused(capsys, "ledger", session, "--replay", 1, "--without", "9")
    assert "belong together" in refused(capsys, "ledger", session, "--replay", 1)


@pytest.mark.parametrize(
    ("text", "wanted"), [("4", (3,)), ("4,7-9", (3, 6, 7, 8)), ("2, 1", (0, 1)), ("3-3,3", (2,))]
)
def test_numbers_of_facts_are_read(text: str, wanted: tuple[int, ...]) -> None:
    assert positions(text, 9) == wanted


@pytest.mark.parametrize("text", ["", "0", "a", "3-1", "1,,2", "-2", "1-"])
def test_what_is_no_number_of_a_fact_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="numbers of facts"):
        positions(text, 9)


@pytest.mark.parametrize("text", ["", "1", "1:", ":2", "a:1", "1:2:3"])
def test_what_is_no_step_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="RUN:STEP"):
        place(text)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--step", "1"], "--step needs --run"),
        (["--step-size", "1e-3"], "--branch only"),
        (["--replay", "1", "--without", "1", "--ridge", "2"], "--branch only"),
        (["--run", "9"], "no run 9"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    session: Path, capsys: pytest.CaptureFixture[str], options: list[str], words: str
) -> None:
    assert words in refused(capsys, "ledger", session, *options)


def test_memory_that_ran_out_is_seen_in_the_ledger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    original = tracing.trace

    def small_memory(*given: Any, minibatch: int, **named: Any) -> Any:
        if minibatch > 2:
            raise OutOfMemory("full")
        return original(*given, minibatch=minibatch, **named)

    monkeypatch.setattr(solving, "trace", small_memory)
    run_kept(tmp_path / "s", recipe(minibatch=8), job(4))
    assert "Memory ran out: minibatches of 2 in place of 8" in said(capsys, "ledger", tmp_path / "s")
    assert told_of(capsys, "ledger", tmp_path / "s")["runs"][0]["minibatch"] == 2


def test_a_session_in_use_is_read_and_not_changed(session: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Session.open(session):
        assert "Run 1" in said(capsys, "ledger", session)
        assert "in use" in refused(capsys, "ledger", session, "--name", "x")


def test_control_characters_of_facts_do_not_reach_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from workbench.editing.job import Job
    from workbench.facts.fact import Fact

    given = Job([Fact("Red \x1b[31m is", "blue")], (), job(1).ordinary_text, job(1).perplexity_text)
    run_kept(tmp_path / "s", recipe(), given)
    assert "\x1b" not in said(capsys, "ledger", tmp_path / "s", "--run", 1, "--step", 1)


def test_compare_tells_what_differs_scores_with_before_and_retention(
    session: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_kept(tmp_path / "t.stableedit", recipe(step_size=1e-3, memory=1), job(8))
    told = told_of(capsys, "compare", session, f"{tmp_path / 't.stableedit'}:1")
    assert set(told["settings"]) == {"step_size", "memory", "evaluate_every"}
    assert told["settings"]["step_size"] == {"title": "Step size", "values": ["0.003", "0.001"]}
    assert told["same_facts"]
    for run in told["runs"]:
        assert run["before"]["facts"] == run["after"]["facts"] == 8
        assert run["scored_step"] == 4
    assert [r["step"] for r in told["runs"][0]["retention"]] == [2, 4]
    assert [len(r["es"]) for r in told["runs"][0]["retention"]] == [2, 4]
    text = said(capsys, "compare", session, f"{tmp_path / 't.stableedit'}:1")
    assert "Settings that differ" in text
    assert "A unedited" in text
    assert "Retention of t:1" in text
    assert "different facts" not in text


def test_compare_says_when_the_facts_are_not_the_same(
    session: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_kept(tmp_path / "t", recipe(evaluate_every=2), job(6))
    assert "different facts" in said(capsys, "compare", session, tmp_path / "t")
    assert "facts" in told_of(capsys, "compare", session, tmp_path / "t")["settings"]


def test_a_branch_compares_with_all_that_was_scored_before_it(
    session: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said(capsys, "ledger", session, "--branch", "1:2", "--step-size", "1e-3")
    runs = told_of(capsys, "compare", session)["runs"]
    assert [[r["step"] for r in run["retention"]] for run in runs] == [[2, 4], [2, 4]]
    assert runs[0]["retention"][0] == runs[1]["retention"][0]


def test_paths_with_a_colon_are_paths_where_they_exist(tmp_path: Path) -> None:
    (tmp_path / "odd:3").mkdir()
    assert session_and_run(str(tmp_path / "odd:3")) == (tmp_path / "odd:3", None)
    assert session_and_run("some/where:12") == (Path("some/where"), 12)
    assert session_and_run("some/where") == (Path("some/where"), None)


def test_resume_may_skip_what_ended_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tests.editing.test_skipped_steps import poison
    from workbench.errors import NonFinite

    monkeypatch.setattr(loading, "load", lambda *_, **__: tiny_model())
    poison(monkeypatch, "Item 2 is")
    with pytest.raises(NonFinite):
        run_kept(tmp_path / "s", recipe(), job(8))
    assert main(["resume", str(tmp_path / "s")]) == 1
    assert "Item 2 is" in capsys.readouterr().err
    told = told_of(capsys, "resume", tmp_path / "s", "--on-error", "skip")
    assert [(s["step"], s["facts"], s["fact"]) for s in told["skipped"]] == [(2, 2, "Item 2 is")]
    assert told["recipe"]["on_error"] == "skip"
    text = said(capsys, "ledger", tmp_path / "s")
    assert "skipped: " in text
    assert "2 facts were skipped" in text


def test_a_model_that_moved_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_kept(tmp_path / "s", recipe(), job(2))
    with Session.open(tmp_path / "s") as session:
        assert session.run().reason == "finished"
    sentence = refused(capsys, "ledger", tmp_path / "s", "--branch", "1:0")
    assert "--model" in sentence
