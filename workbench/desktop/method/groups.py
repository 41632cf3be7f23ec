"""How the method panel orders a recipe's settings, and the words for their choices."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Group:
    """Field names of editing.recipe.Recipe; ``more`` are folded away until they are wanted."""

    title: str
    names: tuple[str, ...]
    more: tuple[str, ...] = ()


GROUPS = (
    Group("Method", ("normalisation",), ("loss", "rescale", "key_cap")),
    Group(
        "How facts are asked",
        ("form", "ending"),
        ("positions", "subject_share", "chat_share", "taken", "system_prompt"),
    ),
    Group("Statistics", ("floor",), ("floor_kind", "scope")),
    Group("Strength", ("budget", "step_size", "ridge", "protection", "memory"), ("passes", "shift_cap")),
    Group("Warm-up", ("warmup_mode", "warmup_facts", "warmup_memory")),
    Group("Run", ("batch", "evaluate_every"), ("minibatch", "on_error", "seed", "modules")),
)

# What a new recipe leaves as the person set it: where and how often, not how.
KEPT_BY_RECIPES = ("modules", "evaluate_every", "on_error", "seed")

# What a setting is called below the title of its group, where its whole name is too long for the dock.
SHORT = {"warmup_memory": "Memory", "rescale": "Unit scale"}

WORDS: dict[str, dict[str, str]] = {
    "normalisation": {"whitening": "Full whitening", "diagonal": "Diagonal", "none": "None"},
    "scope": {"module": "Per module", "shape": "By shape"},
    "loss": {"per-edit": "Per edit", "minibatch-mean": "Per minibatch"},
    "floor_kind": {"relative": "Relative", "absolute": "Absolute"},
    "form": {"plain": "Plain text", "chat": "Chat", "both": "Both"},
    "ending": {
        "none": "None",
        "full stop": "Full stop",
        "new line": "New line",
        "end of text": "End of text",
    },
    "positions": {
        "answer": "Answer",
        "subject": "Subject",
        "subject then answer": "Subject first",
    },
    "taken": {"form": "Each form", "fact": "Whole fact"},
    "on_error": {"stop": "Stop the run", "skip": "Skip the step"},
    "warmup_mode": {"statistics": "Statistics only", "edits": "Edits too", "none": "None"},
}


def choice_in_words(name: str, choice: str) -> str:
    return WORDS.get(name, {}).get(choice, choice.replace("-", " ").capitalize())
