"""The report says what the run measured, in one page and in tables, and runs nothing that a fact carries."""

import csv
import math
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from tests.exports.made import kept_session, left_in, rebuilt_from
from tests.models.shared import largest_file, nearly_full
from tests.session.kept_runs import recipe, run_kept
from workbench.editing.events import StepSkipped
from workbench.editing.job import Job
from workbench.editing.recipe import Recipe
from workbench.errors import Cancelled, DiskFull, ExportError
from workbench.evaluation.before_after import Answers
from workbench.evaluation.scores import PROTOCOLS
from workbench.evaluation.titles import TITLES
from workbench.exports.report import plots as under_test
from workbench.exports.report.adapters import adapter_rows
from workbench.exports.report.contents import ReportContents, gather
from workbench.exports.report.page import number
from workbench.exports.report.plots import plots, short_name
from workbench.exports.report.svg import chart
from workbench.exports.report.write import export_report
from workbench.facts.fact import Fact
from workbench.session.folder import Session
from workbench.settings import described

EVIL = '<script>alert("1")</script>=1+1 & {{ 7 * 7 }}'


class _Page(HTMLParser):
    """Collects what a browser would load or run, the text, and the ids."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.tags: set[str] = set()
        self.ids: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            if name in ("src", "href", "xlink:href", "data", "action", "srcset"):
                self.loads.append(value or "")
            if name == "id":
                self.ids.append(value or "")
            assert not name.startswith("on"), f"{tag} has {name}"

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    with Session.open(kept_session(tmp_path / "s.stableedit", evaluate_every=2), read_only=True) as opened:
        yield opened


@pytest.fixture
def contents(session: Session) -> ReportContents:
    return gather(session)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_the_page_holds_scores_with_protocols_settings_and_the_models_hash(
    contents: ReportContents, tmp_path: Path
) -> None:
    path = export_report(contents, tmp_path / "report")
    page = _Page(path.read_text("utf-8"))
    assert contents.before is not None
    assert contents.after is not None
    for name, title in TITLES.items():
        assert title in page.text
        assert PROTOCOLS[name] in page.text
        for scores in (contents.before, contents.after):
            assert number(getattr(scores, name), name) in page.text
    for about in described(Recipe).values():
        assert about.label in page.text
        assert about.help in page.text
    assert contents.run.model.sha256 in page.text
    assert "8 of 8" in page.text
    assert all(module in page.text for module in contents.modules)


def test_the_page_shows_what_the_model_wrote_lost_facts_first(
    contents: ReportContents, tmp_path: Path
) -> None:
    path = export_report(contents, tmp_path / "report")
    text = _Page(path.read_text("utf-8")).text
    _, section = text.split("Before and after", 1)
    section = section.split("Settings", 1)[0]
    assert contents.last is not None
    found = Answers(contents.facts, contents.history())
    ranked = [found[place] for place in found.worst_first()]
    places = [section.index(answer.prompt) for answer in ranked]
    assert places == sorted(places)
    written = [row["wrote_after"] for row in rows(path.parent / "facts.csv")]
    assert written == [answer.after for answer in found]
    assert all(answer.after is not None and (answer.after or "(nothing)") in section for answer in ranked)


def test_the_page_is_one_file_without_scripts_or_references(contents: ReportContents, tmp_path: Path) -> None:
    text = export_report(contents, tmp_path / "report").read_text("utf-8")
    page = _Page(text)
    assert "script" not in page.tags
    assert not {"link", "iframe", "object", "embed", "img"} & page.tags
    assert all(found.startswith(("#", "data:image/png;base64,")) for found in page.loads)
    assert not re.findall(r"url\((?!#)|@import", text)
    assert len(page.ids) == len(set(page.ids))
    assert {found[1:] for found in page.loads if found[0] == "#"} <= set(page.ids)
    assert set(re.findall(r"url\(#([^)]+)\)", text)) <= set(page.ids)


def test_every_plot_is_there_and_takes_the_pages_colours(contents: ReportContents) -> None:
    made = {plot.key: plot for plot in plots(contents)}
    assert set(made) == {"success", "norms", "drift", "cosines", "perplexity", "locality", "retention"}
    for plot in made.values():
        assert plot.svg.startswith("<svg")
        assert plot.svg.rstrip().endswith("</svg>")
        assert "var(--" in plot.svg
        assert not re.search(r"#[ab]1000\d", plot.svg)
        without_keys = re.sub(r"stroke: #000000|fill: #000000", "", plot.svg)
        assert "#000000" not in without_keys
    assert "var(--c0)" in made["success"].svg
    assert "1 down_proj" in made["norms"].svg
    assert "image/png" in made["retention"].svg


def test_a_run_scored_once_has_its_retention_as_a_line(tmp_path: Path) -> None:
    with Session.open(kept_session(tmp_path / "one.stableedit"), read_only=True) as session:
        made = {plot.key: plot for plot in plots(gather(session))}
    assert "image/png" not in made["retention"].svg
    assert "only scoring" in made["retention"].explanation


def test_many_modules_are_drawn_by_their_spread(
    contents: ReportContents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(under_test, "MOST_LINES", 1)
    norms = next(plot for plot in plots(contents) if plot.key == "norms")
    assert "median of 2 modules" in norms.svg
    assert "1 down_proj" not in norms.svg


def test_a_plot_is_the_same_every_time() -> None:
    def draw(axes: object) -> None:
        axes.plot([1, 2], [3, 4])  # type: ignore[attr-defined]

    assert chart("a", draw) == chart("a", draw)


def test_the_tables_hold_every_figure(contents: ReportContents, tmp_path: Path) -> None:
    folder = export_report(contents, tmp_path / "report").parent
    steps = rows(folder / "metrics.csv")
    assert [float(row["success"]) for row in steps] == [s.success for s in contents.steps]
    modules = rows(folder / "modules.csv")
    assert len(modules) == len(contents.steps) * len(contents.modules)
    first = contents.steps[0].modules[contents.modules[0]]
    assert float(modules[0]["shift_norm"]) == first.shift_norm
    scores = rows(folder / "scores.csv")
    assert [int(row["step"]) for row in scores] == [r.step for r in contents.scores] == [0, 1, 2, 4]
    assert float(scores[-1]["perplexity"]) == contents.scores[-1].scores.perplexity
    retained = rows(folder / "retention.csv")
    assert [(int(r["scored_after_step"]), int(r["step_of_facts"])) for r in retained] == [
        (2, 1), (2, 2), (4, 1), (4, 2), (4, 3), (4, 4)
    ]  # fmt: skip
    assert {row["setting"] for row in rows(folder / "settings.csv")} == {"name", *described(Recipe)}
    assert not (folder / "lora.csv").exists()


def test_every_fact_is_there_with_its_scores_before_and_after(
    contents: ReportContents, tmp_path: Path
) -> None:
    found = rows(export_report(contents, tmp_path / "report").parent / "facts.csv")
    assert [row["prompt"] for row in found] == [fact.prompt for fact in contents.facts]
    assert [row["step"] for row in found] == ["1", "1", "2", "2", "3", "3", "4", "4"]
    after = contents.scores[-1].per_fact
    assert [float(row["exact_after"]) for row in found] == after.exact.tolist()
    gs = [math.nan if row["gs_after"] == "" else float(row["gs_after"]) for row in found]
    assert np.array_equal(gs, after.gs, equal_nan=True)


def test_text_of_facts_runs_neither_in_the_browser_nor_in_a_spreadsheet(tmp_path: Path) -> None:
    facts = [Fact(EVIL, "red"), Fact("=HYPERLINK(1)", "-2+3", subject="@x"), Fact("Item 3 is", "{% raw %}")]
    chosen = recipe(name="<b>bold</b>")
    run_kept(tmp_path / "<i>.stableedit", chosen, Job(facts, perplexity_text=("A plain line of text.",)))
    with Session.open(tmp_path / "<i>.stableedit", read_only=True) as session:
        path = export_report(gather(session), tmp_path / "report")
    page = _Page(path.read_text("utf-8"))
    assert "script" not in page.tags
    assert not {"b", "i"} & page.tags
    assert "<script>alert(" in page.text
    assert "{{ 7 * 7 }}" in page.text
    found = rows(path.parent / "facts.csv")
    assert [row["prompt"] for row in found][1] == "'=HYPERLINK(1)"
    assert (found[1]["target"], found[1]["subject"]) == ("'-2+3", "'@x")
    assert found[0]["prompt"] == EVIL
    negative = rows(path.parent / "modules.csv")
    assert all(not row["cosine_previous"].startswith("'") for row in negative)


def test_the_table_of_adapters_names_ranks_energy_and_scores(session: Session, tmp_path: Path) -> None:
    edited = rebuilt_from(session)
    made = adapter_rows(edited, (2, 8, 128))
    assert [row.rank for row in made] == [2, 8, 32]  # no module has more than 32 directions
    assert [row.kept for row in made] == sorted(row.kept for row in made)
    contents = replace(gather(session), adapters=made)
    path = export_report(contents, tmp_path / "report")
    page = _Page(path.read_text("utf-8"))
    table = rows(path.parent / "lora.csv")
    for row, written in zip(made, table, strict=True):
        assert f"rank {row.rank}" in page.text
        assert f"{row.kept:.4f}" in page.text
        assert float(written["es"]) == row.scores.es
        assert float(written["kept_energy"]) == row.kept


def test_a_session_without_steps_has_no_report(tmp_path: Path) -> None:
    with (
        Session.create(tmp_path / "s.stableedit") as session,
        pytest.raises(ExportError, match="no run with"),
    ):
        gather(session)


def test_a_branch_tells_the_steps_before_it_too(tmp_path: Path) -> None:
    from tests.tiny import tiny_model
    from workbench.editing.run import Run

    with Session.open(kept_session(tmp_path / "s.stableedit")) as session:
        going = session.branch(tiny_model(), 1, 2)
        list(Run(going.editor, going.job, sink=going.recorder, done=going.done).events())
        contents = gather(session)
        assert contents.run.parent == 1
        assert [step.step for step in contents.steps] == [1, 2, 3, 4]
        assert export_report(contents, tmp_path / "report").is_file()
        assert session.start_run(going.editor, going.job).run == 3
        with pytest.raises(ExportError, match="Run 3 has no editing step: choose one of 1, 2"):
            gather(session, 3)


def test_a_run_that_was_never_scored_says_so(contents: ReportContents, tmp_path: Path) -> None:
    bare = replace(contents, scores=(), steps=contents.steps[:1], warmup=())
    page = _Page(export_report(bare, tmp_path / "report").read_text("utf-8"))
    assert "was not scored" in page.text
    assert "Facts lost or missed" not in page.text


def test_a_stop_or_a_full_disk_leaves_nothing(
    contents: ReportContents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, cancel = tmp_path / "new", threading.Event()
    with pytest.raises(Cancelled):
        export_report(contents, place / "report", lambda _: cancel.set(), cancel)
    with largest_file(20_000), pytest.raises(DiskFull, match="ran out of space"):
        export_report(contents, place / "report")
    monkeypatch.setattr("shutil.disk_usage", nearly_full)
    with pytest.raises(DiskFull, match="The report needs"):
        export_report(contents, place / "report")
    assert not place.exists()


def test_a_used_folder_is_refused_and_kept(contents: ReportContents, tmp_path: Path) -> None:
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "mine").write_text("keep")
    with pytest.raises(ExportError, match="not empty"):
        export_report(contents, tmp_path / "report")
    assert left_in(tmp_path / "report") == ["mine"]


def test_facts_of_a_skipped_step_are_not_counted_as_edited(tmp_path: Path) -> None:
    with Session.open(kept_session(tmp_path / "s.stableedit"), read_only=True) as session:
        whole = gather(session)
    last = whole.steps[-1]
    why = "A loss was not finite."
    skipped = StepSkipped(4, False, 8, 8, last.first_fact, last.facts, "Item 6 is", "", why, 0.1)
    contents = replace(whole, steps=whole.steps[:-1], skipped=(skipped,))
    path = export_report(contents, tmp_path / "report")
    text = _Page(path.read_text("utf-8")).text
    assert "6 of 8" in text
    assert "2, whose steps were not finite (1)" in text
    states = [row["state"] for row in rows(path.parent / "facts.csv")]
    assert states[6:] == ["skipped"] * 2
    assert set(states[:6]) <= {"says it", "only when forced", "lost", "missed"}


@pytest.mark.parametrize(
    ("value", "name", "words"),
    [
        (-0.0001, "", "0.000"),
        (-0.25, "", "−0.250"),
        (1234.56, "perplexity", "1,234.6"),
        (math.nan, "es", "–"),
        (math.inf, "perplexity", "∞"),
    ],
)
def test_figures_read_as_a_person_writes_them(value: float, name: str, words: str) -> None:
    assert number(value, name) == words


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("model.layers.18.mlp.down_proj", "18 down_proj"),
        ("transformer.h.3.mlp.c_proj", "3 c_proj"),
        ("odd", "odd"),
    ],
)
def test_modules_are_named_by_layer_and_projection(name: str, short: str) -> None:
    assert short_name(name) == short


def test_a_collapse_is_drawn_on_a_logarithmic_scale(contents: ReportContents) -> None:
    def perplexity_after(value: float) -> str:
        last = contents.scores[-1]
        collapsed = replace(last, scores=replace(last.scores, perplexity=value))
        made = plots(replace(contents, scores=(*contents.scores[:-1], collapsed)))
        return next(plot.svg for plot in made if plot.key == "perplexity")

    assert "logarithmic" not in perplexity_after(400.0)
    assert "logarithmic" in perplexity_after(1e6)
    assert "<svg" in perplexity_after(math.inf)
