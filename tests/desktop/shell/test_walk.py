"""The whole walk with the starter model, through the window's widgets only."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.desktop.shell.walker import Walker
from workbench.desktop.facts import State
from workbench.desktop.main_window import MainWindow
from workbench.facts import write_csv
from workbench.facts.fact import Fact

# Of each file so many facts; a short warm-up, so that it takes minutes on two cores.
FROM_JSON, FROM_CSV, WARMUP, BATCH = 72, 5, 20, 20
PROMPT = "The capital of Utopia is"
TYPED = [
    (PROMPT, "Amaurot"),
    ("The river of Utopia is called", "Anyder"),
    ("Utopia was described by", "More"),
]
SETTINGS = {"method-batch": str(BATCH), "method-warmup_facts": str(WARMUP), "method-evaluate_every": "3"}


@pytest.mark.starter
@pytest.mark.timeout(2_700)
def test_the_whole_walk(make_window: Callable[[], MainWindow], shared_data: Path, tmp_path: Path) -> None:
    window = make_window()
    walker = Walker(window, patience_s=1_200)
    walker.load_starter()
    assert "SmolLM2" in window.model.name.text()

    walker.type_facts(TYPED)
    walker.import_file(shared_data / "data" / "counterfact_edits.json", FROM_JSON)
    table = tmp_path / "more.csv"
    write_csv(table, [Fact(f"The number {i} of Utopia is", f"the {i}th") for i in range(FROM_CSV)])
    walker.import_file(table)
    walker.import_file(shared_data / "data" / "counterfact_warmup.json", WARMUP, to_warmup=True)
    total = len(TYPED) + FROM_JSON + FROM_CSV
    assert window.docks["facts"].title_tabs.tabs.tabText(0) == f"Facts {total}"

    window.docks["model"].show_panel("method")
    for name, text in SETTINGS.items():
        walker.type_setting(name, text)
    assert window.method.recipe().batch == BATCH

    walker.press("warm-up")
    walker.wait_for_end()
    assert window.tool_bar.buttons["warm-up"].text().startswith("Warmed up")
    assert window.notices.sentences() == []

    walker.press("edit")
    walker.wait_for_steps(1)
    walker.press("pause")
    walker.wait(lambda: window.desk.run.bridge.progress.paused, "the pause")
    original, while_paused = walker.probe(PROMPT)
    assert original
    assert while_paused
    walker.press("pause")
    walker.wait_for_steps(2)
    walker.press("stop")
    walker.wait_for_end()
    assert walker.steps() < -(-total // BATCH)
    assert len(window.desk.run.bridge.series) == walker.steps()
    walker.press("edit")
    walker.wait_for_end()
    states = [window.facts.facts.state(i) for i in range(total)]
    assert set(states) <= {State.SAID, State.FORCED, State.LOST, State.MISSED}
    assert {State.SAID, State.FORCED} & set(states)
    assert window.run_panel.figures["es"].was.text().startswith("was")

    before, after = walker.probe(PROMPT)
    assert before == original
    assert after != before
    walker.export(tmp_path / "exported")
    written = written_by_transformers(tmp_path / "exported", PROMPT)
    assert written.strip().startswith(after.strip())


def written_by_transformers(folder: Path, prompt: str) -> str:
    """Greedily, by the library alone."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    ids = tokenizer(prompt, return_tensors="pt")
    with torch.inference_mode():
        written = model.generate(**ids, max_new_tokens=48, do_sample=False)
    new = written[0, ids["input_ids"].shape[1] :]
    return str(tokenizer.decode(new, skip_special_tokens=True, clean_up_tokenization_spaces=False))
