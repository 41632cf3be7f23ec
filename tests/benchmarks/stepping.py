"""Steps of editing, one by one, as a run does them: made-up facts, the named recipes, a model under edit."""

import random
import string
import tomllib
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from workbench.editing.budget import ChangeBudget, OrdinaryText
from workbench.editing.control import Control
from workbench.editing.editor import Editor
from workbench.editing.events import Event
from workbench.editing.items import Chunk, items_of
from workbench.editing.protection import text_keys
from workbench.editing.recipe import Recipe
from workbench.editing.solving import PREFIX_BYTES, Solver
from workbench.evaluation.batching import Watch
from workbench.evaluation.encoded import encode_texts
from workbench.facts.fact import Fact
from workbench.models.loaded import LoadedModel
from workbench.models.modules import EditableModule
from workbench.models.prefix import SharedPrefix

T = TypeVar("T")

_RECIPES = Path(__file__).parents[2] / "resources" / "recipes.toml"


def recipes() -> dict[str, Recipe]:
    """Read from the sources: the package that holds them is there only once the workbench is installed."""
    entries: dict[str, dict[str, Any]] = tomllib.loads(_RECIPES.read_text("utf-8"))
    about = ("title", "summary", "origin")
    return {
        name: Recipe(name=name, **{k: v for k, v in entry.items() if k not in about})
        for name, entry in entries.items()
    }


def made_up_facts(count: int, seed: int) -> list[Fact]:
    """Some twenty tokens of one byte each, and answers of three letters."""
    draw = random.Random(seed)

    def word(length: int) -> str:
        return "".join(draw.choices(string.ascii_lowercase, k=length))

    subjects = [word(6) for _ in range(count)]
    return [Fact(f"The {word(5)} of {subject} is", word(3), subject=subject) for subject in subjects]


class Bench:
    """A model under edit, step by step as a run does it."""

    def __init__(self, loaded: LoadedModel, modules: Sequence[EditableModule], recipe: Recipe) -> None:
        self.loaded, self.recipe, self.seed = loaded, recipe, 0
        self.editor = Editor(loaded, modules, recipe)
        self.solver = Solver(self.editor, Control(), recipe.minibatch)
        texts = [f"{f.prompt} {f.target}. {f.prompt}" for f in made_up_facts(24, -1)]
        if recipe.keeps_precision:
            self.editor.protect(text_keys(loaded, modules, texts[:12], Control()))
        if recipe.budget:
            sharing = SharedPrefix(loaded, modules, PREFIX_BYTES).edited
            ordinary = OrdinaryText.read(loaded, [encode_texts(loaded, texts[12:])], Watch(), sharing)
            self.solver.budget = ChangeBudget.opened(self.editor, ordinary, Watch(), None)

    def chunk(self) -> tuple[Chunk, list[str]]:
        """The next facts, and their prompts."""
        self.seed += 1
        facts = made_up_facts(self.recipe.batch, self.seed)
        return Chunk.of(items_of(self.loaded, self.recipe, facts), 0.5), [f.prompt for f in facts]

    def warm_up(self, share: int = 1) -> None:
        """With so many times the rows that full whitening needs."""
        while self.editor.rows < share * self.editor.rows_needed:
            traced, shifts, _ = returned(self.solver.solve(*self.chunk(), warming_up=True))
            self.editor.apply(shifts, traced)

    def step(self, chunk: Chunk, names: list[str]) -> None:
        solving = self.solver.solve(chunk, names, warming_up=False, left=10 * chunk.facts)
        traced, shifts, whitenings = returned(solving)
        self.editor.measure(shifts, whitenings)
        self.editor.apply(shifts, traced)


def returned(steps: Generator[Event, None, T]) -> T:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: T = end.value
            return found
