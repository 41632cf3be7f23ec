"""The claims on a tiny model: the same material for all runs, what is kept, what is not done again."""

import json
import math
from pathlib import Path

import pytest
import torch

from tests.studies.made_up import TEXTS, facts, recipe_of
from tests.tiny import tiny_model
from workbench.editing.control import Control
from workbench.editing.editor import Editor
from workbench.editing.events import StepApplied
from workbench.editing.job import Job
from workbench.editing.recipe import Recipe
from workbench.editing.run import Run
from workbench.editing.texts import Texts
from workbench.errors import InputError
from workbench.models.loaded import LoadedModel
from workbench.models.modules import select
from workbench.studies.claims import variants as v
from workbench.studies.claims.events import Claims, ClaimsEnded, ClaimsEvent, RunFinished
from workbench.studies.claims.measuring import SeedBench
from workbench.studies.claims.records import kept, record_json
from workbench.studies.claims.settings import ClaimsSettings
from workbench.studies.claims.study import ClaimsStudy
from workbench.studies.claims.verdicts import Verdict

FACTS, WARMUP = facts(20), facts(16, 100)
SETTINGS = ClaimsSettings(steps=4, batch=4, seeds=1)


def study(folder: Path, loaded: LoadedModel, **changes: object) -> ClaimsStudy:
    named: dict[str, object] = {
        "settings": SETTINGS,
        "control": None,
        "facts": FACTS,
        "warmup": WARMUP,
    } | changes
    return ClaimsStudy(
        loaded,
        named["facts"],  # type: ignore[arg-type]
        named["warmup"],  # type: ignore[arg-type]
        recipe_of(loaded, step_size=3e-2),
        named["settings"],  # type: ignore[arg-type]
        folder,
        named["control"],  # type: ignore[arg-type]
        ordinary_text=TEXTS,
        perplexity_text=TEXTS,
    )


def result_of(events: list[ClaimsEvent]) -> Claims:
    assert isinstance(events[-1], ClaimsEnded)
    return events[-1].result


def fresh(events: list[ClaimsEvent]) -> list[str]:
    """The variants that were run and not read."""
    return [e.record.variant for e in events if isinstance(e, RunFinished) and not e.from_disk]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Claims, LoadedModel]:
    folder, loaded = tmp_path_factory.mktemp("claims"), tiny_model()
    return folder, result_of(list(study(folder, loaded).events())), loaded


def test_every_claim_is_decided_with_figures_and_written(done: tuple[Path, Claims, LoadedModel]) -> None:
    folder, result, loaded = done
    assert [r.variant for r in result.runs] == list(v.BY_NAME)
    assert all(c.verdict in (Verdict.HELD, Verdict.DID_NOT_HOLD) for c in result.claims)
    assert all(len(values) == 1 for c in result.claims for values in c.figures.values())
    written = json.loads((folder / "claims.json").read_text())
    assert [c["verdict"] for c in written["claims"]] == [c.verdict.value for c in result.claims]
    fresh_model = tiny_model().model.state_dict()
    assert all(torch.equal(fresh_model[k], t) for k, t in loaded.model.state_dict().items())


def test_the_reference_is_the_engines_own_run_on_the_seeds_material(
    done: tuple[Path, Claims, LoadedModel],
) -> None:
    folder, result, loaded = done
    made = study(folder, loaded)
    material = made.material(0)
    real = tiny_model()
    editor = Editor(real, select(real.modules, made.reference.modules), made.reference)
    job = Job(material.facts, material.warmup, ordinary_text=TEXTS, perplexity_text=TEXTS)
    steps = [e for e in Run(editor, job).events() if isinstance(e, StepApplied)]
    reference = result.runs[0]
    assert reference.success == tuple(s.success for s in steps)
    for module, norms in reference.shift_norms.items():
        assert norms == pytest.approx([s.modules[module].shift_norm for s in steps], rel=1e-4)


def test_the_ablations_first_shift_has_the_references_norm(
    tmp_path: Path, done: tuple[Path, Claims, LoadedModel]
) -> None:
    _, result, loaded = done
    by_name = {r.variant: r for r in result.runs}
    assert result.matched_step_sizes == {0: by_name[v.NONE].step_size}

    made = study(tmp_path, loaded)
    reference = made.reference.with_(step_size=1e-5)
    ablation = v.recipe_for(v.NONE, reference, reference)
    bench = SeedBench(loaded, reference, SETTINGS, made.material(0), Texts(TEXTS, TEXTS), Control())
    step_size = bench.matched_step_size(ablation)
    assert step_size < 1

    def first_norm(variant: str, recipe: Recipe) -> float:
        measuring = bench.run(variant, 0, recipe)
        while True:
            try:
                next(measuring)
            except StopIteration as end:
                return math.sqrt(sum(norms[0] ** 2 for norms in end.value.shift_norms.values()))

    wanted = first_norm(v.REFERENCE, reference)
    assert first_norm(v.NONE, ablation.with_(step_size=step_size)) == pytest.approx(wanted, rel=0.01)


def test_later_only_runs_edit_the_same_later_facts(done: tuple[Path, Claims, LoadedModel]) -> None:
    folder, result, loaded = done
    by_name = {r.variant: r for r in result.runs}
    left_out, statistics = by_name[v.EARLY_LEFT_OUT], by_name[v.EARLY_STATISTICS]
    assert left_out.first_step == statistics.first_step == 3
    assert len(left_out.success) == len(statistics.success) == 2
    assert left_out.shift_norms != statistics.shift_norms

    made = study(folder, loaded)
    material, real = made.material(0), tiny_model()
    recipe = made.reference.with_(warmup_facts=100)
    editor = Editor(real, select(real.modules, recipe.modules), recipe)
    job = Job(material.facts[8:], (*material.warmup, *material.facts[:8]), perplexity_text=TEXTS)
    steps = [e for e in Run(editor, job).events() if isinstance(e, StepApplied)]
    assert statistics.success == tuple(s.success for s in steps)
    for module, norms in statistics.shift_norms.items():
        assert norms == pytest.approx([s.modules[module].shift_norm for s in steps], rel=1e-4)


def test_finished_runs_are_not_done_again_and_a_stop_loses_only_the_run_in_hand(tmp_path: Path) -> None:
    control = Control()
    loaded = tiny_model()
    events: list[ClaimsEvent] = []
    for event in study(tmp_path, loaded, control=control).events():
        events.append(event)
        if isinstance(event, RunFinished) and event.done == 2:
            control.stop()
    assert result_of(events).stopped
    assert [r.variant for r in result_of(events).runs] == [v.REFERENCE, v.DIAGONAL]

    again = list(study(tmp_path, loaded).events())
    assert fresh(again) == list(v.BY_NAME)[2:]
    first_two = [record_json(r) for r in result_of(events).runs]
    assert [record_json(r) for r in result_of(again).runs[:2]] == first_two
    assert fresh(list(study(tmp_path, loaded).events())) == []
    other = list(study(tmp_path, loaded, settings=ClaimsSettings(steps=4, batch=3, seeds=1)).events())
    assert len(fresh(other)) == len(v.VARIANTS)


def test_a_run_file_that_is_damaged_is_done_again(
    tmp_path: Path, done: tuple[Path, Claims, LoadedModel]
) -> None:
    folder, result, loaded = done
    (tmp_path / "runs").mkdir()
    for file in (folder / "runs").iterdir():
        (tmp_path / "runs" / file.name).write_text(file.read_text())
    damaged = next((tmp_path / "runs").glob("*diagonal*"))
    damaged.write_text(damaged.read_text()[:100])
    assert kept(damaged) is None
    assert fresh(list(study(tmp_path, loaded).events())) == [v.DIAGONAL]
    assert result.runs[0].variant == v.REFERENCE


def test_seeds_draw_other_facts_and_a_seed_always_the_same(tmp_path: Path) -> None:
    loaded = tiny_model()
    made = study(tmp_path, loaded, warmup=(*WARMUP, *FACTS[:3]))
    assert made.material(1) == study(tmp_path, loaded, warmup=(*WARMUP, *FACTS[:3])).material(1)
    assert made.material(0) != made.material(1)
    for seed in (0, 1):
        material = made.material(seed)
        prompts = {f.prompt for f in material.facts}
        assert len(prompts) == 16
        assert not prompts & {f.prompt for f in material.warmup}


def test_too_few_facts_are_refused_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"need 16 facts .* there are 8"):
        study(tmp_path, tiny_model(), facts=FACTS[:8])
    with pytest.raises(InputError, match="warm-up"):
        study(tmp_path, tiny_model(), warmup=FACTS)
