"""What a frame says of its tags, in sentences: what an encoder compares an utterance with."""

from __future__ import annotations

from codeframe.frame import Frame

_TERMS = 6


def described(frame: Frame) -> list[tuple[int, str]]:
    """Each tag's number with a text that describes it, several a tag: names, definitions and terms of each language, and the example."""
    lines: list[tuple[int, str]] = []
    for at, tag in enumerate(frame.tags):
        chinese, _, english = tag.definition.partition(" / ")
        texts = [f"{tag.names.zh}。{chinese}", tag.example_in, f"{tag.names.en}. {english}", tag.names.zh, tag.names.en]
        texts += ["，".join(term.text for term in tag.terms.zh[:_TERMS]), ", ".join(term.text for term in tag.terms.en[:_TERMS])]
        lines += [(at, text) for text in texts if text]
    return lines
