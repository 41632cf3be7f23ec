"""C, the mean outer product of a module's keys over ordinary text, and what the solves make of it.

C is ``editing.protection.text_keys``: not centred, without each text's first token, which the published one has."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from workbench.editing.precision import Precision
from workbench.editing.protection import TOKENS_PER_TEXT
from workbench.errors import SettingError
from workbench.models.encoding import encode_prompt

KEYS_PER_DIMENSION = 10  # of C, for it to be sure of every direction
SINGULAR = 1e-6  # of C's norm: eigenvalues below it are rounding, as C is summed in float32


def key_count(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> int:
    """How many keys ``text_keys`` takes from the texts, the same in every module."""
    return sum(max(0, min(len(encode_prompt(tokenizer, text)), TOKENS_PER_TEXT) - 1) for text in texts)


def texts_needed(d_key: int) -> int:
    """Full texts that give ten keys a dimension: 244 at 1,536 and 2,276 at 14,336."""
    return math.ceil(KEYS_PER_DIMENSION * d_key / (TOKENS_PER_TEXT - 1))


def singular_ridge(covariance: Tensor) -> float:
    """What to add to C's diagonal: 0 where every eigenvalue is above 1e-6 ‖C‖_F, else that."""
    matrix = covariance.double()
    ridge = SINGULAR * float(matrix.norm())
    shifted = matrix - ridge * torch.eye(len(matrix), dtype=matrix.dtype, device=matrix.device)
    return ridge if int(torch.linalg.cholesky_ex(shifted)[1]) else 0.0


def covariance_precision(covariance: Tensor, weight: float, dtype: torch.dtype = torch.float32) -> Precision:
    """A = (λC)⁻¹ (d_k, d_k) on the device of C, with a ridge where C is singular. Solved in float64.

    ``remember(keys, 1)`` after every step makes MEMIT MEMIT-seq. With λ = 1, ``inverse`` is ROME's C⁻¹."""
    rows = covariance.new_empty(0, len(covariance), dtype=dtype)
    return Precision.prior(weight * singular_ridge(covariance), weight, covariance, rows)


@dataclass(frozen=True, slots=True)
class NullSpace:
    """The directions of the keys' space that ordinary text hardly uses."""

    projector: Tensor  # (d_k, d_k) float64 P
    rank: int  # directions that P keeps
    energy: float  # share of C's trace in them, 0 to 1: what an edit may disturb
    threshold: float  # absolute: eigenvalues of C below it are kept

    @property
    def share(self) -> float:
        """Of the directions, 0 to 1."""
        return self.rank / len(self.projector)

    def precision(self, ridge: float, dtype: torch.dtype = torch.float32) -> Precision:
        """A₀ = P/λ: AlphaEdit with ``remember(keys, 1)`` after every step."""
        return Precision((self.projector / ridge).to(dtype))


def null_space(covariance: Tensor, threshold: float, *, relative: bool) -> NullSpace:
    """P = U₀U₀ᵀ over the eigenvectors of C whose eigenvalue is below ``threshold``, or with ``relative`` below that
    share of their mean. One eigendecomposition in float64. Raises SettingError where it leaves no direction."""
    matrix = covariance.double()
    values, vectors = torch.linalg.eigh(matrix)
    least = threshold * float(values.mean()) if relative else threshold
    rank = int((values < least).sum())  # they ascend
    if rank == 0:
        raise SettingError(
            "threshold",
            f"Ordinary text uses every direction of the keys, {float(values[0]):.2g} and more, and only less than "
            f"{least:.2g} is free: give a higher threshold.",
        )
    free, values = vectors[:, :rank], values.clamp(min=0)
    return NullSpace(free @ free.T, rank, float(values[:rank].sum() / values.sum()), least)
