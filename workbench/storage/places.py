"""Where models and their by-products are kept on this computer."""

from pathlib import Path

APPLICATION = "stableedit-workbench"


def cache_folder() -> Path:
    """What can be made again: converted models, hashes."""
    from platformdirs import user_cache_dir  # the engine alone does without it

    return Path(user_cache_dir(APPLICATION, appauthor=False))


def data_folder() -> Path:
    """What was fetched for the person: the starter model."""
    from platformdirs import user_data_dir

    return Path(user_data_dir(APPLICATION, appauthor=False))
