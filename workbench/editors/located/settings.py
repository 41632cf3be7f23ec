"""The settings of the located editors; what was published for single models is in resources/presets.toml."""

from dataclasses import dataclass

from workbench.settings import check, setting


@dataclass(frozen=True, slots=True)
class ValueSettings:
    """Of the value search."""

    steps: int = setting(
        25,
        "Search rounds",
        "How often the loss of a fact is taken while its value is searched, at most; after each but the last the value "
        "is moved. More makes facts take and costs time.",
        unit="rounds",
        low=1,
        high=1_000,
    )
    rate: float = setting(
        0.5,
        "Search rate",
        "Adam's learning rate in the search. More moves values further in a round.",
        low=0,
        above=True,
        high=100,
        logarithmic=True,
    )
    enough: float = setting(
        0.05,
        "Enough",
        "The search of a fact ends where its loss is below this. Less makes the model surer of the target.",
        unit="nats",
        low=0,
        high=100,
    )
    divergence: float = setting(
        0.0625,
        "Essence",
        "Weight of what the model says after “… is a” staying as it is. More keeps what the subject is.",
        symbol="κ",
        low=0,
        high=1e4,
    )
    decay: float = setting(
        0.5,
        "Value decay",
        "Weight of how far a value is moved, over the squared norm of what stood there. More keeps values small.",
        symbol="ω",
        low=0,
        high=1e4,
    )
    clamp: float = setting(
        0.75,
        "Value clamp",
        "How far a value may be moved at most, as a share of the norm of what stood there.",
        unit="× ‖z₀‖",
        symbol="c",
        low=0,
        above=True,
        high=1e4,
    )
    contexts: int = setting(
        5,
        "Contexts",
        "How many sentences that the model writes are put in front of a fact's prompt, one at a time. More carries "
        "over to more wordings and costs time.",
        low=0,
        high=20,
    )

    def __post_init__(self) -> None:
        check(self)

    @property
    def reads_text(self) -> bool:
        """Whether the solve holds ordinary text as it was."""
        return True

    @property
    def keeps_precision(self) -> bool:
        return self.reads_text


@dataclass(frozen=True, slots=True)
class MemitSettings(ValueSettings):
    """MEMIT, and MEMIT-seq with ``sequential``."""

    protection: float = setting(
        15_000.0,
        "Key protection",
        "How strongly ordinary text is held as it was. More keeps perplexity and locality and makes edits harder.",
        symbol="λ",
        low=0,
        above=True,
        high=1e8,
        logarithmic=True,
    )
    sequential: bool = setting(
        False,
        "Edit memory",
        "Earlier steps of the run are held as ordinary text is (MEMIT-seq). As published, nothing of them is kept.",
    )


@dataclass(frozen=True, slots=True)
class AlphaEditSettings(ValueSettings):
    threshold_kind: str = setting(
        "absolute",
        "Null-space threshold",
        "Absolute: an eigenvalue of ordinary text's keys, as published; it depends on the model's activations. "
        "Relative: a share of their mean eigenvalue.",
        choices=("absolute", "relative"),
    )
    threshold: float = setting(
        0.02,
        "Threshold value",
        "Directions in which ordinary text has less than this may be edited. More leaves edits more room and protects "
        "less.",
        low=0,
        above=True,
        high=1e6,
        logarithmic=True,
    )
    ridge: float = setting(
        10.0,
        "Ridge",
        "Weight of the penalty on the size of a shift. More makes shifts smaller.",
        symbol="λ",
        low=0,
        above=True,
        high=1e6,
        logarithmic=True,
    )


@dataclass(frozen=True, slots=True)
class RomeSettings(ValueSettings):
    clamp: float = setting(
        4.0,
        "Value clamp",
        "How far a value may be moved at most, as a share of the norm of what stood there.",
        unit="× ‖z₀‖",
        symbol="c",
        low=0,
        above=True,
        high=1e4,
    )
    key: str = setting(
        "one",
        "Key",
        "One: the mean key over all contexts makes direction and size of a shift (R-ROME). Published: the mean key "
        "makes the direction and the bare prompt's the size; where they point apart, one edit can break the model.",
        choices=("one", "published"),
    )
    covariance: bool = setting(
        False,
        "Covariance",
        "Whether shifts are turned away from the keys of ordinary text, as in the paper. Later settings leave it out.",
    )

    @property
    def reads_text(self) -> bool:
        return self.covariance
