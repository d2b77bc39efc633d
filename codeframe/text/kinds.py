"""The kinds of personal data that are taken out, and their placeholders."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What stood where a placeholder stands. The first kinds win where two claim the same characters."""

    EMAIL = "email"
    VIN = "vin"
    ID_CARD = "id_card"
    BANK_CARD = "bank_card"
    WECHAT = "wechat"
    QQ = "qq"
    LANDLINE = "landline"
    PHONE = "phone"
    PLATE = "plate"
    ADDRESS = "address"
    NAME = "name"

    @property
    def placeholder(self) -> str:
        """What stands in the text instead, such as `[PHONE]`."""
        return f"[{self.value.upper()}]"


class Found(NamedTuple):
    """Personal data from `start` to `end`."""

    start: int
    end: int
    kind: Kind


RANK = {kind: rank for rank, kind in enumerate(Kind)}
PLACEHOLDER = re.compile(r"\[({})\]".format("|".join(kind.value.upper() for kind in Kind)))
