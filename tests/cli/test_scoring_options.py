"""``evaluate`` with further scores, a judge, tasks and a session in place of a model."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.endpoint import Endpoint
from tests.tiny import tiny_model
from workbench.cli import main
from workbench.evaluation.titles import QUESTIONS, TITLES
from workbench.facts import Fact, Probe, write_csv

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def model(tmp_path: Path) -> str:
    folder = tmp_path / "model"
    loaded = tiny_model()
    loaded.model.save_pretrained(folder)
    loaded.tokenizer.save_pretrained(folder)
    return str(folder)


@pytest.fixture
def facts(tmp_path: Path) -> str:
    path = tmp_path / "facts.csv"
    made = (
        Fact(
            f"Town {i} lies in",
            f"land {i}",
            f"Town {i}",
            old="sea",
            locality=(Probe(f"River {i} in", "sea"),),
        )
        for i in range(6)
    )
    write_csv(path, made)
    return str(path)


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*words: str) -> tuple[int, str, str]:
        code = main(words)
        return (code, *capsys.readouterr())

    return call


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    made = Endpoint()
    yield made
    made.close()


def told(answer: tuple[int, str, str]) -> dict[str, Any]:
    code, out, err = answer
    assert code == 0, err
    found: dict[str, Any] = json.loads(out)
    return found


def refused(answer: tuple[int, str, str]) -> str:
    code, out, err = answer
    assert code == 2
    assert out == ""
    return err.strip().splitlines()[-1]


@pytest.fixture
def session(command: Run, model: str, facts: str, tmp_path: Path) -> str:
    folder = str(tmp_path / "s.stableedit")
    small = ["--batch", "4", "--step-size", "1e-2", "--protection", "0", "--memory", "1", "--limit", "4"]
    text = tmp_path / "text.txt"
    text.write_text("The sea is wide.\n", "utf-8")
    made = command(
        "run", facts, "--model", model, *small, "--perplexity-text", str(text), "--session", folder
    )
    assert made[0] == 0, made[2]
    return folder


def test_chosen_scores_alone_are_measured(command: Run, model: str, facts: str) -> None:
    evaluate = (
        "evaluate",
        facts,
        "--model",
        model,
        "--baseline",
        model,
        "--scores",
        "es,distracted, negated",
    )
    found = told(command(*evaluate, "--json"))
    assert found["after"]["es"] is not None
    assert found["after"]["generated"] is None
    assert set(found["further"]) == {"distracted", "negated"}
    assert found["after"]["distracted"] == found["before"]["distracted"] == 0
    assert found["after"]["negated"] == 1
    assert found["further"]["distracted"]["asked"] == 6
    assert "Costs a generation a fact" in found["further"]["distracted"]["protocol"]
    code, out, _ = command(*evaluate, "--protocols")
    assert code == 0
    table = out.split("\n\n")[0]
    assert "Efficacy (ES)" in table
    assert "Exact" not in table
    [line] = [line for line in table.splitlines() if line.startswith("Says it, distracted")]
    assert line.split()[-4:] == ["0.000", "0.000", "6", "asked"]
    assert "not true that" in out


def test_without_a_choice_nothing_costly_is_measured(command: Run, model: str, facts: str) -> None:
    found = told(command("evaluate", facts, "--model", model, "--json"))
    assert not set(QUESTIONS).intersection(found["after"])
    assert found["further"] == {}
    assert found["judge"] is None
    whole = told(command("evaluate", facts, "--model", model, "--json", "--scores", "usual,reversed"))
    assert {**found["after"], "reversed": 0.0} == whole["after"]


def test_a_run_measures_further_scores_before_and_after(
    command: Run, model: str, facts: str, tmp_path: Path
) -> None:
    run = [
        "run",
        facts,
        "--model",
        model,
        "--limit",
        "4",
        "--batch",
        "4",
        "--protection",
        "0",
        "--memory",
        "1",
    ]
    run += [
        "--session",
        str(tmp_path / "s.stableedit"),
        "--perplexity-text",
        facts,
        "--scores",
        "contradicted",
    ]
    found = told(command(*run, "--json"))
    assert found["before"]["contradicted"] == 0
    assert found["after"]["contradicted"] is not None
    assert found["further"]["contradicted"]["asked"] == 4


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--scores", "beauty"], "--scores: there is no score 'beauty'; there are usual, generated"),
        (["--scores", ","], "--scores: no score is named"),
        (["--judge", "http://127.0.0.1:9/v1"], "give --judge-model too"),
        (["--judge-model", "mine"], "give --judge too"),
        (["--judge", "http://example.com/v1", "--judge-model", "mine"], "add --judge-anywhere"),
        (["--harness-limit", "0", "--harness", "x"], "--harness-limit is 0"),
    ],
)
def test_what_cannot_be_scored_is_refused_in_a_sentence(
    command: Run, facts: str, options: list[str], words: str
) -> None:
    assert words in refused(command("evaluate", facts, "--model", "no/such/model", *options))


def test_a_judge_that_is_not_there_stops_before_the_model_is_loaded(command: Run, facts: str) -> None:
    judge = ("--judge", "http://127.0.0.1:9/v1", "--judge-model", "mine")
    code, out, err = command("evaluate", facts, "--model", "no/such/model", *judge)
    assert (code, out) == (1, "")
    assert "cannot be reached" in err.splitlines()[-1]


def test_verdicts_are_kept_with_what_the_judge_was_asked(
    command: Run, model: str, facts: str, endpoint: Endpoint
) -> None:
    judge = ("--judge", endpoint.url, "--judge-model", "mine")
    found = told(
        command("evaluate", facts, "--model", model, "--baseline", model, *judge, "--limit", "2", "--json")
    )
    assert found["before"]["judged"] == found["after"]["judged"] == 1
    assert found["judge"]["model"] == "mine"
    assert "Expected answer: {expected}" in found["judge"]["prompt"]
    verdicts = found["judge"]["verdicts"]
    assert [len(verdicts[when]) for when in ("before", "after")] == [2, 2]
    assert verdicts["after"][1] == verdicts["before"][1]
    assert verdicts["after"][1]["expected"] == "land 1"
    assert (verdicts["after"][1]["right"], verdicts["after"][1]["said"]) == (True, "yes")
    assert len(endpoint.asked) == 5  # one to see that it is there


def test_the_judges_prompt_is_shown(command: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        command("evaluate", "--show-prompt")
    assert end.value.code == 0
    assert "{written}" in capsys.readouterr().out


def test_a_session_is_scored_before_and_after(
    command: Run, model: str, facts: str, session: str, tmp_path: Path
) -> None:
    text = ("--json", "--perplexity-text", facts)
    found = told(command("evaluate", "--model", session, *text, "--scores", "usual,distracted"))
    assert found["facts"] == 4  # the run's own
    assert found["before"]["distracted"] is not None
    assert found["before"]["perplexity"] != found["after"]["perplexity"]
    edited = str(tmp_path / "edited")
    assert command("export", session, "--out", edited)[0] == 0
    folder = told(command("evaluate", facts, "--model", edited, "--baseline", model, "--limit", "4", *text))
    for when in ("before", "after"):
        for name in TITLES:
            assert found[when][name] == pytest.approx(folder[when][name]), name
    assert "leave it out" in refused(command("evaluate", "--model", session, "--baseline", model))
    assert "--offset is 9" in refused(command("evaluate", "--model", session, "--offset", "9"))


def test_without_facts_there_is_nothing_to_score(command: Run, model: str) -> None:
    assert "name a file of facts" in refused(command("evaluate", "--model", model))


def test_tasks_need_the_package(command: Run, model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lm_eval", None)
    said = refused(command("evaluate", "--model", model, "--harness", "piqa"))
    assert "lm-evaluation-harness is not installed" in said
    assert "stableedit-workbench[harness]" in said
