"""The language tag."""

from __future__ import annotations

import pytest

from codeframe.text.language import language_of
from schemas.utterance import Language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("油耗太高了", Language.ZH),
        ("訂金遲遲不退", Language.ZH),
        ("Model 3 和奥迪 A4L quattro 对比", Language.ZH),
        ("我叫[NAME]，电话[PHONE]", Language.ZH),
        ("CarPlay 连不上", Language.ZH),
        ("The brakes squeal when it's cold", Language.EN),
        ("nice car", Language.EN),
        ("刹车不行 the brakes are really bad and nobody cares", Language.MIXED),
        ("Das Auto ist nicht gut und sehr laut", Language.OTHER),
        ("La voiture est très bruyante", Language.OTHER),
        ("ブレーキの音がうるさい", Language.OTHER),
        ("Тормоза скрипят", Language.OTHER),
        ("브레이크 소음", Language.OTHER),
        ("10", Language.OTHER),
        ("", Language.OTHER),
        ("[PHONE]", Language.OTHER),
    ],
)
def test_language(text: str, language: Language) -> None:
    assert language_of(text) is language
