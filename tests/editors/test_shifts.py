"""MEMIT, AlphaEdit and ROME against the vectors: the algebra alone, then from text."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch
from torch import Tensor

from tests.editors.test_values import toy_settings
from tests.editors.toy import Vectors, relative_difference, spec, toy_facts, toy_model
from workbench.editing.control import Control
from workbench.editing.precision import Precision
from workbench.editing.shift import Shift
from workbench.editors.located.covariance import covariance_precision, null_space
from workbench.editors.located.memit import Trial, memit_shifts
from workbench.editors.located.rome import rank_one, rome_shift
from workbench.editors.located.settings import RomeSettings
from workbench.models.loaded import LoadedModel
from workbench.models.modules import EditableModule, select

EXACT = [(torch.float64, 1e-9), (torch.float32, 1e-4)]
SEARCHED = [(torch.float64, 1e-9), (torch.float32, 1e-3)]


def trial_of(loaded: LoadedModel) -> Trial:
    """In the model's own dtype, where an Editor's weights are float32."""

    @contextmanager
    def trial(shifts: dict[str, Shift]) -> Iterator[None]:
        weights = [loaded.model.get_parameter(f"{name}.weight") for name in shifts]
        before = [weight.detach().clone() for weight in weights]
        for weight, shift in zip(weights, shifts.values(), strict=True):
            weight.copy_(weight + shift.dense().T.to(weight.dtype))
        yield
        for weight, old in zip(weights, before, strict=True):
            weight.copy_(old)

    return trial


def array(vectors: Vectors, name: str, dtype: torch.dtype) -> Tensor:
    return torch.from_numpy(vectors[name]).to(dtype)


def layers(loaded: LoadedModel, last: int = 2) -> tuple[EditableModule, ...]:
    return select(loaded.modules, f"out@0-{last}")


@pytest.mark.parametrize(("dtype", "tolerance"), EXACT)
@pytest.mark.parametrize("layer", range(3))
def test_memit_meets_the_reference(
    vectors: Vectors, layer: int, dtype: torch.dtype, tolerance: float
) -> None:
    at = f"memit/layer{layer}"
    keys, residual, covariance = (array(vectors, f"{at}/{x}", dtype) for x in ("keys", "residual", "cov"))
    precision = covariance_precision(covariance, 15.0, dtype)
    found = precision.shift(keys, residual / (3 - layer)).dense()
    assert relative_difference(found, vectors[f"{at}/shift"]) <= tolerance


@pytest.mark.parametrize(("dtype", "tolerance"), EXACT)
@pytest.mark.parametrize("layer", range(3))
def test_memit_seq_meets_the_reference(
    vectors: Vectors, layer: int, dtype: torch.dtype, tolerance: float
) -> None:
    at = f"memit/layer{layer}"
    keys, residual, covariance = (array(vectors, f"{at}/{x}", dtype) for x in ("keys", "residual", "cov"))
    precision = covariance_precision(covariance, 15.0, dtype)
    earlier = torch.linalg.cholesky(array(vectors, f"{at}/earlier", torch.float64)).T.to(dtype)
    precision.remember(earlier, 1.0)
    found = precision.shift(keys, residual / (3 - layer)).dense()
    assert relative_difference(found, vectors[f"{at}/seq_shift"]) <= tolerance


@pytest.mark.parametrize(("dtype", "tolerance"), EXACT)
@pytest.mark.parametrize("layer", range(2))
def test_alphaedit_meets_the_reference(
    vectors: Vectors, layer: int, dtype: torch.dtype, tolerance: float
) -> None:
    at = f"alphaedit/layer{layer}"
    threshold = float(vectors[f"{at}/threshold"])
    space = null_space(array(vectors, f"{at}/cov", torch.float64), threshold, relative=False)
    assert relative_difference(space.projector, vectors[f"{at}/projector"]) <= 1e-9
    assert space.rank == round(float(vectors[f"{at}/projector"].trace()))
    precision = space.precision(10.0, dtype)
    for batch in range(3):
        keys, residual = (array(vectors, f"{at}/batch{batch}/{x}", dtype) for x in ("keys", "residual"))
        found = precision.shift(keys, residual / (2 - layer)).dense()
        assert relative_difference(found, vectors[f"{at}/batch{batch}/shift"]) <= tolerance
        precision.remember(keys, 1.0)


@pytest.mark.parametrize(("dtype", "tolerance"), EXACT)
@pytest.mark.parametrize(("covariance", "prefix"), [(True, ""), (False, "plain_")])
def test_rome_meets_the_reference(
    vectors: Vectors, covariance: bool, prefix: str, dtype: torch.dtype, tolerance: float
) -> None:
    mean, plain, wanted, now = (
        array(vectors, f"rome/{x}", dtype) for x in ("mean_key", "plain_key", "wanted", "current")
    )
    inverse = covariance_precision(array(vectors, "rome/cov", dtype), 1.0, dtype).inverse
    found = rank_one(mean, plain, wanted, now, inverse if covariance else None)
    assert found.left is not None
    assert relative_difference(found.left[0], vectors[f"rome/{prefix}u"]) <= tolerance
    assert relative_difference(found.right[0], vectors[f"rome/{prefix}right"]) <= tolerance


def test_with_one_key_its_mean_gives_what_was_wanted(vectors: Vectors) -> None:
    """As R-ROME has it; the published form gives it to the bare prompt's key."""
    mean, plain, wanted, now = (
        array(vectors, f"rome/{x}", torch.float64) for x in ("mean_key", "plain_key", "wanted", "current")
    )
    for key in (mean, plain):
        assert torch.allclose(now + key @ rank_one(mean, key, wanted, now).dense(), wanted)


@pytest.mark.parametrize(("dtype", "tolerance"), SEARCHED)
@pytest.mark.parametrize("editor", ["memit", "alphaedit"])
def test_a_step_from_text_meets_the_reference(
    vectors: Vectors, editor: str, dtype: torch.dtype, tolerance: float
) -> None:
    loaded = toy_model(vectors, dtype)
    modules = layers(loaded)
    precisions = {m.name: toy_precision(vectors, editor, m.layer, dtype) for m in modules}
    facts = toy_facts(vectors, loaded)
    step = memit_shifts(
        loaded, modules, facts, precisions, toy_settings(vectors), trial_of(loaded), Control()
    )
    for module in modules:
        wanted = vectors[f"toy/{editor}/layer{module.layer}/shift"]
        assert relative_difference(step.shifts[module.name].dense(), wanted) <= tolerance
        if editor == "alphaedit":
            cache = vectors[f"toy/alphaedit/layer{module.layer}/cache_after"]
            keys = step.keys[module.name]
            assert relative_difference(keys.T @ keys, cache) <= tolerance


def toy_precision(vectors: Vectors, editor: str, layer: int, dtype: torch.dtype) -> Precision:
    if editor == "memit":
        covariance = array(vectors, "toy/cov", torch.float64)[layer]
        return covariance_precision(covariance, spec(vectors)["memit_weight"], dtype)
    projector = array(vectors, f"toy/alphaedit/layer{layer}/projector", dtype)
    return Precision(projector / spec(vectors)["l2"])


@pytest.mark.parametrize(("dtype", "tolerance"), SEARCHED)
def test_rome_from_text_meets_the_reference(vectors: Vectors, dtype: torch.dtype, tolerance: float) -> None:
    loaded = toy_model(vectors, dtype)
    (module,) = select(loaded.modules, "out@1")
    search = toy_settings(vectors)
    settings = RomeSettings(
        steps=search.steps, rate=search.rate, decay=search.decay, clamp=search.clamp, key="published"
    )
    covariance = array(vectors, "toy/cov", torch.float64)[1]
    inverse = covariance_precision(covariance, 1.0, dtype).inverse
    step = rome_shift(
        loaded, module, toy_facts(vectors, loaded)[2:3], settings, inverse, trial_of(loaded), Control()
    )
    assert step.shift.left is not None
    assert relative_difference(step.shift.left[0], vectors["toy/rome/u"]) <= tolerance
    assert relative_difference(step.shift.right[0], vectors["toy/rome/right"]) <= tolerance
