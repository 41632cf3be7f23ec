"""What several tests of models need: a provenance, and disks that are full."""

import math
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

from workbench.models.provenance import Provenance, ScoreLine

CARD = Provenance(
    base="org/base",
    base_sha256="ab" * 32,
    edits=1234,
    modules=("model.layers.1.mlp.down_proj",),
    recipe={"name": "stableedit-memory", "step_size": 5e-4, "modules": "a|b"},
    scores=(
        ScoreLine("ES", "Share of answer tokens that are the argmax under teacher forcing.", 0.046, 0.663),
        ScoreLine("Perplexity", "Per token.", math.nan, 114.1),
    ),
    warmup="1,000 warm-up facts prepared the statistics only.",
)


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Writes beyond ``size`` bytes of a file fail in this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def nearly_full(_place: Path) -> SimpleNamespace:
    return SimpleNamespace(total=10**9, used=10**9 - 50, free=50)
