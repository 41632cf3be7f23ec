"""C, how many keys it needs, and what is made of it."""

import pytest
import torch

from tests.tiny import INNER, tiny_model
from workbench.editing.control import Control
from workbench.editing.protection import TOKENS_PER_TEXT, text_keys
from workbench.editors.located.covariance import (
    covariance_precision,
    key_count,
    null_space,
    singular_ridge,
    texts_needed,
)
from workbench.errors import SettingError
from workbench.models.loaded import LoadedModel


def orthogonal(size: int) -> torch.Tensor:
    random = torch.randn(size, size, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    turned: torch.Tensor = torch.linalg.qr(random)[0]
    return turned


def with_eigenvalues(values: torch.Tensor) -> torch.Tensor:
    turned = orthogonal(len(values))
    return turned @ torch.diag(values.double()) @ turned.T


def collected(loaded: LoadedModel, texts: list[str]) -> torch.Tensor:
    module = next(m for m in loaded.modules if m.d_in == INNER)
    return text_keys(loaded, [module], texts, Control())[module.name]


def test_keys_are_counted_as_they_are_collected() -> None:
    loaded = tiny_model()
    texts = ["", "x", "two", "a longer text " * 20]
    assert key_count(loaded.tokenizer, texts) == 0 + 0 + 2 + TOKENS_PER_TEXT - 1
    few = int(torch.linalg.matrix_rank(collected(loaded, ["two"]).double(), rtol=1e-6))
    assert few == key_count(loaded.tokenizer, ["two"])


@pytest.mark.parametrize(("d_key", "texts"), [(1_536, 244), (14_336, 2_276)])
def test_ten_keys_a_dimension(d_key: int, texts: int) -> None:
    assert texts_needed(d_key) == texts
    assert texts * (TOKENS_PER_TEXT - 1) >= 10 * d_key > (texts - 1) * (TOKENS_PER_TEXT - 1)


def test_only_a_singular_covariance_gets_a_ridge() -> None:
    values = torch.logspace(-4, 1, 20, dtype=torch.float64)
    assert singular_ridge(with_eigenvalues(values)) == 0
    values[:5] = 0
    ridge = singular_ridge(with_eigenvalues(values))
    assert ridge == pytest.approx(1e-6 * float(values.norm()))
    inverse = covariance_precision(with_eigenvalues(values), 10.0, torch.float64).inverse
    assert float(torch.linalg.eigvalsh(inverse)[-1]) == pytest.approx(1 / (10 * ridge), rel=1e-3)


def test_a_covariance_of_too_few_keys_still_gives_finite_shifts() -> None:
    covariance = collected(tiny_model(), ["too few keys"])
    precision = covariance_precision(covariance, 15_000.0)
    keys = torch.randn(4, INNER, generator=torch.Generator().manual_seed(0))
    assert precision.shift(keys, torch.ones(4, 3)).fits(torch.float32)


def test_the_null_space_says_what_it_keeps() -> None:
    values = torch.tensor([1e-4, 1e-3, 0.01, 0.1, 1.0, 4.8889])  # mean 1
    covariance = with_eigenvalues(values)
    absolute = null_space(covariance, 0.02, relative=False)
    assert (absolute.rank, absolute.share) == (3, 0.5)
    assert absolute.energy == pytest.approx(float(values[:3].sum() / values.sum()), rel=1e-5)
    assert torch.allclose(absolute.projector @ absolute.projector, absolute.projector)
    assert torch.allclose(absolute.projector, absolute.projector.T)
    relative = null_space(100 * covariance, 0.02, relative=True)
    assert torch.allclose(relative.projector, absolute.projector)
    assert relative.threshold == pytest.approx(2.0, rel=1e-4)
    assert null_space(100 * covariance, 0.02, relative=False).rank == 1
    with pytest.raises(SettingError, match="higher threshold"):
        null_space(covariance, 1e-5, relative=False)


def test_directions_without_keys_count_as_free() -> None:
    """As published; hence the demand on the number of keys."""
    loaded = tiny_model()
    texts = ["a few keys"]
    space = null_space(collected(loaded, texts), 1e-5, relative=True)
    assert space.rank == INNER - key_count(loaded.tokenizer, texts)
    assert space.energy < 1e-5
