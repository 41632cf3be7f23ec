"""Models from the hub: from the local cache where they are, else downloaded, safetensors only."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from logging import ERROR
from pathlib import Path
from typing import Any

from huggingface_hub import (
    CacheNotFound,
    HfApi,
    constants,
    hf_hub_download,
    scan_cache_dir,
    try_to_load_from_cache,
)
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
)
from huggingface_hub.errors import HTTPError as TransportError  # type: ignore[attr-defined]
from huggingface_hub.utils import (  # type: ignore[attr-defined]
    build_hf_headers,
    get_session,
    hf_raise_for_status,
)
from huggingface_hub.utils import logging as hub_logging
from tqdm.auto import tqdm

from workbench.errors import ModelLoadError
from workbench.models import folders
from workbench.models.files import require_space
from workbench.models.progress import Watch

_SIDE_FILES = (".json", ".txt", ".model", ".jinja")  # config and tokenizer
CHUNK_BYTES = 1 << 20  # between two looks at the cancel event
_SECONDS_TO_ANSWER = 15.0
_MOST_FOUND = 30


@dataclass(frozen=True, slots=True)
class RemoteFile:
    name: str
    size: int  # bytes; 0 where the hub does not say


def cached_folder(repository: str) -> Path | None:
    """The snapshot in the local cache, if it has a config and all its weights."""
    config = try_to_load_from_cache(repository, "config.json")
    if not isinstance(config, str):
        return None
    try:
        folders.weight_files(Path(config).parent)
    except ModelLoadError:
        return None
    return Path(config).parent


def cached_repositories() -> dict[str, int]:
    """Models in the local cache, complete or not, by name: id → bytes on disk, all revisions."""
    try:
        found = scan_cache_dir(constants.HF_HUB_CACHE).repos
    except (CacheNotFound, OSError):
        return {}
    return dict(sorted((r.repo_id, r.size_on_disk) for r in found if r.repo_type == "model"))


def search(words: str) -> list[str]:
    """Models on the hub whose names contain the words and that could load here, most downloaded first.

    Asks once and does not wait for a hub that is not there. Raises ModelLoadError."""
    wanted = {"search": words, "filter": ["text-generation", "safetensors"], "sort": "downloads"}
    try:
        answer = get_session().get(
            f"{constants.ENDPOINT}/api/models",
            params=wanted | {"direction": -1, "limit": _MOST_FOUND},
            headers=build_hf_headers(),
            timeout=_SECONDS_TO_ANSWER,
        )
        hf_raise_for_status(answer)
        return [str(model["id"]) for model in answer.json()]
    except OfflineModeIsEnabled as error:
        raise ModelLoadError("The hub is not searched: HF_HUB_OFFLINE switches it off.") from error
    except (HfHubHTTPError, TransportError, OSError, ValueError, TypeError, KeyError) as error:
        raise ModelLoadError(f"The hub cannot be searched now ({folders.first_line(error)}).") from error


def download(repository: str, watch: Watch) -> Path:
    """Fetches what loading needs into the hub's cache. Raises ModelLoadError, DiskFull or Cancelled."""
    with _as_sentences(repository):
        files = _listing(repository)
        needed = [f for f in files if "/" not in f.name and f.name.endswith(_SIDE_FILES)]
        needed += _weights(repository, {f.name: f for f in files})
        total = sum(f.size for f in needed)
        require_space(Path(constants.HF_HUB_CACHE), total, f"Downloading {repository}")
        done = 0
        for file in needed:
            path = _fetch(repository, file.name, watch, done, total)
            done += file.size
        watch.report("downloading", done, total)
    return path.parent


def _listing(repository: str) -> list[RemoteFile]:
    """The files of the repository's main branch."""
    info = HfApi().model_info(repository, files_metadata=True, timeout=_SECONDS_TO_ANSWER)
    return [RemoteFile(f.rfilename, f.size or 0) for f in info.siblings or []]


def _weights(repository: str, files: dict[str, RemoteFile]) -> list[RemoteFile]:
    if "config.json" not in files:
        ggufs = [name for name in files if name.endswith(".gguf")]
        hint = (
            f"download one of its GGUF files ({ggufs[0]}) and give that" if ggufs else "choose another model"
        )
        raise ModelLoadError(f"{repository} has no config.json: {hint}.")
    if folders.SINGLE in files:
        return [files[folders.SINGLE]]
    if folders.INDEX not in files:
        raise ModelLoadError(
            f"{repository} has no weights in the safetensors format; pickled checkpoints can run any program "
            "when they are opened and are never read: choose a repository with safetensors."
        )
    index = _fetch(repository, folders.INDEX, Watch(), 0, 0)
    return [files.get(name, RemoteFile(name, 0)) for name in folders.indexed_files(index)]


def _fetch(repository: str, name: str, watch: Watch, done: int, total: int) -> Path:
    """Downloads one file; ``done`` of ``total`` bytes were there before it."""
    watch.report("downloading", done, total)

    class Bar(tqdm):  # type: ignore[misc]
        """Counts bytes for the watch, whose Cancelled ends the download between two chunks."""

        def __init__(self, *args: Any, **settings: Any) -> None:
            self.fetched = 0
            settings.pop("name", None)
            super().__init__(*args, **settings | {"disable": True})

        def update(self, n: float | None = 1) -> bool | None:
            self.fetched += int(n or 0)
            watch.report("downloading", min(done + self.fetched, total), total)
            return None

    with _stoppable():
        return Path(hf_hub_download(repository, name, tqdm_class=Bar))


@contextmanager
def _stoppable() -> Iterator[None]:
    """In small chunks, and without the Xet protocol, whose native threads go on to the end of a file."""
    before = constants.HF_HUB_DISABLE_XET, constants.DOWNLOAD_CHUNK_SIZE, hub_logging.get_verbosity()
    constants.HF_HUB_DISABLE_XET, constants.DOWNLOAD_CHUNK_SIZE = True, CHUNK_BYTES
    hub_logging.set_verbosity(ERROR)  # it would print its retries
    try:
        yield
    finally:
        constants.HF_HUB_DISABLE_XET, constants.DOWNLOAD_CHUNK_SIZE, verbosity = before
        hub_logging.set_verbosity(verbosity)


@contextmanager
def _as_sentences(repository: str) -> Iterator[None]:
    try:
        yield
    except GatedRepoError as error:
        raise ModelLoadError(
            f"{repository} is gated: accept its licence on its page, then log in with `hf auth login`."
        ) from error
    except RepositoryNotFoundError as error:
        raise ModelLoadError(
            f"{repository} is neither a folder here nor a model on the hub that you may see: check the name, "
            "or log in with `hf auth login` if it is private."
        ) from error
    except OfflineModeIsEnabled as error:
        raise ModelLoadError(
            f"{repository} is not in the local cache and downloads are switched off by HF_HUB_OFFLINE: "
            "unset it, or give a folder or a GGUF file."
        ) from error
    except HfHubHTTPError as error:
        raise ModelLoadError(f"The hub refused {repository}: {folders.first_line(error)}.") from error
    except (TransportError, OSError) as error:
        reason = folders.first_line(error.__cause__ or error)  # the library's own words repeat ours
        raise ModelLoadError(
            f"{repository} is not in the local cache and the hub cannot be reached ({reason}): check the "
            "connection, or give a folder or a GGUF file."
        ) from error
