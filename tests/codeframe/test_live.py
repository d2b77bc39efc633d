from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from codeframe.frame import Frame
from codeframe.live import LiveCoder
from schemas.frame import FrameAnnouncement
from tests.codeframe.conftest import NOW, tag

OLD, NEW = "2026.1", "2026.2"


def made(make_frame: Callable[..., Path], folder: str, version: str, term: str = "排长队") -> Path:
    where = make_frame(tag(term=term), folder=folder)
    header = where / "frame.yaml"
    header.write_text(header.read_text("utf-8").replace(Frame.load(where).header.version, version), "utf-8")
    return where


def news(where: Path, /, **changes: str) -> FrameAnnouncement:
    frame = Frame.load(where)
    values = {"frame": frame.id, "version": frame.version, "where": str(where), "digest": frame.digest, **changes}
    return FrameAnnouncement.model_validate({**values, "announced_at": NOW})


def test_a_new_version_takes_over_and_the_same_one_does_nothing(make_frame: Callable[..., Path]) -> None:
    live = LiveCoder(str(made(make_frame, "old", OLD)))
    new = made(make_frame, "new", NEW, "排大队")
    assert not live.current.find(["排大队"])[0]
    assert live.take(news(new))
    assert live.current.find(["排大队"])[0]
    taken = live.current
    assert live.take(news(new)) is None
    assert live.current is taken


@pytest.mark.parametrize(
    ("version", "changes", "why"),
    [
        (NEW, {"digest": "0" * 64}, "is not what was announced"),
        (NEW, {"where": "/no/such/folder"}, "is no code frame"),
        (OLD, {}, "raise the version"),
    ],
)
def test_a_broken_announcement_leaves_the_old_frame(
    make_frame: Callable[..., Path], caplog: pytest.LogCaptureFixture, version: str, changes: dict[str, str], why: str
) -> None:
    live = LiveCoder(str(made(make_frame, "old", OLD)))
    old = live.current
    with caplog.at_level(logging.ERROR):
        assert live.take(news(made(make_frame, "new", version, "排大队"), **changes)) is False
    assert live.current is old
    assert why in caplog.text


def test_a_frame_of_another_name_is_passed_over(make_frame: Callable[..., Path]) -> None:
    live = LiveCoder(str(made(make_frame, "old", OLD)))
    assert live.take(news(made(make_frame, "new", NEW), frame="auto")) is None
