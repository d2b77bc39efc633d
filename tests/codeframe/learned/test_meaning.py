from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from codeframe.frame import Frame
from codeframe.learned.meaning import Meanings
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
