"""The model that a command names, loaded with progress."""

from workbench.cli.progress import ProgressLine
from workbench.errors import ModelLoadError
from workbench.evaluation.batching import Watch
from workbench.models.loaded import LoadedModel
from workbench.models.loading import load
from workbench.models.progress import LoadProgressed
from workbench.session.records import ModelIdentity


def load_model(
    name: str, device: str, dtype: str, line: ProgressLine, *, hash_again: bool = False
) -> LoadedModel:
    def report(event: LoadProgressed) -> None:
        line.update(f"{name}: {event.stage}", event.done, event.total, event.unit)

    loaded = load(name, device, dtype, progress=report, hash_again=hash_again)
    line.close()
    line.note(
        f"{name}: {loaded.architecture}, {loaded.parameters / 1e6:,.1f} M parameters, "
        f"{str(loaded.dtype).removeprefix('torch.')} on {loaded.device}"
    )
    return loaded


def load_base(model: ModelIdentity, given: str | None, device: str, line: ProgressLine) -> LoadedModel:
    """The model that a run edited, from where the person says it is now or from where it was."""
    try:
        return load_model(given or model.source, device, model.dtype, line, hash_again=True)
    except ModelLoadError as error:
        if given:
            raise
        raise ModelLoadError(
            f"The run's model cannot be loaded from where it was ({error}): say where it is with --model."
        ) from error


def way_back(line: ProgressLine) -> Watch:
    """Shows how many of a run's steps are back in the model."""
    return Watch(progress=lambda done, total: line.update("Bringing the model back", done, total, "steps"))
