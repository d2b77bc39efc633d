"""Long texts cut as the cleaner cuts them: what a model is given at work, though labels speak of the whole."""

from __future__ import annotations

from collections.abc import Sequence

from codeframe.text.split import split
from codeframe.training.data import Example

_LEAST = 12


def pieces(examples: Sequence[Example]) -> list[Example]:
    """The utterances of every text that is cut, in its fold; `domain` says which set it is from. They carry no labels but a story's class,
    which holds for most of its parts."""
    found = []
    for example in examples:
        places = split(example.text)
        if len(places) > 1:
            parts = [example.text[start:end].strip() for start, end in places]
            found += [
                Example("piece", part, example.fold, category=example.category, subtype=example.subtype, domain=example.source)
                for part in parts
                if len(part) >= _LEAST
            ]
    return found
