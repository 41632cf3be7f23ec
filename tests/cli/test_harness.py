"""Tasks of lm-evaluation-harness, where that is installed, by a task file of our own."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.tiny import tiny_model
from workbench.cli import main

pytest.importorskip("lm_eval")
pytestmark = pytest.mark.filterwarnings("ignore")  # what the package and its own requirements warn of

ANSWERS = {"France": 0, "Italy": 1, "Norway": 2, "Spain": 1}
TASK = """
task: {name}
dataset_path: json
dataset_kwargs:
  data_files:
    test: {data}
test_split: test
output_type: multiple_choice
doc_to_text: "The capital of {{{{country}}}} is"
doc_to_choice: ["Paris", "Rome", "Oslo"]
doc_to_target: answer
metric_list:
  - metric: acc
    aggregation: mean
    higher_is_better: true
"""


@pytest.fixture
def task(tmp_path: Path) -> Path:
    lines = (json.dumps({"country": country, "answer": answer}) for country, answer in ANSWERS.items())
    (tmp_path / "capitals.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    path = tmp_path / "capitals.yaml"
    path.write_text(TASK.format(name="capitals", data=tmp_path / "capitals.jsonl"), "utf-8")
    return path


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return saved(tmp_path / "model", 0)


def saved(folder: Path, seed: int) -> Path:
    loaded = tiny_model(seed=seed)
    loaded.model.save_pretrained(folder)
    loaded.tokenizer.save_pretrained(folder)
    return folder


def evaluated(capsys: pytest.CaptureFixture[str], *words: object) -> dict[str, Any]:
    code = main(["evaluate", *map(str, words), "--json"])
    out, err = capsys.readouterr()
    assert code == 0, err
    found: dict[str, Any] = json.loads(out)
    return found


def by_hand(folder: Path) -> float:
    """The share of countries whose capital is the likeliest choice, by the sum of log-probabilities."""
    from workbench.evaluation.reading import read_answers
    from workbench.models.encoding import encode
    from workbench.models.loading import load

    loaded, right = load(str(folder), device="cpu", dtype="float32"), 0
    for country, answer in ANSWERS.items():
        prompt = f"The capital of {country} is"
        items = [encode(loaded.tokenizer, prompt, choice) for choice in ("Paris", "Rome", "Oslo")]
        right += int(read_answers(loaded, items).log_prob.argmax()) == answer
    return right / len(ANSWERS)


def test_a_task_is_run_before_and_after(
    capsys: pytest.CaptureFixture[str], model: Path, task: Path, tmp_path: Path
) -> None:
    other = next(
        f for seed in range(1, 20) if by_hand(f := saved(tmp_path / str(seed), seed)) != by_hand(model)
    )
    found = evaluated(capsys, "--model", other, "--baseline", model, "--harness", task)
    assert found["before"]["harness"]["capitals"]["acc"] == by_hand(model)
    assert found["after"]["harness"]["capitals"]["acc"] == by_hand(other)
    first = evaluated(capsys, "--model", model, "--harness", task, "--harness-limit", "1")
    assert first["after"]["harness"]["capitals"]["acc"] in (0, 1)
    assert first["facts"] == 0


def test_a_person_reads_a_table(capsys: pytest.CaptureFixture[str], model: Path, task: Path) -> None:
    assert main(["evaluate", "--model", str(model), "--harness", str(task), "--protocols"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("lm-evaluation-harness")
    [line] = [line for line in out.splitlines() if line.startswith("  capitals acc ")]
    assert line.split()[2:] == ["–", f"{by_hand(model):.3f}"]
    assert "its tasks as it defines them" in out


def test_a_session_is_asked_before_and_after(
    capsys: pytest.CaptureFixture[str], model: Path, task: Path, tmp_path: Path
) -> None:
    facts = tmp_path / "facts.csv"
    facts.write_text("prompt,target\nThe capital of France is,Oslo\nThe capital of Spain is,Oslo\n", "utf-8")
    run = ["run", facts, "--model", model, "--session", tmp_path / "s.stableedit", "--perplexity-text", facts]
    small = ["--batch", "2", "--protection", "0", "--memory", "1", "--step-size", "1e-1"]
    assert main([*map(str, run), *small, "--passes", "4", "--export", str(tmp_path / "edited")]) == 0
    capsys.readouterr()
    found = evaluated(capsys, "--model", tmp_path / "s.stableedit", "--harness", task)
    assert found["before"]["harness"]["capitals"]["acc"] == by_hand(model)
    assert found["after"]["harness"]["capitals"]["acc"] == by_hand(tmp_path / "edited")
    assert found["after"]["es"] is not None


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ("no_such_task", "has no task 'no_such_task'"),
        ("missing.yaml", "missing.yaml does not exist: check the path"),
        (",", "names no task"),
    ],
)
def test_a_task_that_cannot_be_run_is_refused_in_a_sentence(
    capsys: pytest.CaptureFixture[str], named: str, words: str
) -> None:
    assert main(["evaluate", "--model", "no/such/model", "--harness", named]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err.splitlines()[-1]


def test_a_task_without_its_data_is_refused_in_a_sentence(
    capsys: pytest.CaptureFixture[str], task: Path
) -> None:
    (task.parent / "capitals.jsonl").unlink()
    assert main(["evaluate", "--model", "no/such/model", "--harness", str(task)]) == 2
    assert "capitals.yaml cannot be used" in capsys.readouterr().err.splitlines()[-1]
