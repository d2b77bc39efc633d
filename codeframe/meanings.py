"""What is said of each tag, in sentences: what an encoder compares an utterance with."""

from __future__ import annotations

from typing import NamedTuple

from codeframe.examples import read_examples, told
from codeframe.frame import Frame

_TERMS = 6


class Line(NamedTuple):
    """A text about the tag of that number, `said` by a customer or by the frame."""

    tag: int
    text: str
    said: bool


def described(frame: Frame) -> list[Line]:
    """Several lines a tag: its names, definition and terms in each language, its example, and what customers say of it."""
    lines: list[Line] = []
    for at, tag in enumerate(frame.tags):
        chinese, _, english = tag.definition.partition(" / ")
        texts = [f"{tag.names.zh}。{chinese}", tag.example_in, f"{tag.names.en}. {english}", tag.names.zh, tag.names.en]
        texts += ["，".join(term.text for term in tag.terms.zh[:_TERMS]), ", ".join(term.text for term in tag.terms.en[:_TERMS])]
        lines += [Line(at, text, False) for text in texts if text]
    place = {tag.id: at for at, tag in enumerate(frame.tags)}
    return [*lines, *(Line(place[one.tag], text, True) for one in told(read_examples(frame)) for text in (one.zh, one.en))]
