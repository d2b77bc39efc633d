"""A real recogniser, Chinese and English, from the file to the row in ClickHouse."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import clickhouse_connect
import httpx
import numpy as np
import pytest

from streams.audio.engine import open_engine
from streams.local.keys import SOURCE
from streams.local.stack import Stack, on_free_ports
from streams.settings import Settings
from tests.streams.audio.speech import CALL, DATA, TRUTH, samples
from tests.streams.audio.whisper import PARTS, model_directory

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not all(map(find_spec, ("faster_whisper", *PARTS))), reason="needs faster-whisper and " + ", ".join(PARTS)),
]
_ROWS = "SELECT text, audio_start_ms, audio_end_ms, language FROM utterances FINAL ORDER BY source, audio_start_ms"


def test_a_call_in_chinese_and_one_in_english_become_rows(tmp_path: Path) -> None:
    model = tmp_path / "whisper"
    model.mkdir()
    given = {"data": tmp_path / "data", "asr": f"whisper:{model_directory(model)}", "asr_threads": 2}
    settings = on_free_ports(Settings()).model_copy(update=given)
    with Stack(settings) as stack:
        key = stack.settings.gateway_keys.get_secret_value().removeprefix(f"{SOURCE}:")
        gateway = f"http://{settings.gateway_host}:{stack.settings.gateway_port}/v1/audio/hotline"
        with httpx.Client(headers={"Authorization": f"Bearer {key}"}, timeout=60) as client:
            for name, path, language in (("zh", CALL, "zh"), ("en", DATA / "english.opus", "en")):
                query = {"source_id": name, "occurred_at": "2026-03-01T09:00:00Z", "customer_id": name, "language": language}
                assert client.post(gateway, params=query, content=path.read_bytes()).status_code == 202
        assert stack.wait_idle(240) == 0
        with clickhouse_connect.get_client(dsn=stack.settings.clickhouse) as database:
            rows = database.query(_ROWS).result_rows
    english = " ".join(text for text, *_, language in rows if language == "en").lower()
    assert "brake pedal" in english
    assert "deposit" in english
    chinese = "".join(text for text, *_, language in rows if language == "zh")
    said = "".join(one.text for one in TRUTH)
    assert len(set(chinese) & set(said)) > 0.6 * len(set(said))
    assert all(end > start > 0 for _, start, end, _ in rows)


def test_noise_gives_whisper_nothing_to_say(tmp_path: Path) -> None:
    engine = open_engine(f"whisper:{model_directory(tmp_path)}")
    noise = (np.random.default_rng(1).standard_normal(48_000) * 200).astype(np.int16)
    assert engine.hear(noise, "zh").text == ""


def test_whisper_gives_every_text_of_its_beam_and_commas_where_the_speaker_pauses(tmp_path: Path) -> None:
    engine = open_engine(f"whisper:{model_directory(tmp_path)}")
    one, other = (samples()[said.channel, said.start_ms * 16 : said.end_ms * 16] for said in TRUTH[1:3])
    heard = engine.hear(np.concatenate([one, np.zeros(8_000, np.int16), other]), "zh")
    assert heard.text == heard.alternatives[0][0]
    assert len({text for text, _ in heard.alternatives}) > 5
    assert all(score < 0 for _, score in heard.alternatives)
    assert re.search(r"[\u4e00-\u9fff]，[\u4e00-\u9fff]", heard.text)
