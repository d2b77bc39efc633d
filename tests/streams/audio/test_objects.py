"""Where recordings lie by default."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from streams.audio.objects import AudioStore
from streams.settings import Settings


def test_a_data_folder_with_a_blank_and_chinese_holds_audio_under_its_own_name(tmp_path: Path) -> None:
    data = tmp_path / "声音 2026"
    store, event = AudioStore(Settings(data=data)), uuid4()
    stored = store.put(io.BytesIO(b"heard"), event, "C1", datetime(2026, 11, 20, tzinfo=UTC))
    assert [path.read_bytes() for path in data.rglob("*") if path.is_file()] == [b"heard"]
    assert store.open(stored.uri).read() == b"heard"
