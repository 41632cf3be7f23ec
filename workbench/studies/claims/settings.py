"""How much a test of the claims runs."""

from dataclasses import dataclass

from workbench.settings import check, setting


@dataclass(frozen=True, slots=True)
class ClaimsSettings:
    steps: int = setting(
        20,
        "Steps",
        "How many batches each run edits. More shows what builds up.",
        unit="steps",
        low=4,
        high=10_000,
    )
    batch: int = setting(
        50, "Facts per step", "How many facts are applied together.", unit="facts", low=1, high=10_000
    )
    seeds: int = setting(
        3,
        "Seeds",
        "How often everything is repeated with other facts and another order. A claim is decided only where all "
        "agree.",
        low=1,
        high=100,
    )

    def __post_init__(self) -> None:
        check(self)

    @property
    def facts(self) -> int:
        """Of each run."""
        return self.steps * self.batch

    @property
    def early(self) -> int:
        """Steps before the later ones."""
        return self.steps // 2
