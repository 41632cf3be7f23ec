"""The report's table of adapters: what each rank keeps, of the energy and of the scores."""

from collections.abc import Sequence
from threading import Event

from workbench.exports.adapter import adapter_bytes
from workbench.exports.decomposition import decompose
from workbench.exports.edited import EditedModel
from workbench.exports.lora import measure_adapter
from workbench.exports.report.contents import AdapterRow
from workbench.exports.yardstick import prepare_yardstick
from workbench.models.progress import Progress

RANKS = (8, 32, 128)


def adapter_rows(
    edited: EditedModel,
    ranks: Sequence[int] = RANKS,
    progress: Progress | None = None,
    cancel: Event | None = None,
) -> tuple[AdapterRow, ...]:
    """Ranks beyond what the modules have count as the largest. Raises as measure_adapter and
    prepare_yardstick."""
    decomposition = decompose(edited.editor, progress, cancel)
    yardstick = prepare_yardstick(edited, progress, cancel)
    rows = []
    for rank in sorted({min(max(rank, 1), decomposition.most) for rank in ranks}):
        found = measure_adapter(edited, decomposition, rank, yardstick, progress, cancel)
        size = adapter_bytes(decomposition, rank)
        rows.append(AdapterRow(rank, decomposition.kept(rank), size, found.adapter))
    return tuple(rows)
