"""Where a fact is edited: at the tokens of its answer, at its subject's last one, or at one after the other."""

from collections.abc import Sequence

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from tests.editing.test_forms import TEMPLATE, TEXTS, chatting
from tests.tiny import tiny_model, tiny_tokenizer
from workbench.editing.control import Control
from workbench.editing.editor import Editor
from workbench.editing.events import RunEnded, StepApplied
from workbench.editing.items import items_of
from workbench.editing.job import Job
from workbench.editing.recipe import Recipe
from workbench.editing.run import Run
from workbench.editing.tracing import Traced, trace
from workbench.facts.fact import Fact
from workbench.models.chat import encode_chat
from workbench.models.encoding import encode, last_token_of
from workbench.models.loaded import LoadedModel
from workbench.models.modules import module_of, select

MODULES = "model.layers.{1..2}.mlp.down_proj"
FACTS = [
    Fact(f"The colour of item {i} is", ("red", "a dog", "7", "Oslo")[i % 4], subject=f"Item {i}")
    for i in range(6)
]


def edited(loaded: LoadedModel, facts: Sequence[Fact] = FACTS, **changes: object) -> dict[str, Tensor]:
    settings = {"batch": 6, "step_size": 3e-3, "warmup_facts": 0, "budget": 0.0} | changes
    editor = Editor(loaded, select(loaded.modules, MODULES), Recipe(**settings))  # type: ignore[arg-type]
    events = list(Run(editor, Job(facts, (), TEXTS, TEXTS)).events())
    assert isinstance(events[-1], RunEnded)
    assert any(isinstance(e, StepApplied) for e in events)
    return {name: moved.clone() for name, moved in editor.model.delta().items()}


words = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=8)


@given(words, words.filter(str.strip), words)
def test_the_subjects_last_token_closes_what_the_prompt_says_of_it(
    before: str, part: str, after: str
) -> None:
    tokenizer = tiny_tokenizer()
    ids = tokenizer(text := f"{before}{part}{after}")["input_ids"]
    position = last_token_of(tokenizer, part, text)
    up_to, short = (str(tokenizer.decode(ids[:end])) for end in (position + 1, position))
    assert part.strip().lower() in up_to.lower()
    assert len(short) < len(text[: text.lower().rfind(part.strip().lower()) + len(part.strip())])


def test_it_is_found_in_plain_text_and_in_the_chat() -> None:
    tokenizer = tiny_tokenizer()
    tokenizer.chat_template = TEMPLATE
    plain = encode(tokenizer, "What colour is ITEM 4 in?", "red", subject="item 4")
    chat = encode_chat(tokenizer, "What colour is ITEM 4 in?", "red", subject="item 4", system="Be brief")
    for encoded in (plain, chat):
        assert str(tokenizer.decode(list(encoded.ids[: encoded.subject + 1]))).endswith("ITEM 4")
        assert encoded.subject < encoded.start
    for nowhere in ("", "item 5"):
        assert encode(tokenizer, "What colour is item 4?", "red", subject=nowhere).subject == -1
        assert encode_chat(tokenizer, "What colour is item 4?", "red", subject=nowhere).subject == -1


def rows_of(loaded: LoadedModel, facts: Sequence[Fact], positions: str = "subject") -> Traced:
    items = [item for items in items_of(loaded, Recipe(positions=positions), facts) for item in items]
    names = [str(i) for i in range(len(items))]
    return trace(
        loaded,
        select(loaded.modules, MODULES),
        items,
        names,
        per_edit=True,
        minibatch=4,
        control=Control(),
    )


def test_rows_at_the_subject_are_what_the_module_sees_there() -> None:
    loaded = chatting()
    traced, module = rows_of(loaded, FACTS), select(loaded.modules, MODULES)[0]
    items = [item for items in items_of(loaded, Recipe(positions="subject"), FACTS) for item in items]
    at = traced.edited(at_subject=True)
    assert at.rows == len(items)
    assert at.facts.tolist() == list(range(len(items)))
    seen: list[Tensor] = []
    live = module_of(loaded.model, module)
    hook = live.register_forward_pre_hook(lambda _module, inputs: seen.append(inputs[0]))
    for i, item in enumerate(items):
        loaded.model(torch.tensor([item.ids]))
        assert torch.allclose(at.keys[module.name][i], seen.pop()[0, item.subject], atol=1e-5)
    hook.remove()
    plain = rows_of(loaded, FACTS, "answer")
    at_answer = traced.edited(at_subject=False)
    assert torch.equal(at_answer.facts, plain.facts)
    for name in plain.values:
        assert torch.allclose(at_answer.values[name], plain.values[name])


def test_a_pass_at_the_subject_moves_the_weights_along_its_key_alone() -> None:
    loaded = tiny_model()
    at = rows_of(loaded, FACTS[:1]).edited(at_subject=True)
    for name, moved in edited(loaded, FACTS[:1], positions="subject", normalisation="none").items():
        key = at.keys[name][0] / at.keys[name][0].norm()
        assert torch.allclose(torch.outer(key, key @ moved), moved, atol=1e-4 * float(moved.norm()))


def test_a_fact_without_its_subject_in_the_prompt_is_edited_at_the_answer() -> None:
    nowhere = [Fact(f.prompt, f.target, subject="somebody else") for f in FACTS]
    wanted = edited(tiny_model(), positions="answer", passes=2)
    for positions in ("subject", "subject then answer"):
        found = edited(tiny_model(), nowhere, positions=positions, passes=2)
        assert all(torch.equal(found[name], moved) for name, moved in wanted.items())


@pytest.mark.parametrize(
    ("positions", "wanted"),
    [
        ("answer", [False] * 4),
        ("subject", [True] * 4),
        ("subject then answer", [True, True, True, False]),
    ],
)
def test_later_passes_turn_to_the_answer(
    monkeypatch: pytest.MonkeyPatch, positions: str, wanted: list[bool]
) -> None:
    at: list[bool] = []
    taken_from = Traced.edited

    def noted(self: Traced, at_subject: bool) -> Traced:
        at.append(at_subject)
        return taken_from(self, at_subject)

    monkeypatch.setattr(Traced, "edited", noted)
    edited(tiny_model(), positions=positions, passes=4, step_size=1e-5)
    assert at == wanted


def test_steps_at_the_subject_do_not_depend_on_the_minibatch() -> None:
    whole = edited(chatting(), positions="subject then answer", passes=3, minibatch=64, memory=1.0)
    for minibatch in (1, 7):
        parts = edited(chatting(), positions="subject then answer", passes=3, minibatch=minibatch, memory=1.0)
        for name, moved in whole.items():
            assert torch.allclose(parts[name], moved, atol=1e-4 * float(moved.norm()))
