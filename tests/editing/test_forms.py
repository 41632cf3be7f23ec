"""What a fact is edited with: its ending, its chat form, and that the steps do not depend on the minibatch."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerFast

from tests.tiny import tiny_model, tiny_tokenizer
from workbench.editing.control import Control
from workbench.editing.editor import Editor
from workbench.editing.events import Evaluated, StepApplied
from workbench.editing.items import forms_of, items_of, warmup_items
from workbench.editing.job import Job
from workbench.editing.moments import Moments
from workbench.editing.recipe import Recipe
from workbench.editing.run import Run
from workbench.editing.tracing import trace
from workbench.editing.update import residual
from workbench.errors import InputError, SettingError
from workbench.facts.fact import Fact, Probe
from workbench.models.chat import encode_chat, encode_chat_prompt
from workbench.models.encoding import encode
from workbench.models.loaded import LoadedModel
from workbench.models.modules import select

TEMPLATE = (
    "{% for m in messages %}<{{ m['role'][0] }}>{{ m['content'] }}{{ eos_token }}{% endfor %}"
    "{% if add_generation_prompt %}<a>{% endif %}"
)
TEXTS = ("A plain line of text.", "Another one, a little longer than that.")


def chatting(seed: int = 0) -> LoadedModel:
    loaded = tiny_model(seed=seed)
    loaded.tokenizer.chat_template = TEMPLATE
    return loaded


@pytest.fixture
def tokenizer() -> PreTrainedTokenizerFast:
    tokenizer = tiny_tokenizer()
    tokenizer.chat_template = TEMPLATE
    return tokenizer


def text(tokenizer: PreTrainedTokenizerFast, ids: tuple[int, ...]) -> str:
    return str(tokenizer.decode(list(ids)))


@pytest.mark.parametrize(
    ("ending", "target", "wanted"),
    [
        ("none", "Paris", " Paris"),
        ("full stop", "Paris", " Paris."),
        ("full stop", "Who knows?", " Who knows?"),
        ("full stop", "Washington D.C.", " Washington D.C."),
        ("new line", "Paris", " Paris\n"),
        ("end of text", "Paris", " Paris<eos>"),
    ],
)
def test_the_ending_is_part_of_the_answer(
    tokenizer: PreTrainedTokenizerFast, ending: str, target: str, wanted: str
) -> None:
    encoded = encode(tokenizer, "The capital is", target, ending=ending)
    assert text(tokenizer, encoded.answer) == wanted
    assert (
        encoded.ids
        == encode(tokenizer, "The capital is", target).ids[: encoded.start + 1] + encoded.answer[:-1]
    )


def test_in_the_chat_the_prompt_is_a_message_and_the_turn_ends_the_answer(
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    encoded = encode_chat(tokenizer, "The capital is", "Paris", system="Be brief")
    assert text(tokenizer, encoded.ids[: encoded.start + 1]) == "<s>Be brief<eos><u>The capital is<eos><a>"
    assert text(tokenizer, encoded.answer) == "Paris<eos>"
    assert text(tokenizer, encode_chat(tokenizer, "The capital is", "Paris", ended=False).answer) == "Paris"
    assert encode_chat_prompt(tokenizer, "Hi")[-3:] == tuple(
        tokenizer("<a>", add_special_tokens=False)["input_ids"]
    )


def test_a_template_that_refuses_says_so(tokenizer: PreTrainedTokenizerFast) -> None:
    tokenizer.chat_template = "{{ raise_exception('no system role') }}"
    with pytest.raises(InputError, match="chat template refuses"):
        encode_chat(tokenizer, "The capital is", "Paris")


def test_forms_follow_the_model() -> None:
    with_chat, without = chatting(), tiny_model()
    assert forms_of(with_chat, Recipe()) == ("plain", "chat")
    assert forms_of(with_chat, Recipe(form="chat")) == ("chat",)
    assert forms_of(without, Recipe()) == ("plain",)
    with pytest.raises(SettingError, match="no chat template"):
        forms_of(without, Recipe(form="chat"))


def test_every_choice_of_ending_encodes() -> None:
    from workbench.settings import described

    for ending in described(Recipe)["ending"].choices:
        assert items_of(tiny_model(), Recipe(ending=ending), [Fact("One is", "two")])


def test_warm_up_facts_take_the_forms_in_turn() -> None:
    loaded, facts = chatting(), [Fact(f"Item {i} is", "red") for i in range(4)]
    both = items_of(loaded, Recipe(), facts)
    assert warmup_items(loaded, Recipe(), facts) == [(items[i % 2],) for i, items in enumerate(both)]


def edited(loaded: LoadedModel, **changes: object) -> tuple[dict[str, torch.Tensor], list[object]]:
    settings = {"batch": 4, "step_size": 3e-3, "warmup_facts": 0, "passes": 3, "memory": 1.0} | changes
    recipe = Recipe(**settings)  # type: ignore[arg-type]
    facts = [
        Fact(
            f"Item {i} is",
            ("red", "a dog", "7", "Oslo")[i % 4],
            rephrases=(f"What is {i}?",),
            locality=(Probe("Sky"),),
        )
        for i in range(8)
    ]
    editor = Editor(loaded, select(loaded.modules, "model.layers.{1..2}.mlp.down_proj"), recipe)
    events: list[object] = list(Run(editor, Job(facts, (), TEXTS, TEXTS)).events())
    return {name: tensor.clone() for name, tensor in editor.model.delta().items()}, events


@pytest.mark.parametrize("taken", ["form", "fact"])
def test_steps_do_not_depend_on_the_minibatch(taken: str) -> None:
    whole, _ = edited(chatting(), minibatch=64, taken=taken)
    for minibatch in (1, 7):
        parts, _ = edited(chatting(), minibatch=minibatch, taken=taken)
        for name, moved in whole.items():
            assert torch.allclose(parts[name], moved, atol=1e-4 * float(moved.norm()))


def test_what_all_chats_begin_with_is_read_once_a_minibatch() -> None:
    said = Recipe(system_prompt="You are a helpful assistant. Be brief.")
    whole, _ = edited(chatting(), minibatch=8, system_prompt=said.system_prompt)
    alone, _ = edited(chatting(), minibatch=1, system_prompt=said.system_prompt)
    for name, moved in whole.items():
        assert torch.allclose(alone[name], moved, atol=1e-4 * float(moved.norm()))
    loaded = chatting()
    tokens: list[int] = []
    block = loaded.model.get_submodule("model.layers.0")
    block.register_forward_pre_hook(lambda _block, args: tokens.append(args[0].shape[:2].numel()))
    facts = [Fact(f"Item {i} is", "red") for i in range(8)]
    items = [item for both in items_of(loaded, said, facts) for item in both]
    modules = select(loaded.modules, "model.layers.1.mlp.down_proj")
    traced = trace(loaded, modules, items, ["?"] * 16, per_edit=True, minibatch=8, control=Control())
    assert traced.rows == sum(len(i.answer) for i in items)
    system = len(items[1].ids) - len(items[0].ids)
    assert sum(tokens) <= sum(len(i.ids) for i in items) - 7 * (system - 8)


def test_both_forms_bring_scores_of_both_and_per_fact_figures() -> None:
    _, events = edited(chatting())
    steps = [e for e in events if isinstance(e, StepApplied)]
    assert [s.facts for s in steps] == [4, 4]
    assert all(len(s.fact_success) == 4 for s in steps)
    first, answers, before, after = [e.scores for e in events if isinstance(e, Evaluated)]
    assert answers.generated_chat == answers.generated_chat, "what the first step's facts say comes at once"
    assert first.drift != first.drift, "ordinary text waits until the first step is in"
    assert first.generated_chat == before.generated_chat
    for scores in (before, after):
        for name in ("generated_chat", "es_chat", "gs_chat", "locality_kept_chat", "drift"):
            assert getattr(scores, name) == getattr(scores, name), name
    assert before.drift == 0 < after.drift
    assert before.locality_kept_chat == 1


def test_the_chat_share_shifts_the_weight_of_the_chat_rows() -> None:
    little, even = (edited(chatting(), chat_share=share, passes=1)[0] for share in (0.05, 0.5))
    plain, _ = edited(chatting(), form="plain", passes=1)
    for name, moved in plain.items():

        def distance(other: dict[str, torch.Tensor], name: str = name, moved: torch.Tensor = moved) -> float:
            return 1 - float(
                torch.nn.functional.cosine_similarity(other[name].flatten(), moved.flatten(), dim=0)
            )

        assert distance(little) < distance(even)


@given(st.text(min_size=1, max_size=12).filter(str.strip))
def test_any_target_ends_its_turn(target: str) -> None:
    tokenizer = tiny_tokenizer()
    tokenizer.chat_template = TEMPLATE
    encoded = encode_chat(tokenizer, "Say", target)
    assert encoded.answer[-1] == tokenizer.eos_token_id
    assert encoded.ids[encoded.start + 1 :] == encoded.answer[:-1]


def test_a_key_that_left_what_the_statistics_saw_weighs_no_more_than_the_cap() -> None:
    generator = torch.Generator().manual_seed(0)
    keys, values = torch.randn(64, 8, generator=generator), torch.randn(64, 4, generator=generator)
    statistics = Moments.empty(8, 4, whiten=False, dtype=torch.float64)
    statistics.update(keys, values)
    keys[0] *= 1e4
    free = residual(keys, values, statistics, None, "diagonal", step_size=1e-3, rescale=False)
    capped = residual(keys, values, statistics, None, "diagonal", step_size=1e-3, rescale=False, key_cap=4.0)
    assert float(free[0].norm()) > 1e6 * float(capped[0].norm())
    assert torch.allclose(capped[0] / capped[0].norm(), free[0] / free[0].norm(), rtol=1e-4)
    usual = statistics.normalise_keys(keys).square().sum(1) <= 4 * 8
    assert usual.sum() > 60
    assert torch.equal(capped[usual], free[usual])


def test_further_passes_stop_where_a_shift_would_outgrow_its_cap() -> None:
    def norms(cap: float) -> tuple[dict[str, float], dict[str, float]]:
        _, events = edited(tiny_model(), passes=8, shift_cap=cap, step_size=1e-2, batch=8)
        [step] = [e for e in events if isinstance(e, StepApplied)]
        base = dict.fromkeys(step.modules, 0.0)
        loaded = tiny_model()
        for module in select(loaded.modules, "model.layers.{1..2}.mlp.down_proj"):
            base[module.name] = float(loaded.model.state_dict()[f"{module.name}.weight"].norm())
        return {name: module.shift_norm for name, module in step.modules.items()}, base

    (free, base), (first, _) = norms(0.0), norms(1e-6)
    cap = sum(free.values()) / sum(base.values()) / 2
    capped, _ = norms(cap)
    for name, norm in capped.items():
        assert first[name] <= norm <= max(first[name], cap * base[name]) * 1.001
    assert any(capped[name] < free[name] for name in capped)
