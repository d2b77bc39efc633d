"""Who speaks when in a mono recording, by models of the operator's: `VOC_DIARISER=SEGMENTATION.onnx,EMBEDDING.onnx`.

sherpa-onnx's offline diarisation: a segmentation model as pyannote's, a speaker embedding (3D-Speaker, WeSpeaker or NeMo), and clustering
into as many voices as the recording's `roles` name. It ends the process over a model without its metadata, so models are checked first.
A mono recording that is told apart lies in memory as a whole, about 0.4 GB an hour.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.audio.decode import RATE
from streams.audio.engine import as_floats, session
from streams.audio.segments import FRAME_MS, PAD, Segment
from streams.errors import ConfigurationError

_KEYS = {
    "segmentation": (
        *("num_speakers", "powerset_max_classes", "num_classes", "sample_rate", "window_size"),
        *("receptive_field_size", "receptive_field_shift"),
    ),
    "embedding": ("framework", "sample_rate", "output_dim"),
}
_SHORTEST = 300 // FRAME_MS
_PER_MS = RATE // 1_000


class Spoken(NamedTuple):
    """A voice speaks, [start_ms, end_ms). Voices are numbered from 0 in the order in which they begin."""

    start_ms: int
    end_ms: int
    voice: int


class Diariser:
    """Tells voices apart."""

    def __init__(self, segmentation: Path, embedding: Path, threads: int) -> None:
        self._models = {"segmentation": segmentation, "embedding": embedding}
        for kind, path in self._models.items():
            _check(kind, path)
        self._threads = threads

    def voices(self, samples: NDArray[np.int16], count: int) -> list[Spoken]:
        """When each of `count` voices speaks in mono samples at 16 kHz, in order of time."""
        found = self._open(count).process(as_floats(samples)).sort_by_start_time()
        numbers: dict[int, int] = {}
        return [Spoken(round(one.start * 1_000), round(one.end * 1_000), numbers.setdefault(one.speaker, len(numbers))) for one in found]

    def _open(self, count: int) -> Any:
        import sherpa_onnx as onnx  # noqa: PLC0415 - loaded where an operator configures models

        pyannote = onnx.OfflineSpeakerSegmentationPyannoteModelConfig(model=str(self._models["segmentation"]))
        return onnx.OfflineSpeakerDiarization(
            onnx.OfflineSpeakerDiarizationConfig(
                segmentation=onnx.OfflineSpeakerSegmentationModelConfig(pyannote=pyannote, num_threads=self._threads),
                embedding=onnx.SpeakerEmbeddingExtractorConfig(model=str(self._models["embedding"]), num_threads=self._threads),
                clustering=onnx.FastClusteringConfig(num_clusters=count),
            )
        )


def open_diariser(specification: str, threads: int) -> Diariser:
    """The diariser of `SEGMENTATION.onnx,EMBEDDING.onnx`. Raises ConfigurationError for models that sherpa-onnx cannot use."""
    paths = [Path(part.strip()) for part in specification.split(",")]
    if len(paths) != len(_KEYS):
        raise ConfigurationError("VOC_DIARISER: expected two models, SEGMENTATION.onnx,EMBEDDING.onnx")
    return Diariser(paths[0], paths[1], threads)


def _check(kind: str, path: Path) -> None:
    if not path.is_file():
        raise ConfigurationError(f"VOC_DIARISER: there is no {kind} model {path}")
    try:
        about = session(path, 1).get_modelmeta().custom_metadata_map
    except Exception as error:  # ONNX Runtime's own, a class for each of its codes
        raise ConfigurationError(f"VOC_DIARISER: {path} is no ONNX model") from error
    missing = [key for key in _KEYS[kind] if key not in about]
    if missing:
        raise ConfigurationError(f"VOC_DIARISER: {path} is no {kind} model of sherpa-onnx: its metadata lack {', '.join(missing)}")
    if about["sample_rate"] != str(RATE):
        raise ConfigurationError(f"VOC_DIARISER: {path} is for {about['sample_rate']} Hz, {RATE} are needed")


def by_voice(segment: Segment, spoken: Sequence[Spoken]) -> Iterator[tuple[Segment, int | None]]:
    """A stretch of speech cut where its voice changes, each part with its voice; None where no voice was told."""
    parts = _parts(segment.start_ms, segment.end_ms, spoken)
    lead = min(segment.start_ms * _PER_MS, PAD)  # what of the samples lies before the stretch
    begin, start_ms = 0, segment.start_ms
    for number, (voice, frames) in enumerate(parts):
        last = number == len(parts) - 1
        end_ms = segment.end_ms if last else start_ms + frames * FRAME_MS
        end = len(segment.samples) if last else lead + (end_ms - segment.start_ms) * _PER_MS
        yield Segment(segment.channel, start_ms, end_ms, segment.samples[begin:end]), voice
        begin, start_ms = end, end_ms


def _parts(start_ms: int, end_ms: int, spoken: Sequence[Spoken]) -> list[tuple[int | None, int]]:
    """Voices and for how many frames: who began last has the frame, and what is short or silent belongs to its neighbour."""
    near = [one for one in spoken if one.start_ms < end_ms and one.end_ms > start_ms]
    frames = [
        next((one.voice for one in reversed(near) if one.start_ms <= at < one.end_ms), None) for at in range(start_ms, end_ms, FRAME_MS)
    ]
    parts: list[tuple[int | None, int]] = []
    for voice, group in groupby(frames):
        count = len(list(group))
        before, length = parts[-1] if parts else (None, 0)
        if parts and (count < _SHORTEST or voice in (None, before)):
            parts[-1] = (before, length + count)
        elif parts and (before is None or length < _SHORTEST):
            parts[-1] = (voice, length + count)
        else:
            parts.append((voice, count))
    return parts
