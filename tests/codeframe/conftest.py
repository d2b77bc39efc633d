"""A small frame in a folder, and the bundled coders."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from codeframe.coder import Coder
from codeframe.frame import BUNDLED, Frame
from schemas.common import Channel, Span, Speaker
from schemas.ids import raw_event_id, utterance_id
from schemas.utterance import Language, Mark, Utterance

NOW = datetime(2026, 1, 2, tzinfo=UTC)

TAG = """  - id: shop.{name}
    names: {{zh: 名, en: Name}}
    definition: 定义 / Definition
    example_in: {term}
    example_out: 天气
    stage: booking
    touchpoint: room
    owner: {{dealer: hotel_manager, office: operations}}
    need_layer: {layer}
    polarity: {polarity}
    terms: {{zh: [{term}]}}
"""


def tag(name: str = "queue", term: str = "排长队", layer: str = "must_be", polarity: str = "negative") -> str:
    """The YAML of one tag."""
    return TAG.format(name=name, term=term, layer=layer, polarity=polarity)


@pytest.fixture
def make_frame(tmp_path: Path) -> Callable[..., Path]:
    """Makes a frame of the given tags, with the hotel frame's header, in a folder of its own."""

    def make(*tags: str, folder: str = "frame") -> Path:
        where = tmp_path / folder
        (where / "tags").mkdir(parents=True)
        for name in ("frame.yaml", "points.yaml"):
            shutil.copy(BUNDLED / "hotel" / name, where / name)
        (where / "tags" / "shop.yaml").write_text("branch: shop\nnames: {zh: 店, en: Shop}\ntags:\n" + "".join(tags), "utf-8")
        return where

    return make


@pytest.fixture(scope="session")
def auto() -> Coder:
    """Words and the fast tier's model."""
    return Coder.load("auto")


@pytest.fixture(scope="session")
def words() -> Coder:
    """The car frame without a model: words alone."""
    return Coder(Frame.load("auto"))


@pytest.fixture(scope="session")
def hotel() -> Coder:
    return Coder.load("hotel")


def utterance(text: str, speaker: Speaker = Speaker.CUSTOMER, marks: tuple[Mark, ...] = ()) -> Utterance:
    """An utterance as the clean step makes it."""
    event = raw_event_id("test", text)
    return Utterance(
        utterance_id=utterance_id(event, 0),
        event_id=event,
        seq=0,
        source="test",
        channel=Channel.SURVEY,
        conversation_id="c1",
        speaker=speaker,
        text=text,
        language=Language.ZH,
        source_span=Span(start=0, end=len(text)),
        fingerprint="f",
        marks=marks,
        occurred_at=NOW,
        ingested_at=NOW,
        cleaned_at=NOW,
    )
