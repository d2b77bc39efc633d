"""sherpa-onnx with a model directory of the operator's: `sherpa:TYPE:DIR`.

sherpa-onnx ends the whole process on a model that it cannot use, so a directory is checked before it is loaded; what still goes
wrong costs one file, because recordings are heard in processes of their own.
"""

from __future__ import annotations

import inspect
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import sherpa_onnx
from numpy.typing import NDArray

from streams.audio.decode import RATE
from streams.audio.engine import EngineOptions, Heard, as_floats, file_hash
from streams.errors import ConfigurationError

_PARTS = ("encoder", "decoder", "joiner", "preprocessor", "uncached_decoder", "cached_decoder", "merged_decoder")
_CTC = ("ctc", "sense_voice")
_BLANKS = ("<blk>", "<blank>", "<pad>", "<b>", "<eps>")


class SherpaEngine:
    """An offline recogniser of sherpa-onnx."""

    def __init__(self, kind: str, recogniser: Any, model_hash: str) -> None:
        self.name, self.model_hash = f"sherpa:{kind}", model_hash
        self._recogniser = recogniser

    def hear(self, samples: NDArray[np.int16], language: str | None = None) -> Heard:
        """The words in mono samples. sherpa-onnx gives log-probabilities of tokens for some models only."""
        stream = self._recogniser.create_stream()
        stream.accept_waveform(RATE, as_floats(samples))
        self._recogniser.decode_stream(stream)
        scores = getattr(stream.result, "ys_log_probs", None)
        return Heard(stream.result.text.strip(), float(np.exp(np.mean(scores))) if scores else None)


def open_engine(specification: str, options: EngineOptions) -> SherpaEngine:
    """The engine of `TYPE:DIR`."""
    kind, _, folder = specification.partition(":")
    build = getattr(sherpa_onnx.OfflineRecognizer, f"from_{kind}", None)
    known = sorted(name.removeprefix("from_") for name in dir(sherpa_onnx.OfflineRecognizer) if name.startswith("from_"))
    if build is None:
        raise ConfigurationError(f"VOC_ASR: sherpa-onnx has no model type {kind!r}: choose from {', '.join(known)}")
    parameters = set(inspect.signature(build).parameters)
    files = model_files(kind, Path(folder), parameters)
    given: dict[str, Any] = {name: str(path) for name, path in files.items()}
    if "num_threads" in parameters:
        given["num_threads"] = options.threads
    if "use_itn" in parameters:
        given["use_itn"] = True
    with _hot_words(options.hot_words if "hotwords_file" in parameters else ()) as hot_words:
        if hot_words:
            given |= {"hotwords_file": hot_words, "decoding_method": "modified_beam_search"}
        try:
            recogniser = build(**given)
        except (RuntimeError, ValueError) as error:
            raise ConfigurationError(f"VOC_ASR: sherpa-onnx cannot load {folder} as {kind}") from error
    return SherpaEngine(kind, recogniser, file_hash(next(path for name, path in files.items() if name != "tokens")))


def model_files(kind: str, folder: Path, parameters: set[str]) -> dict[str, Path]:
    """The files of a model directory by the parameter that they are for; int8 ones are preferred.

    Raises ConfigurationError for a directory that sherpa-onnx would end the process over.
    """
    tokens = folder / "tokens.txt"
    if not tokens.is_file():
        raise ConfigurationError(f"VOC_ASR: the model directory {folder} has no tokens.txt")
    models = sorted(folder.glob("*.onnx"), key=lambda path: ("int8" not in path.name, path.name))
    files = {"tokens": tokens}
    for part in (name for name in _PARTS if name in parameters):
        found = next((path for path in models if path.name.startswith((part, f"{folder.name}-{part}")) or f"-{part}" in path.name), None)
        if found is None:
            raise ConfigurationError(f"VOC_ASR: the model directory {folder} has no {part}*.onnx, which {kind} needs")
        files[part] = found
    whole = next((name for name in ("model", kind, "ctc") if name in parameters), None)
    if whole and len(files) == 1:
        if not models:
            raise ConfigurationError(f"VOC_ASR: the model directory {folder} has no *.onnx")
        files[whole] = models[0]
    _check_tokens(kind, tokens)
    return files


def _check_tokens(kind: str, path: Path) -> None:
    rows = [line.rsplit(maxsplit=1) for line in path.read_text("utf-8").splitlines() if line.strip()]
    numbers = [row[-1] for row in rows]
    if not rows or not all(number.isdigit() for number in numbers):
        raise ConfigurationError(f"VOC_ASR: {path} is no list of `token number`")
    if any(word in kind for word in _CTC) and not {row[0] for row in rows}.intersection(_BLANKS):
        raise ConfigurationError(f"VOC_ASR: {path} has no blank token (one of {', '.join(_BLANKS)}), which {kind} needs")


class _hot_words:
    """A file of hot words for as long as a model is loaded; None for none."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = words
        self._file: Any = None

    def __enter__(self) -> str | None:
        if not self._words:
            return None
        self._file = tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8")
        self._file.write("\n".join(self._words) + "\n")
        self._file.flush()
        return str(self._file.name)

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()
