"""What is on the model's device and what stays on the CPU is never mixed."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from tests.benchmarks.stepping import Bench, made_up_facts, recipes
from tests.editing.test_forms import chatting
from tests.elsewhere import ELSEWHERE, second_device, waits
from tests.tiny import INNER, tiny_model
from workbench.evaluation.encoded import encode_facts, encode_texts
from workbench.evaluation.evaluate import evaluate_unedited
from workbench.evaluation.sampling import sample_replies, sample_texts
from workbench.evaluation.scores import SCORES
from workbench.facts.fact import Probe
from workbench.models.loaded import LoadedModel, as_loaded


def at(device: torch.device, tiny: LoadedModel) -> LoadedModel:
    nn.Module.to(tiny.model, device)
    return as_loaded(tiny.model, tiny.tokenizer, tiny.source, tiny.sha256)


def edited_at(device: torch.device) -> dict[str, Tensor]:
    """By two passes at the subject and one at the answer, with protection, memory and a budget."""
    recipe = recipes()["stableedit-memory"].with_(
        batch=6, minibatch=6, passes=3, positions="subject then answer", step_size=3e-3
    )
    loaded = at(device, tiny_model())
    bench = Bench(loaded, [m for m in loaded.modules if m.d_in == INNER and m.layer], recipe)
    bench.warm_up(2)
    bench.step(*bench.chunk())
    return {name: moved.cpu() for name, moved in bench.editor.model.delta().items()}


def test_a_step_on_another_device_is_the_same_and_never_waits_for_a_mask() -> None:
    here = edited_at(torch.device("cpu"))
    with second_device():
        there = edited_at(ELSEWHERE)
    for name, moved in here.items():
        assert (there[name] - moved).norm() < 1e-4 * moved.norm()
    assert waits["mask"] == 0


def scored_at(device: torch.device) -> tuple[dict[str, float], object]:
    """Everything, on facts in both forms and on text that the model writes; and that text."""
    loaded = at(device, chatting())
    texts = sample_texts(loaded, count=3, length=4)
    replies = sample_replies(loaded, texts, length=4)
    facts = [
        replace(fact, old="xyz", rephrases=(f"{fact.prompt} now",), locality=(Probe("The sky is", "blue"),))
        for fact in made_up_facts(2, 1)
    ]
    scores, _, _ = evaluate_unedited(loaded, encode_facts(loaded, facts), encode_texts(loaded, texts))
    return {name: getattr(scores, name) for name in SCORES}, (texts, replies)


def test_scores_on_another_device_are_the_same() -> None:
    scores, written = scored_at(torch.device("cpu"))
    with second_device():
        scores_there, written_there = scored_at(ELSEWHERE)
    assert written_there == written
    assert scores_there == pytest.approx(scores, nan_ok=True)
