"""When a step stops, loudly."""

from __future__ import annotations

import pytest

from streams.errors import DeadLetterLimitError
from streams.runner import RefusalLimit


def test_too_many_refusals_stop_a_step() -> None:
    limit = RefusalLimit(run=5, ratio=0.5)
    limit.count([True] * 4 + [False] + [True] * 4)
    with pytest.raises(DeadLetterLimitError, match="5 records in a row"):
        limit.count([True])
    limit = RefusalLimit(run=0, ratio=0.5)
    limit.count([True, False] * 5_000)
    with pytest.raises(DeadLetterLimitError, match="6000 of the last 10000"):
        limit.count([True, True, True, False, False] * 2_000)
