from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from codeframe.frame import Frame
from codeframe.learned.meaning import Meanings, Said, packed
from codeframe.learned.seam import Floats
from tests.codeframe.conftest import tag


def test_only_tags_of_which_something_new_is_said_are_read_again(make_frame: Callable[..., Path], tmp_path: Path) -> None:
    read: list[str] = []

    def encode(texts: Sequence[str]) -> Floats:
        read.extend(texts)
        return np.array([[len(text), 1.0, text.count("a")] for text in texts], np.float32)

    one = tag()
    before = Frame.load(make_frame(one, tag("rude", "态度差")))
    stored = Meanings.of(before, encode)
    stored.save(before, tmp_path)
    read.clear()
    again = Meanings.of(before, encode, tmp_path)
    assert read == []
    np.testing.assert_allclose(again.likeness(np.eye(3, dtype=np.float32)), stored.likeness(np.eye(3, dtype=np.float32)), atol=0.01)

    Meanings.of(Frame.load(make_frame(one, tag("rude", "态度恶劣"), folder="changed")), encode, tmp_path)
    assert any("态度恶劣" in text for text in read)
    assert not any("排长队" in text for text in read)


def test_the_nearest_sentences_count_and_not_their_mean_alone() -> None:
    """Of two tags with the same mean the one with a sentence like the text is nearer."""
    noise = np.random.default_rng(0).normal(size=(3, 64)).astype(np.float32)
    mean, one, other = noise / np.linalg.norm(noise, axis=1, keepdims=True)
    near, far = np.stack([mean + one, mean - one]), np.stack([mean + other, mean - other])
    tags = [Said(mean, packed(some)) for some in (near, far)]
    text = near[:1] / np.linalg.norm(near[:1])
    first, second = Meanings(tags).likeness(text)[0]
    assert first > second + 0.05
