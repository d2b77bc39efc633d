"""What hears: one small interface, whatever model is behind it.

An engine is named by a specification (VOC_ASR):

    small                                   the bundled model: synthetic voices only, for trials and tests
    small:DIR                               a model of that kind of your own
    sherpa:TYPE:DIR                         sherpa-onnx with a model directory: sense_voice, paraformer, zipformer_ctc, ...
    whisper:DIR                             faster-whisper with a model directory
    http://HOST/v1#MODEL                    an OpenAI-compatible endpoint; its key in VOC_ASR_KEY
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from streams.errors import ConfigurationError


class Heard(NamedTuple):
    """Words, and how sure the engine is of them, 0 to 1; None where it does not say.

    An engine that hears syllables leaves the text empty: for each position what it may have been, with log-probabilities, the best first.
    One that gives several texts has them as alternatives, the best first, with log-probabilities; the confidence is that of the first.
    """

    text: str
    confidence: float | None = None
    syllables: Sequence[Sequence[tuple[str, float]]] = ()
    alternatives: Sequence[tuple[str, float]] = ()


class Engine(Protocol):
    """Something that hears."""

    @property
    def name(self) -> str: ...

    @property
    def model_hash(self) -> str | None: ...

    def hear(self, samples: NDArray[np.int16], language: str | None = None) -> Heard:
        """The words in mono samples at 16 kHz. `language` is a hint ("zh", "en"). Empty text where nobody speaks."""
        ...


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """What an engine is opened with. `hot_words` are words of the trade that some engines take as a hint."""

    threads: int = 1
    hot_words: Sequence[str] = ()
    key: str = ""


_KINDS = {
    "small": "streams.audio.small.engine:open_engine",
    "sherpa": "streams.audio.engines.sherpa:open_engine",
    "whisper": "streams.audio.engines.whisper:open_engine",
    "http": "streams.audio.engines.openai:open_engine",
    "https": "streams.audio.engines.openai:open_engine",
}


def open_engine(specification: str, options: EngineOptions | None = None) -> Engine:
    """The engine of a specification, its model loaded. Raises ConfigurationError where something is missing or wrong."""
    kind, _, rest = specification.partition(":")
    if kind not in _KINDS:
        raise ConfigurationError(f"VOC_ASR: no engine is called {kind!r}: choose from {', '.join(_KINDS)}")
    module, name = _KINDS[kind].split(":")
    try:
        opened: Callable[[str, EngineOptions], Engine] = getattr(import_module(module), name)
    except ImportError as error:
        raise ConfigurationError(f"VOC_ASR: {kind} needs the package {error.name}: pip install 'tingjian[voice,whisper]'") from error
    return opened(specification if kind.startswith("http") else rest, options or EngineOptions())


@cache
def file_hash(path: Path) -> str:
    """The first half of a model file's SHA-256, as events carry it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:32]


def as_floats(samples: NDArray[np.int16]) -> NDArray[np.float32]:
    """Samples from -1 to 1."""
    return samples.astype(np.float32) / np.float32(32768)


def require_files(folder: Path, names: Sequence[str]) -> list[Path]:
    """The files of these names in a model directory. Raises ConfigurationError naming the first that is missing."""
    for name in names:
        if not (folder / name).is_file():
            raise ConfigurationError(f"VOC_ASR: the model directory {folder} has no {name}")
    return [folder / name for name in names]


def session(path: Path, threads: int) -> Any:
    """An ONNX Runtime session on the CPU."""
    import onnxruntime  # noqa: PLC0415 - loaded by engines that need it

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
