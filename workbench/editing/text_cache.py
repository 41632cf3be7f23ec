"""What the unedited model makes of ordinary text: the same model and texts need no second reading."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from workbench.editing.kept_tensors import KeptTensors, of_model
from workbench.evaluation.batching import Watch
from workbench.evaluation.drift import Reference, openings, read_reference
from workbench.evaluation.evaluate import perplexity
from workbench.models.encoding import Encoded
from workbench.models.loaded import LoadedModel


@dataclass(frozen=True, slots=True)
class TextReading:
    perplexity: float
    reference: Reference  # of the drift

    @classmethod
    def read(cls, loaded: LoadedModel, texts: Sequence[Encoded], watch: Watch) -> "TextReading":
        """With the unedited weights in the model. Raises Cancelled, OutOfMemory and NonFinite."""
        return cls(perplexity(loaded, texts, watch), read_reference(loaded, texts, watch))


class TextCache:
    def __init__(self, folder: Path, loaded: LoadedModel, texts: Sequence[Encoded]) -> None:
        self._kept, self._loaded, self._texts = KeptTensors(folder), loaded, texts
        self._key = ["read texts", *of_model(loaded, ()), [[e.ids, e.start] for e in texts]]

    @property
    def holds(self) -> bool:
        return self._kept.holds(self._key)

    def find(self) -> TextReading | None:
        found = self._kept.find(self._key)
        prompts = openings(self._loaded, self._texts)
        if (
            found is None
            or set(found) != {"perplexity", "log_probs"}
            or len(found["log_probs"]) != len(prompts)
        ):
            return None
        return TextReading(float(found["perplexity"]), Reference(prompts, found["log_probs"]))

    def keep(self, reading: TextReading) -> None:
        perplexity = torch.tensor(reading.perplexity, dtype=torch.float64)
        self._kept.keep(self._key, {"perplexity": perplexity, "log_probs": reading.reference.log_probs})
