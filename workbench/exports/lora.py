"""A LoRA adapter in place of the edited weights: chosen by rank or captured energy, scored, written."""

from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event

from workbench.errors import SettingError
from workbench.evaluation.scores import SCORES, TEXT_SCORES, Scores
from workbench.exports.adapter import adapted, adapter_bytes, write_adapter
from workbench.exports.decomposition import Decomposition
from workbench.exports.edited import EditedModel
from workbench.exports.places import new_folder
from workbench.exports.yardstick import Yardstick
from workbench.models.progress import Progress, Watch
from workbench.models.provenance import model_card
from workbench.models.sources import hub_id_of
from workbench.session.provenance import score_lines
from workbench.settings import check, setting
from workbench.storage.durable import make_folder
from workbench.storage.partials import partial_beside
from workbench.storage.places import cache_folder

_SIDE_BYTES = 1 << 20  # room for config and card


@dataclass(frozen=True, slots=True)
class LoraChoice:
    """Rank counts unless ``energy`` is above 0."""

    rank: int = setting(
        32,
        "Rank",
        "How many directions of the change each module keeps, the same for all. More keeps more edits and takes more "
        "space.",
        symbol="r",
        low=1,
        high=8_192,
    )
    energy: float = setting(
        0.0,
        "Captured energy",
        "The share of the squared change, over all modules, that the adapter keeps at least; the smallest rank that "
        "does is taken. 0: the rank decides.",
        low=0,
        high=1,
    )

    def __post_init__(self) -> None:
        check(self)

    def rank_in(self, decomposition: Decomposition) -> int:
        """Raises SettingError where the decomposition has no such rank."""
        if self.energy > 0:
            return decomposition.rank_for(self.energy)
        return decomposition.require_rank(self.rank)


@dataclass(frozen=True, slots=True)
class AdapterScores:
    """All three on the same facts and text."""

    rank: int
    unedited: Scores
    edited: Scores
    adapter: Scores

    def loss(self) -> dict[str, float]:
        """Score → how much worse the adapter is than the edited model; NaN where not measured. Higher perplexity or
        drift is worse, as is a lower score of any other kind."""
        return {
            name: (getattr(self.edited, name) - getattr(self.adapter, name))
            * (-1.0 if name in TEXT_SCORES else 1.0)
            for name in SCORES
        }


@dataclass(frozen=True, slots=True)
class WrittenAdapter:
    path: Path
    rank: int
    kept: float  # share of the energy of all modules together
    kept_by_module: dict[str, float]
    bytes: int  # of the weights
    scores: AdapterScores | None  # None: not measured


def measure_adapter(
    edited: EditedModel,
    decomposition: Decomposition,
    rank: int,
    yardstick: Yardstick,
    progress: Progress | None = None,
    cancel: Event | None = None,
) -> AdapterScores:
    """Writes the adapter aside, loads it through PEFT onto the unedited model and scores it.

    Raises ExportError, SettingError, OutOfMemory, NonFinite and Cancelled."""
    decomposition.require_rank(rank)
    make_folder(cache_folder())
    with partial_beside(cache_folder() / "adapter") as folder:
        write_adapter(folder, decomposition, rank, edited.card.base)
        with adapted(edited.editor, folder) as loaded:
            found = yardstick.scores_of(loaded, f"scoring rank {rank:,}", Watch(progress, cancel))
    return AdapterScores(rank, yardstick.unedited, yardstick.edited, found)


def export_lora(
    edited: EditedModel,
    decomposition: Decomposition,
    rank: int,
    destination: Path,
    scores: AdapterScores | None = None,
    progress: Progress | None = None,
    cancel: Event | None = None,
) -> WrittenAdapter:
    """A folder for ``peft.PeftModel.from_pretrained``, which reads it here before it takes its name.

    ``scores``: what measure_adapter gave at this rank; None: not measured. Raises ExportError, SettingError, DiskFull
    or Cancelled; nothing is left then."""
    watch = Watch(progress, cancel)
    decomposition.require_rank(rank)
    if scores is not None and scores.rank != rank:
        raise SettingError(
            "rank", f"The scores are those of rank {scores.rank:,} and not of {rank:,}: measure again."
        )
    size = adapter_bytes(decomposition, rank)
    destination = destination.expanduser().absolute()
    with new_folder(destination, size + _SIDE_BYTES, "The adapter") as partial:
        watch.report("writing the adapter", 0, 2, "files")
        write_adapter(partial, decomposition, rank, edited.card.base)
        watch.report("reading the adapter back", 1, 2, "files")
        with adapted(edited.editor, partial):
            pass
        kept = decomposition.kept(rank)
        written = WrittenAdapter(destination, rank, kept, decomposition.kept_by_module(rank), size, scores)
        _write_card(partial, edited, written)
        watch.report("reading the adapter back", 2, 2, "files")
    return written


def _write_card(folder: Path, edited: EditedModel, written: WrittenAdapter) -> None:
    """Scores in the card are the adapter's own, or none: never those of the model that it stands in for."""
    kept = "; ".join(f"{name} {share:.4f}" for name, share in written.kept_by_module.items())
    notes = [
        *edited.card.notes,
        f"A LoRA adapter of rank {written.rank:,} by truncated singular value decomposition of the change; it keeps "
        f"{written.kept:.4f} of its energy (squared Frobenius norm): {kept}.",
    ]
    scores = written.scores
    if scores is None:
        notes.append("The adapter was not scored.")
    else:
        lost = ", ".join(
            f"{line.name} {line.before:.4g}" for line in score_lines(scores.edited, scores.edited)
        )
        notes.append(f"The edited model itself, before the decomposition, scores: {lost}.")
    card = replace(
        edited.card,
        notes=notes,
        scores=score_lines(scores.unedited, scores.adapter) if scores else [],
    )
    text = model_card(written.path.name, card, hub_id_of(card.base), library="peft")
    (folder / "README.md").write_text(text, "utf-8")
    (folder / "provenance.json").write_text(card.as_json(), "utf-8")
