"""One part of the benchmarks that goes wrong costs only its own figures."""

from __future__ import annotations

import pytest

from benchmarks.__main__ import Part, run


@pytest.mark.parametrize(
    ("what", "seconds", "expected"),
    [
        ("work", 60.0, {"short": True}),
        ("raise", 60.0, {"failed": "ValueError: no broker"}),
        ("lack", 60.0, {"failed": "needs bytewax: make bench installs it"}),
        ("end", 60.0, {"failed": "exit code 3"}),
        ("hang", 3.0, {"failed": "not done after 3 s"}),
    ],
)
def test_a_part_is_measured_or_says_why_not(what: str, seconds: float, expected: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PART", what)
    assert run(Part("tests.benchmarks.parts", seconds, seconds), short=True) == expected
