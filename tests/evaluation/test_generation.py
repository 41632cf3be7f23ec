"""Greedy generation with a cache against transformers' own."""

import threading
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.evaluation.conftest import embeddings
from tests.tiny import ARCHITECTURES, tiny_model
from workbench.errors import Cancelled, NonFinite
from workbench.evaluation import generation
from workbench.evaluation.batching import Watch
from workbench.evaluation.generation import Stop, generate
from workbench.models.loaded import LoadedModel

PROMPTS = [
    tuple(text.encode())
    for text in ("one", "two", "a longer prompt of more than thirty-two bytes", "six", "four", "seven words")
]


def expected(loaded: LoadedModel, prompt: tuple[int, ...], length: int, end: int) -> list[int]:
    ids = torch.tensor([prompt])
    write: Any = loaded.model.generate
    out = write(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        do_sample=False,
        max_new_tokens=length,
        eos_token_id=end,
        pad_token_id=258,
    )
    new: list[int] = out[0, len(prompt) :].tolist()
    return new[: new.index(end)] if end in new else new


@pytest.mark.parametrize("architecture", list(ARCHITECTURES))
def test_it_writes_what_transformers_writes(architecture: str) -> None:
    loaded = tiny_model(architecture, seed=5)
    never = 999
    free = [expected(loaded, prompt, 9, never) for prompt in PROMPTS]
    assert generate(loaded, PROMPTS, Stop([9] * len(PROMPTS), frozenset([never]))) == free
    end = free[0][-1]  # a token that some rows reach and others may not
    assert generate(loaded, PROMPTS, Stop([9] * len(PROMPTS), frozenset([end]))) == [
        expected(loaded, prompt, 9, end) for prompt in PROMPTS
    ]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    prompts=st.lists(st.lists(st.integers(0, 255), min_size=1, max_size=4), min_size=1, max_size=8),
    limit=st.integers(0, 6),
    positions=st.integers(1, 60),
)
def test_neighbours_do_not_matter(
    taught: LoadedModel, prompts: list[list[int]], limit: int, positions: int
) -> None:
    limits = [limit + i % 3 for i in range(len(prompts))]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generation, "BATCH_TOKENS", positions)
        together = generate(taught, prompts, Stop(limits))
    alone = [generate(taught, [p], Stop([n]))[0] for p, n in zip(prompts, limits, strict=True)]
    assert together == alone
    assert [len(ids) for ids in together] == limits


def test_rows_stop_by_themselves(tiny: LoadedModel) -> None:
    stop = Stop([8] * 4, done=lambda row, ids: len(ids) > 2 * row)
    assert [len(ids) for ids in generate(tiny, [(1,), (2,), (3,), (4,)], stop)] == [1, 3, 5, 7]


def test_cancel_takes_effect_between_tokens(tiny: LoadedModel) -> None:
    cancel, seen = threading.Event(), []

    def done(_row: int, ids: list[int]) -> bool:
        seen.append(len(ids))
        if len(ids) == 3:
            cancel.set()
        return False

    with pytest.raises(Cancelled):
        generate(tiny, [(1, 2)], Stop([50], done=done), watch=Watch(cancel))
    assert seen == [1, 2, 3]


def test_logits_that_are_no_numbers_name_the_prompt() -> None:
    broken = tiny_model("mistral")  # its output embeddings are its own
    embeddings(broken)[7] = torch.nan
    with pytest.raises(NonFinite) as caught:
        generate(broken, [(1, 2), (6, 7)], Stop([3, 3]))
    assert caught.value.fact == broken.tokenizer.decode([6, 7])
