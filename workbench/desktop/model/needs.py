"""What editing adds to the memory that a loaded model takes."""

from typing import TYPE_CHECKING

from workbench.desktop.words import size_in_words

if TYPE_CHECKING:
    from workbench.models.loaded import LoadedModel
    from workbench.models.modules import EditableModule


def editing_memory(
    loaded: "LoadedModel", modules: "tuple[EditableModule, ...]", preconditioned: bool
) -> tuple[str, str]:
    """(sentence, level). ``preconditioned``: key protection or edit memory is on."""
    from workbench.models.memory import estimate, free_memory
    from workbench.models.outline import Outline

    config = loaded.model.config
    text = config.get_text_config(decoder=True)
    outline = Outline(
        config=config,
        architecture=loaded.architecture,
        parameters=loaded.parameters,
        hidden=int(text.hidden_size),
        vocabulary=int(text.vocab_size),
        layers=int(text.num_hidden_layers),
        window=loaded.window,
        modules=loaded.modules,
    )
    needed = estimate(outline, loaded.dtype, modules, preconditioned=preconditioned)
    added, free = needed.total - needed.weights, free_memory(loaded.device)
    figures = f"Editing takes about {size_in_words(added)} more; {size_in_words(free)} are free"
    if added <= free:
        return f"{figures}.", ""
    advice = (
        "tick fewer modules, or set key protection and edit memory to 0"
        if preconditioned
        else "tick fewer modules"
    )
    return f"{figures}: {advice}.", "bad"
