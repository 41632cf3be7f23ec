"""Values as JSON holds them."""

import math
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np


def plain(value: Any) -> Any:
    """What JSON can hold: NaN and infinity become null, numpy lists and numbers."""
    match value:
        case Enum():
            return value.value
        case float() | np.floating():
            return float(value) if math.isfinite(value) else None
        case np.ndarray():
            return plain(value.tolist())
        case np.integer():
            return int(value)
        case dict():
            return {str(k): plain(v) for k, v in value.items()}
        case list() | tuple():
            return [plain(v) for v in value]
        case Path():
            return str(value)
    return value
