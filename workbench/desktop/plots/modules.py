"""Short names of modules: the layer alone where that tells them apart."""

import re
from collections.abc import Sequence

LAYER = re.compile(r"(?:^|\.)(\d+)(?:\.|$)")


def layer_of(module: str) -> int:
    """The first number between dots, as in ``model.layers.7.mlp.down_proj``; -1 without one."""
    found = LAYER.search(module)
    return int(found[1]) if found else -1


def short_names(modules: Sequence[str]) -> dict[str, str]:
    """Module → ``7``, or ``7 down`` where a layer holds several."""
    layers = [layer_of(module) for module in modules]
    if -1 not in layers and len(set(layers)) == len(layers):
        return {module: str(layer) for module, layer in zip(modules, layers, strict=True)}
    tails = {module: module.rpartition(".")[2].removesuffix("_proj") for module in modules}
    return {
        module: f"{layer} {tails[module]}" if layer >= 0 else module
        for module, layer in zip(modules, layers, strict=True)
    }


def by_layer(modules: Sequence[str]) -> list[int]:
    """Indices into ``modules`` in the order of their layers."""
    return sorted(range(len(modules)), key=lambda i: (layer_of(modules[i]), modules[i]))
