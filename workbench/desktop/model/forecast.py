"""What loading a source will do, in words."""

from workbench.desktop.model.lookup import Outlook
from workbench.desktop.words import parameters_in_words, size_in_words

PHASES = {
    "downloading": "It is kept on this computer, so that nothing is downloaded the next time.",
    "hashing the weights": "A checksum tells this model from every other one, for sessions and exports.",
    "unpacking the GGUF file": "Its compressed numbers become weights that can be edited, once for each file.",
    "writing the converted model": "It is kept on this computer, so that the model opens in seconds the next time.",
    "checking the converted model": "What was written is read back and compared before it is trusted.",
    "loading the weights": "They are read from the disk into memory.",
}  # what models.progress calls a stage → what it is for


def what_it_is(outlook: Outlook) -> str:
    """One or two sentences: the model's shape where it is known, and what happens before it opens."""
    return " ".join(filter(None, [_shape(outlook), _before_it_opens(outlook)]))


def memory_in_words(outlook: Outlook) -> str:
    if not outlook.needed:
        return "How much memory it takes is known once it is on this computer; it is checked before loading."
    device = "" if outlook.device == "cpu" else f" on {outlook.device}"
    figures = f"about {size_in_words(outlook.needed)} in {outlook.dtype}"
    free = f"{size_in_words(outlook.free)} are free{device}"
    if outlook.fits:
        return f"Takes {figures}; {free}."
    return (
        f"Takes {figures}, and {free}: close other programs, or choose a smaller model, bfloat16 or "
        "another device."
    )


def load_verb(outlook: Outlook | None) -> str:
    if outlook is None or outlook.present:
        return "Load model"
    return "Get and load" if outlook.kind == "starter" else "Download and load"


def _shape(outlook: Outlook) -> str:
    if not outlook.architecture:
        return ""
    parts = [
        outlook.architecture.removesuffix("ForCausalLM").removesuffix("LMHeadModel"),
        f"{parameters_in_words(outlook.parameters)} parameters",
        f"{outlook.layers} layers",
    ]
    if outlook.preset:
        parts.append(f"preset “{outlook.preset}”")
    return " · ".join(parts) + "."


def _before_it_opens(outlook: Outlook) -> str:
    if not outlook.present:
        if outlook.kind == "starter":
            return f"Not on this computer yet: {size_in_words(outlook.fetch_size)} will be downloaded."
        return "Not in the local cache: it will be downloaded from the hub."
    if not outlook.converted:
        return "It is converted once, which takes a while; from then on it opens in seconds."
    return "In the local cache: nothing is downloaded." if outlook.kind == "hub" else ""
