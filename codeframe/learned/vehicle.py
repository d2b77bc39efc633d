"""The vehicle that a customer's event names, as features: a model fails in its own way."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple
from zlib import crc32

import numpy as np

from codeframe.folding import fold
from codeframe.learned.seam import Ints

VEHICLES = 1 << 12
FEATURES = 3
_YEAR = re.compile(r"\s*(?:19|20)\d\d款")


class Vehicle(NamedTuple):
    """As in schemas.common.Attributes; a model may name its series alone (领克05) or its trim too (领克05 2020款 2.0TD)."""

    brand: str | None = None
    model: str | None = None


NO_VEHICLE = Vehicle()


def features(vehicles: Sequence[Vehicle]) -> Ints:
    """Buckets (n, 3) of brand, series and whole model of each; -1 where unknown."""
    known = {vehicle: [_bucket(kind, name) for kind, name in _names(vehicle)] for vehicle in dict.fromkeys(vehicles)}
    return np.array([known[vehicle] for vehicle in vehicles], np.int64).reshape(-1, FEATURES)


def _names(vehicle: Vehicle) -> list[tuple[str, str]]:
    brand, model = fold(vehicle.brand or "").strip(), fold(vehicle.model or "").strip()
    return [("brand", brand), ("series", _YEAR.split(model)[0]), ("model", model)]


def _bucket(kind: str, name: str) -> int:
    return crc32(f"{kind} {name}".encode()) % VEHICLES if name else -1
