"""Writes the ordinary text of the starter model anew: ``python -m resources.texts.generate``."""

from pathlib import Path

from workbench.editing.texts import SAMPLED_TEXTS
from workbench.evaluation.sampling import sample_texts
from workbench.models.loading import load
from workbench.models.sources import STARTER

FOLDER = Path(__file__).parent


def main() -> None:
    for file in FOLDER.glob("*.json"):
        file.unlink()
    sample_texts(load(STARTER, device="cpu", dtype="float32"), count=SAMPLED_TEXTS, cache_dir=FOLDER)


if __name__ == "__main__":
    main()
