"""The words of a language that carry feeling or turn it: opinion, negation, degree, contrast, intent."""

from __future__ import annotations

from pathlib import Path

from codeframe.definition import Data, Language
from codeframe.source import read

Cues = tuple[str, ...]


class Strengths(Data):
    strong: Cues = ()
    normal: Cues = ()
    mild: Cues = ()


class Opinions(Data):
    positive: Strengths
    negative: Strengths


class Scale(Data):
    more: Cues
    less: Cues


class Degrees(Data):
    """`excess` words make a word of measure bad where nothing says what is measured: 太高, too high."""

    strong: Cues
    weak: Cues
    excess: Cues


class Contrast(Data):
    but: Cues
    though: Cues


class Comparison(Data):
    """`than` followed by a `self` word compares something else with the customer's own."""

    than: Cues
    self: Cues
    level: Cues


class Expectations(Data):
    better: Cues
    worse: Cues


class Lexicon(Data):
    """A file of cue words. `absence` words deny that a thing is there, `negation` words whatever follows them."""

    language: Language
    opinion: Opinions
    scale: Scale
    negation: Cues
    absence: Cues
    degree: Degrees
    contrast: Contrast
    comparison: Comparison
    question: Cues
    why: Cues
    rhetorical: Cues
    sarcasm: Cues
    wish: Cues
    hypothetical: Cues
    leaving: Cues
    complaint: Cues
    praise: Cues
    expectation: Expectations
    stop: Cues


def load_lexicons() -> tuple[Lexicon, ...]:
    """The bundled lexicons, Chinese first.

    Raises:
        FrameError: one of them is wrong; names file, line and field.
    """
    return tuple(read(Path(__file__).parent / f"{language}.yaml").parse(Lexicon) for language in ("zh", "en"))
