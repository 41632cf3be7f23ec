"""Captured energy is what the truncated change holds of the whole, and never falls with the rank."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.exports.made import moved_editor
from tests.tiny import tiny_model
from workbench.editing.editor import Editor
from workbench.editing.recipe import Recipe
from workbench.errors import ExportError, NonFinite, SettingError
from workbench.exports import decomposition as under_test
from workbench.exports.decomposition import Decomposition, Factors, decompose
from workbench.models.modules import EditableModule


def made(*spectra: list[float]) -> Decomposition:
    """Modules with these singular values."""
    factors = []
    for number, values in enumerate(spectra):
        singular = torch.tensor(sorted(values, reverse=True), dtype=torch.float32)
        count = len(values)
        module = EditableModule(f"m.{number}", number, "m", count, count)
        energy = float(singular.double().square().sum())
        factors.append(Factors(module, torch.eye(count), singular, torch.eye(count), energy))
    return Decomposition(tuple(factors), exact=True)


SPECTRA = st.lists(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=12), min_size=1, max_size=4)


@given(SPECTRA)
def test_kept_energy_never_falls_with_the_rank_and_ends_at_all_of_it(spectra: list[list[float]]) -> None:
    found = made(*spectra)
    shares = [found.kept(rank) for rank in range(found.most + 2)]
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert shares[-1] == pytest.approx(1)
    for part in found.factors:
        own = [part.kept(rank) for rank in range(found.most + 1)]
        assert own == sorted(own)
        assert own[-1] == pytest.approx(1)


@given(SPECTRA, st.floats(1e-6, 1.0))
def test_the_rank_for_an_energy_is_the_smallest_that_keeps_it(
    spectra: list[list[float]], energy: float
) -> None:
    found = made(*spectra)
    rank = found.rank_for(energy)
    assert found.kept(rank) >= energy - 1e-8
    assert rank == 1 or found.kept(rank - 1) < energy


def truncated(part: Factors, rank: int) -> torch.Tensor:
    return (part.left[:, :rank] * part.singular[:rank]) @ part.right[:, :rank].T


@pytest.mark.parametrize("exact_side", [2_048, 4])
def test_kept_energy_is_that_of_the_truncated_change(exact_side: int) -> None:
    editor = moved_editor()
    found = decompose(editor, exact_side=exact_side)
    assert found.exact is (exact_side > 4)
    for part in found.factors:
        moved = editor.model.delta()[part.module.name]
        for rank in (1, 5, len(part.singular)):
            rest = (moved - truncated(part, rank)).double().square().sum() / moved.double().square().sum()
            assert part.kept(rank) == pytest.approx(1 - float(rest), abs=1e-5)


def test_the_randomised_way_gives_the_same_twice_and_leaves_the_random_state(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(under_test, "MOST_RANK", 6)
    state = torch.random.get_rng_state()
    first, second = (decompose(moved_editor(), exact_side=4) for _ in range(2))
    assert torch.equal(torch.random.get_rng_state(), state)
    assert first.most == 6
    for a, b in zip(first.factors, second.factors, strict=True):
        assert torch.equal(a.left, b.left)
    exact = decompose(moved_editor())
    assert first.kept(6) == pytest.approx(exact.kept(6), rel=0.02)
    assert first.kept(6) <= exact.kept(6) + 1e-6
    with pytest.raises(SettingError, match=r"rank 6, the largest .* keeps 0\."):
        first.rank_for(0.99)
    with pytest.raises(SettingError, match="from 1 to 6"):
        first.require_rank(7)


def test_without_edits_there_is_nothing_to_decompose() -> None:
    loaded = tiny_model()
    with pytest.raises(ExportError, match="no edits"):
        decompose(Editor(loaded, loaded.modules[:2], Recipe()))


def test_a_change_that_is_not_finite_names_its_module() -> None:
    editor = moved_editor()
    editor.model.delta()[editor.modules[1].name][0, 0] = float("inf")
    with pytest.raises(NonFinite, match=r"layers\.2") as raised:
        decompose(editor)
    assert raised.value.module == editor.modules[1].name
