"""What the load dialog asks of the engine. Only functions import it, since it brings torch; run them in a worker."""

from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING, Protocol

from workbench.errors import SettingError

if TYPE_CHECKING:
    from workbench.models.catalogue import Catalogue
    from workbench.models.loaded import LoadedModel
    from workbench.models.progress import Progress


@dataclass(frozen=True, slots=True)
class Choice:
    """An entry of a combo box; ``problem`` says why it cannot be taken here."""

    name: str  # what loading.load takes
    title: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Here:
    """What this computer offers."""

    catalogue: "Catalogue"
    devices: tuple[Choice, ...]
    formats: dict[str, tuple[Choice, ...]]  # device name → number formats


@dataclass(frozen=True, slots=True)
class Outlook:
    """What loading a source would do and take. Sizes in bytes."""

    kind: str  # "folder", "hub", "gguf" or "starter"
    present: bool  # on this computer; False: must be fetched first
    converted: bool = True  # False: unpacked once before it opens
    fetch_size: int = 0  # of what must be fetched, 0 where only the hub knows
    architecture: str = ""  # empty where nothing can be said before it is fetched
    parameters: int = 0
    layers: int = 0
    window: int = 0
    needed: int = 0
    free: int = 0
    device: str = ""  # "cpu", "cuda:0"
    dtype: str = ""  # "float32"
    preset: str = ""  # title of the one that fits

    @property
    def fits(self) -> bool:
        return self.needed <= self.free


class Engine(Protocol):
    """Every call may take seconds and raises WorkbenchError."""

    def here(self) -> Here: ...

    def outlook(self, source: str, device: str, dtype: str) -> Outlook: ...

    def search(self, words: str) -> list[str]: ...

    def fetch_starter(self, progress: "Progress", cancel: Event) -> None: ...

    def load(
        self, source: str, device: str, dtype: str, progress: "Progress", cancel: Event
    ) -> "LoadedModel": ...


class Models:
    """The engine itself."""

    def here(self) -> Here:
        from workbench.models.catalogue import available
        from workbench.models.devices import DEVICES

        devices = tuple(_device(name) for name in DEVICES)
        return Here(available(), devices, {d.name: _formats(d.name) for d in devices if not d.problem})

    def outlook(self, source: str, device: str, dtype: str) -> Outlook:
        from workbench.models.devices import choose_device, choose_dtype
        from workbench.models.memory import estimate, free_memory
        from workbench.models.outline import config_of, outline_of
        from workbench.models.presets import preset_for
        from workbench.models.sources import SourceKind, parse_source
        from workbench.models.starter import WHEEL_BYTES, find_starter

        origin = parse_source(source)
        chosen_device = choose_device(device)
        chosen_dtype = choose_dtype(dtype, chosen_device)
        if origin.kind is SourceKind.STARTER and find_starter() is None:
            return Outlook(origin.kind.value, present=False, fetch_size=WHEEL_BYTES)
        config = config_of(origin)
        if config is None:
            return Outlook(origin.kind.value, present=False)
        outline = outline_of(config)
        preset = preset_for(config)
        return Outlook(
            origin.kind.value,
            present=True,
            converted=_is_converted(origin.kind.value, origin.path or find_starter()),
            architecture=outline.architecture,
            parameters=outline.parameters,
            layers=outline.layers,
            window=outline.window,
            needed=estimate(outline, chosen_dtype).total,
            free=free_memory(chosen_device),
            device=str(chosen_device),
            dtype=str(chosen_dtype).removeprefix("torch."),
            preset=preset.title if preset else "",
        )

    def search(self, words: str) -> list[str]:
        from workbench.models.hub import search

        return search(words)

    def fetch_starter(self, progress: "Progress", cancel: Event) -> None:
        from workbench.models.starter import fetch_starter

        fetch_starter(progress, cancel)

    def load(
        self, source: str, device: str, dtype: str, progress: "Progress", cancel: Event
    ) -> "LoadedModel":
        from workbench.models.loading import load

        return load(source, device, dtype, progress, cancel)


def _is_converted(kind: str, file: object) -> bool:
    from pathlib import Path

    from workbench.models.gguf import known_conversion

    if kind not in ("starter", "gguf"):
        return True
    return isinstance(file, Path) and known_conversion(file) is not None


def _device(name: str) -> Choice:
    from workbench.models.devices import choose_device

    titles = {"cpu": "CPU", "cuda": "CUDA GPU", "mps": "Apple GPU"}
    try:
        device = choose_device(name)
    except SettingError as error:
        return Choice(name, titles.get(name, name), str(error))
    if name == "auto":
        return Choice(name, f"Auto ({titles.get(device.type, device.type)})")
    return Choice(name, titles.get(name, name))


def _formats(device: str) -> tuple[Choice, ...]:
    from workbench.models.devices import DTYPES

    return tuple(_format(name, device) for name in DTYPES)


def _format(name: str, device: str) -> Choice:
    from workbench.models.devices import choose_device, choose_dtype, cpu_has_bf16

    chosen = choose_device(device)
    try:
        dtype = str(choose_dtype(name, chosen)).removeprefix("torch.")
    except SettingError as error:
        return Choice(name, name, str(error))
    if name == "auto":
        return Choice(name, f"Auto ({dtype})")
    slow = name == "bfloat16" and chosen.type == "cpu" and not cpu_has_bf16()
    return Choice(name, f"{name} (slow on this CPU)" if slow else name)
