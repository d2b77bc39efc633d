"""HanLP beside the coder: the words of an opinion for the deep tier, and names for the cleaner.

Needs the extra `hanlp`. A model is what `hanlp.load` takes: a folder, or an identifier of HanLP; only an identifier makes it download.
Three kinds serve:

* a multi-task model (tokens, dependencies, entities): its tokenizer keeps the frame's words whole, so that 波箱顿挫 is cut as
  the trade does; who is the subject of what tells aspects and opinion words;
* a recogniser of entities over characters, as `voc train --engine hanlp` makes it: it tags aspects and opinion words itself;
* any of them whose entities are persons, places and organisations, for redaction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from codeframe.frame import Frame
from codeframe.text.names import Tagger
from schemas.base import Value
from schemas.coded import CodedUtterance, Opinion
from schemas.common import Span

ASPECT, OPINION = "ASPECT", "OPINION"

_ENGINE = "hanlp"
_NAMES = {"PERSON": "PER", "LOCATION": "LOC", "ORGANIZATION": "ORG", "GPE": "LOC", "FAC": "LOC", "NR": "PER", "NS": "LOC", "NT": "ORG"}
_SUBJECTS = frozenset({"nsubj", "nsubj:pass", "nsubjpass", "top", "SBV", "dislocated"})
"""Relations of a subject to its predicate in the schemes that HanLP's models speak: Stanford, Universal, and PKU dependencies."""
_REACH = 12
"""Characters between an opinion's evidence and the farthest word that may belong to it."""


class Stretch(NamedTuple):
    """[start, end) of a text, and what it is called."""

    start: int
    end: int
    label: str


def frame_words(frame: Frame) -> set[str]:
    """The words of a frame that a tokenizer must not cut: names of brands and models, and the Chinese terms of its tags."""
    return {*frame.entity_names, *(term.text for tag in frame.tags for term in tag.terms.zh)}


class HanLP:
    """A loaded model."""

    def __init__(self, engine: str, words: Collection[str] = ()) -> None:
        """Load the model that `engine`, hanlp:MODEL, names; its tokenizer keeps `words` whole.

        Raises:
            ImportError: the extra `hanlp` is not installed.
            ValueError: `engine` is not of that form, or names no model of HanLP.
        """
        kind, _, where = engine.partition(":")
        if kind != _ENGINE or not where:
            raise ValueError(f"{engine}: expected {_ENGINE}:MODEL, a folder or an identifier of HanLP")
        import hanlp  # noqa: PLC0415 - an extra

        try:
            self._model = hanlp.load(where)
        except Exception as error:  # HanLP raises what its downloader, JSON or torch raise
            raise ValueError(f"{where}: is no folder or identifier of a HanLP model ({type(error).__name__})") from error
        self.version = f"{_ENGINE}:{Path(where).name}"
        self._parses = hasattr(self._model, "tasks")
        self._words: set[str] = set()
        self.keep_whole(words)

    def keep_whole(self, words: Collection[str]) -> None:
        """From now on the tokenizer keeps these words whole, and no others."""
        if self._words == (new := set(words)):
            return
        self._words = new
        for task in self._model.tasks.values() if self._parses else ():
            if hasattr(task, "dict_combine"):
                task.dict_combine = new

    def stretches(self, texts: Sequence[str]) -> list[list[Stretch]]:
        """What the model labels in each text, in order: entities, and aspects and opinion words by the grammar where it parses."""
        if self._parses:
            return [list(_parsed(text, dict(self._model(text)))) if text.strip() else [] for text in texts]
        spoken = iter(self._model([list(text) for text in texts if text]) if any(texts) else [])
        return [[Stretch(start, end, label) for _, label, start, end in next(spoken)] if text else [] for text in texts]

    def names(self) -> Tagger:
        """What finds names for the cleaner, in the place of LAC."""

        def tag(text: str) -> list[tuple[str, str]]:
            words: list[tuple[str, str]] = []
            at = 0
            for start, end, label in sorted(self.stretches([text])[0]):
                if start >= at and label not in {ASPECT, OPINION}:
                    words += [(one, _kind(one)) for one in text[at:start]]
                    words.append((text[start:end], _NAMES.get(label.upper(), label.upper())))
                    at = end
            return words + [(one, _kind(one)) for one in text[at:]]

        return tag


def _parsed(text: str, said: dict[str, Any]) -> Iterator[Stretch]:
    """The stretches in what a model that parses says of a text; its tasks may have names such as tok/fine and ner/msra."""
    places: list[tuple[int, int]] = []
    at = 0
    for token in _task(said, "tok"):
        start = text.find(token, at)
        at = start + len(token)
        places.append((start, at))
    for _, label, first, last in _task(said, "ner"):
        yield Stretch(places[first][0], places[last - 1][1], label)
    for (start, end), (head, relation) in zip(places, _task(said, "dep"), strict=False):
        if relation in _SUBJECTS and head:
            yield Stretch(start, end, ASPECT)
            yield Stretch(places[head - 1][0], places[head - 1][1], OPINION)


def _task(said: dict[str, Any], kind: str) -> Sequence[Any]:
    return next((value for name, value in said.items() if name.split("/")[0] == kind), ())


def _kind(character: str) -> str:
    return "m" if character.isnumeric() else "n" if character.isalnum() else "w"


def worded(engine: HanLP, events: Sequence[CodedUtterance]) -> list[CodedUtterance]:
    """The events, in order. An opinion that the coder gave no opinion words or no aspect has those that the engine sees nearest to its
    evidence, and its `versions.model` names the engine too."""
    tagged = engine.stretches([event.text for event in events])
    return [
        event.model_copy(update={"opinions": tuple(_worded(engine, event.text, one, stretches) for one in event.opinions)})
        for event, stretches in zip(events, tagged, strict=True)
    ]


def _worded(engine: HanLP, text: str, opinion: Opinion, stretches: Iterable[Stretch]) -> Opinion:
    changes: dict[str, Value | tuple[str, ...]] = {}
    for label, lacking in ((OPINION, not opinion.opinion_words), (ASPECT, opinion.aspect is None)):
        near = [(_distance(opinion.evidence, one), one) for one in stretches if one.label == label]
        if lacking and near and min(near)[0] <= _REACH:
            start, end, _ = min(near)[1]
            changes |= {"opinion_words": (text[start:end],)} if label == OPINION else {"aspect": Span(start=start, end=end)}
    if not changes:
        return opinion
    return opinion.model_copy(update={**changes, "versions": opinion.versions.model_copy(update={"model": _both(opinion, engine)})})


def _both(opinion: Opinion, engine: HanLP) -> str:
    return f"{opinion.versions.model}+{engine.version}"


def _distance(evidence: Span, stretch: Stretch) -> int:
    return max(evidence.start - stretch.end, stretch.start - evidence.end, 0)
