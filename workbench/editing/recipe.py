"""The settings of a run. Every field carries what the dialog and the command line show of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from workbench.editing.kinds import STABLEEDIT, kind_named
from workbench.errors import SettingError
from workbench.settings import check, setting

# Of runs that were kept before these settings existed.
_AS_BEFORE = {"ending": "none", "form": "plain", "key_cap": 0.0, "shift_cap": 0.0, "budget": 0.0}


@dataclass(frozen=True, slots=True)
class Recipe:
    """How facts become weight shifts. Symbols and equations: the method page of the help."""

    name: str = "stableedit"
    editor: str = STABLEEDIT  # the kind that it is for
    method: object | None = None  # the editor's own settings, where it has others than these
    normalisation: str = setting(
        "whitening",
        "Normalisation",
        "How keys and value gradients are normalised by the running statistics. Full whitening decorrelates the "
        "gradients, diagonal only scales each dimension, none is the ablation.",
        choices=("whitening", "diagonal", "none"),
    )
    scope: str = setting(
        "module",
        "Statistics scope",
        "Whether each module keeps its own statistics (the paper) or all modules of one shape share them "
        "(the authors' code).",
        choices=("module", "shape"),
    )
    loss: str = setting(
        "per-edit",
        "Loss",
        "Per edit: the sum of each edit's own mean, independent of the minibatch size. Minibatch mean: the mean over "
        "all answer tokens of a minibatch, as the authors' code does.",
        choices=("per-edit", "minibatch-mean"),
    )
    floor_kind: str = setting(
        "relative",
        "Eigenvalue floor",
        "Relative: a share of the mean eigenvalue, independent of the loss scale. Absolute: fixed, as published.",
        choices=("relative", "absolute"),
    )
    floor: float = setting(
        0.01,
        "Floor value",
        "Eigenvalues of the gradient covariance below this are raised to it. More floor means less whitening.",
        low=0,
        above=True,
        high=1,
        logarithmic=True,
    )
    rescale: bool = setting(
        True,
        "Unit gradient scale",
        "Scale the normalised value gradients to a mean row norm of √d_v, so that a step size means the same with "
        "every normalisation.",
    )
    step_size: float = setting(
        3e-4,
        "Step size",
        "How far each edit moves the weights. More makes edits take and costs locality and perplexity.",
        symbol="γ",
        low=0,
        above=True,
        high=1,
        logarithmic=True,
    )
    key_cap: float = setting(
        4.0,
        "Key norm cap",
        "At most how many times its mean the squared norm of a normalised key may weigh an edit. Less keeps later "
        "passes of a step from running away. 0: no bound, as published.",
        unit="× mean",
        low=0,
        high=1e6,
    )
    ridge: float = setting(
        1.0,
        "Ridge",
        "Weight of the penalty on the size of a shift. More makes shifts smaller and smoother.",
        symbol="λ",
        low=0,
        above=True,
        high=1e6,
        logarithmic=True,
    )
    protection: float = setting(
        0.0,
        "Key protection",
        "How strongly ordinary text is held as it was. More keeps perplexity and locality and makes edits harder.",
        symbol="β",
        low=0,
        high=1e8,
        logarithmic=True,
    )
    memory: float = setting(
        0.0,
        "Edit memory",
        "How strongly earlier edits of the run are held. More keeps old edits and leaves less room for new ones.",
        symbol="η",
        low=0,
        high=1e4,
        logarithmic=True,
    )
    warmup_memory: float = setting(
        0.0,
        "Warm-up memory",
        "How strongly what the model says of the warm-up facts' prompts is held as it is, where the warm-up leaves the "
        "weights alone. More keeps locality and makes edits harder.",
        symbol="η₀",
        low=0,
        high=1e4,
        logarithmic=True,
    )
    passes: int = setting(
        1,
        "Passes per step",
        "After the shift of a step, its facts that did not take are traced again and shifted again, up to this many "
        "passes in all. More makes facts take with a smaller step size, and a step takes longer.",
        low=1,
        high=20,
    )
    shift_cap: float = setting(
        0.25,
        "Shift cap",
        "How far further passes of a step may take a module's shift, as a share of its unedited weight's norm. More "
        "lets harder facts take, and costs locality and perplexity. 0: no bound, as published.",
        unit="× ‖W₀‖",
        low=0,
        high=100,
    )
    budget: float = setting(
        1.05,
        "Budget",
        "How much ordinary text may lose over all edits, as a factor on its perplexity, plain and in the chat. Shifts "
        "that would take more are shortened, and facts that do not fit are not learned. 0: no budget, as published.",
        unit="×",
        low=0,
        high=100,
        zero="none",
    )
    batch: int = setting(
        100,
        "Facts per step",
        "How many facts are applied together, at most: facts that give one prompt different targets are never in one "
        "step, so that the later one counts.",
        unit="facts",
        low=1,
        high=10_000,
    )
    minibatch: int = setting(
        10,
        "Minibatch",
        "How many facts go through the model at once. More is faster and takes more memory; with the per-edit loss "
        "results do not depend on it.",
        unit="facts",
        low=1,
        high=1_000,
    )
    warmup_mode: str = setting(
        "statistics",
        "Warm-up",
        "Edits: warm-up facts also change the weights, as in the paper. Statistics: they only prepare the statistics "
        "and the model stays as it is. None: no warm-up.",
        choices=("statistics", "edits", "none"),
    )
    warmup_facts: int = setting(
        1_000,
        "Warm-up facts",
        "How many facts of the warm-up list are used. Full whitening needs more answer tokens than d_v + 1.",
        unit="facts",
        low=0,
        high=1_000_000,
    )
    modules: str = setting(
        "",
        "Modules",
        "Which linear maps are edited, as names with * and {a..b}, separated by commas. Empty: the preset's choice.",
    )
    evaluate_every: int = setting(
        0,
        "Evaluate every",
        "Full scores, locality and perplexity after every so many steps. 0: only before the first and after the last.",
        unit="steps",
        low=0,
        high=1_000_000,
    )
    on_error: str = setting(
        "stop",
        "On error",
        "What happens at a step whose loss, gradients or shift are not finite; it is never applied. Stop: the run ends "
        "before it. Skip: its facts are left out of the model, still count in the scores, and the run goes on.",
        choices=("stop", "skip"),
    )
    ending: str = setting(
        "full stop",
        "Ending",
        "What ends a target and is edited with it, so that the model stops where the answer ends. Full stop: none "
        "after a target that ends a sentence itself. None: as published; the model then goes on after the answer.",
        choices=("none", "full stop", "new line", "end of text"),
    )
    form: str = setting(
        "both",
        "Form",
        "How a fact is put to the model. Plain: prompt and target as running text. Chat: the prompt as a message, the "
        "target as the reply, by the model's chat template. Both: rows of both in one step; plain alone where the "
        "model has no chat template.",
        choices=("plain", "chat", "both"),
    )
    chat_share: float = setting(
        0.5,
        "Chat share",
        "With both forms, the chat form's share of the loss. More makes facts hold in the chat first.",
        low=0,
        above=True,
        high=0.95,
    )
    taken: str = setting(
        "form",
        "Taken by",
        "With both forms, what further passes take up again. Form: the forms of a fact that have not taken. Fact: all "
        "forms of a fact of which one has not.",
        choices=("form", "fact"),
    )
    positions: str = setting(
        "answer",
        "Positions",
        "The tokens that a shift comes from. Answer: those that predict the answer, as published. "
        "Subject: the subject's last token, which carries over to other wordings; facts whose prompt does not hold "
        "their subject are edited at the answer. Subject then answer: first passes at the subject, the rest at the "
        "answer for what has not taken.",
        choices=("answer", "subject", "subject then answer"),
    )
    subject_share: float = setting(
        0.75,
        "Subject share",
        "With subject then answer, which share of a step's passes edit at the subject.",
        low=0,
        above=True,
        high=1,
    )
    system_prompt: str = setting(
        "",
        "System prompt",
        "What precedes the chat form of a fact as the system's message. Empty: the template's own.",
    )
    seed: int = setting(0, "Seed", "Fixes sampled text and random choices.", low=0, high=2**31 - 1)

    def __post_init__(self) -> None:
        check(self)
        if 0 < self.budget <= 1:
            raise SettingError("budget", f"Budget is {self.budget:g}: give a number above 1, or 0 for none.")

    def at_subject(self, number: int) -> bool:
        """Whether pass ``number`` of a step, from 0, edits at the subject's last token."""
        if self.positions == "subject then answer":
            return number < round(self.subject_share * self.passes)
        return self.positions == "subject"

    @property
    def keeps_precision(self) -> bool:
        """Whether the solve needs more than the ridge: d_k² floats a module."""
        own = self.protection > 0 or self.memory > 0 or self.warmup_memory > 0
        return own or bool(getattr(self.method, "keeps_precision", False))

    @property
    def reads_text(self) -> bool:
        """Whether keys of ordinary text are needed before the first step."""
        return self.protection > 0 or bool(getattr(self.method, "reads_text", False))

    @classmethod
    def of_record(cls, values: Mapping[str, Any]) -> "Recipe":
        """From the fields that a session or a file kept. Raises SettingError, and TypeError for an unknown field."""
        known = {**_AS_BEFORE, **values}
        known["method"] = kind_named(str(known.get("editor", STABLEEDIT))).method(known.get("method"))
        return cls(**known)

    def with_(self, **changes: Any) -> "Recipe":
        """A copy with changes; raises SettingError where one is out of range."""
        return replace(self, **changes)
