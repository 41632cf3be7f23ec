"""Facts for tiny models, whose tokenizer has a token a byte."""

from collections.abc import Sequence

from workbench.editors.located.facts import LocatedFact, locate, plainly
from workbench.models.loaded import LoadedModel

CONTEXTS = ("The sun. ", "I see it. ")
FACTS = (
    ("Here lives Ada Lo", "Ada Lo", "Rome"),  # a tiny model hardly looks back from behind the subject
    ("The home of Bob is", "Bob", "Oslo"),
    ("A song by Cy Ray", "Cy Ray", "Bern"),
)


def located(
    loaded: LoadedModel,
    facts: Sequence[tuple[str, str, str]] = FACTS,
    contexts: Sequence[str] = CONTEXTS,
) -> list[LocatedFact]:
    tokenizer = loaded.tokenizer
    return [
        locate(tokenizer, prompt, subject, contexts, plainly(tokenizer, subject, target, loaded.window))
        for prompt, subject, target in facts
    ]
