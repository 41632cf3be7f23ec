"""The model that a command names, loaded with progress."""

from workbench.cli.progress import ProgressLine
from workbench.models.loaded import LoadedModel
from workbench.models.loading import load
from workbench.models.progress import LoadProgressed


def load_model(name: str, device: str, dtype: str, line: ProgressLine) -> LoadedModel:
    def report(event: LoadProgressed) -> None:
        line.update(f"{name}: {event.stage}", event.done, event.total, event.unit)

    loaded = load(name, device, dtype, progress=report)
    line.close()
    line.note(
        f"{name}: {loaded.architecture}, {loaded.parameters / 1e6:,.1f} M parameters, "
        f"{str(loaded.dtype).removeprefix('torch.')} on {loaded.device}"
    )
    return loaded
