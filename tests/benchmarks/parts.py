"""A part of the benchmarks that goes wrong, if told to."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any


def measure(short: bool, say: Callable[[str], None]) -> dict[str, Any]:
    """Do what the environment says."""
    say("measuring")
    match os.environ["PART"]:
        case "raise":
            raise ValueError("no broker")
        case "lack":
            raise ModuleNotFoundError("No module named 'bytewax'", name="bytewax")
        case "end":
            os._exit(3)
        case "hang":
            time.sleep(600)
    return {"short": short}
