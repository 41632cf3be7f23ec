"""What the warm-up will do, in words."""

from workbench.desktop.method.warmup import WarmupContext, warmup_in_words
from workbench.editing.recipe import Recipe
from workbench.models.modules import EditableModule

MODULES = tuple(EditableModule(f"layers.{n}.down", n, "down", 1536, 576) for n in range(9))


def said(recipe: Recipe, facts: int = 1000, rows: float | None = 1.18) -> tuple[str, str]:
    return warmup_in_words(recipe, WarmupContext(facts, rows, MODULES))


def test_rows_against_what_whitening_needs_and_the_weights() -> None:
    assert said(Recipe()) == (
        "1,000 facts, about 1,180 rows of the 578 that full whitening needs; the weights do not change.",
        "",
    )


def test_edits_change_the_weights() -> None:
    assert said(Recipe(warmup_mode="edits"))[0].endswith("the weights change too.")


def test_too_few_rows_warn() -> None:
    sentence, level = said(Recipe(), facts=100)
    assert level == "warning"
    assert "100 facts (all there are of 1,000), about 118 rows" in sentence
    assert "full whitening needs 578" in sentence


def test_pooled_statistics_get_the_rows_of_all_modules() -> None:
    sentence, level = said(Recipe(scope="shape"), facts=100)
    assert level == ""
    assert "about 1,060 rows of the 578" in sentence


def test_without_model_or_facts_only_what_is_known() -> None:
    assert said(Recipe(), rows=None)[0] == "1,000 facts; the weights do not change."
    sentence, level = said(Recipe(), facts=0)
    assert level == "warning"
    assert "empty" in sentence


def test_no_warm_up_is_a_warning_only_for_whitening() -> None:
    assert said(Recipe(warmup_mode="none"))[1] == "warning"
    assert said(Recipe(warmup_mode="none", normalisation="diagonal")) == ("No warm-up.", "")


def test_the_diagonal_needs_no_number_of_rows() -> None:
    assert "whitening" not in said(Recipe(normalisation="diagonal"))[0]
