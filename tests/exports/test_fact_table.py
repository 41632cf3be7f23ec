"""facts.csv: a row a fact, with its scores before and after, how they went and why."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from tests.session.kept_runs import TEXTS, facts, recipe, run_kept
from tests.tiny import tiny_model
from workbench.editing.job import Job
from workbench.exports.report.contents import ReportContents, gather
from workbench.exports.report.write import PAGE, export_report
from workbench.facts.fact import Fact
from workbench.models.progress import Watch
from workbench.session.folder import Session


@pytest.fixture(scope="module")
def contents(tmp_path_factory: pytest.TempPathFactory) -> ReportContents:
    """Eight facts in four steps, scored after each; the fourth fact contradicts the first."""
    path = tmp_path_factory.mktemp("fact-table") / "s.stableedit"
    given = facts(8)
    given[3] = Fact(given[0].prompt, "green\nblue")
    chosen = recipe(evaluate_every=1, step_size=0.02)
    run_kept(path, chosen, Job(given, facts(4, 1000), ordinary_text=TEXTS, perplexity_text=TEXTS))
    with Session.open(path, read_only=True) as session:
        return gather(session)


def rows(contents: ReportContents, folder: Path) -> list[dict[str, str]]:
    export_report(contents, folder)
    with (folder / "facts.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def by_step(cell: str) -> dict[int, float]:
    return {int(step): float(value) for step, value in (pair.split(":") for pair in cell.split())}


def test_every_fact_has_its_loss_and_success_over_the_run(contents: ReportContents, tmp_path: Path) -> None:
    found = rows(contents, tmp_path / "report")
    before, after = contents.scores[0].per_fact, contents.scores[-1].per_fact
    assert [float(row["loss_before"]) for row in found] == before.loss.tolist()
    assert [float(row["loss_after"]) for row in found] == after.loss.tolist()
    at_step = [value for step in contents.steps for value in step.fact_success.tolist()]
    assert [float(row["es_at_step"]) for row in found] == at_step
    for place, row in enumerate(found):
        trace = by_step(row["es_by_step"])
        assert list(trace) == [0, *range(place // 2 + 1, 5)]
        assert trace[4] == pytest.approx(after.es[place], abs=6e-4)
        assert by_step(row["loss_by_step"]).keys() == trace.keys()


def test_states_agree_with_scores(contents: ReportContents, tmp_path: Path) -> None:
    for row in rows(contents, tmp_path / "report"):
        ever = {value for step, value in by_step(row["es_by_step"]).items() if step}
        forced = "only when forced" if row["exact_after"] == "1.0" else "lost" if 1.0 in ever else "missed"
        assert row["state"] == ("says it" if row["generated_after"] == "1.0" else forced)


def test_reasons_name_the_fact_in_the_way(contents: ReportContents, tmp_path: Path) -> None:
    found = rows(contents, tmp_path / "report")
    assert "conflict" in found[0]["causes"].split(" | ")
    assert "Later fact 4" in found[0]["reasons"]
    assert "Earlier fact 1" in found[3]["reasons"]
    assert "conflict" not in found[1]["causes"]
    page = (tmp_path / "report" / PAGE).read_text("utf-8")
    assert "Later fact 4" in page or found[0]["state"] in ("says it", "only when forced")


def test_reasons_of_tokens_come_with_a_model(contents: ReportContents, tmp_path: Path) -> None:
    without = rows(contents, tmp_path / "without")
    found = rows(contents.with_model(tiny_model(), Watch()), tmp_path / "with")
    assert "cannot be generated" not in without[3]["causes"]
    assert "cannot be generated" in found[3]["causes"]
    assert "newline" in found[3]["reasons"]


def test_facts_that_no_step_reached_are_new(contents: ReportContents, tmp_path: Path) -> None:
    record = replace(contents.run, steps_done=3, facts_done=6)
    scores = tuple(s for s in contents.scores if s.step < 4)
    cut = replace(contents, run=record, steps=contents.steps[:3], scores=scores)
    last = rows(cut, tmp_path / "report")[-1]
    assert (last["state"], last["step"], last["es_after"]) == ("new", "", "")
    assert float(last["loss_before"]) > 0
