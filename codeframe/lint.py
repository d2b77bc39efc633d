"""What a frame's owner should mend, although the frame loads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from codeframe.analysis import Analyst
from codeframe.crosswalk import load_mapping
from codeframe.definition import Branch, Tag
from codeframe.errors import FrameError
from codeframe.examples import example_files, read_example_file
from codeframe.folding import fold
from codeframe.frame import Frame, frame_folder
from codeframe.lexicon.language import load_lexicons
from codeframe.pattern import parse
from codeframe.source import Source, read

_LONG_ENOUGH = 2


class Finding(NamedTuple):
    """One thing to mend, and where."""

    file: Path
    line: int | None
    tag: str
    problem: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.tag}: {self.problem}"


def lint(where: str | Path, examples: bool = False) -> list[Finding]:
    """Everything to mend in a frame, by file and line; what keeps it from loading comes alone.

    With `examples`, also the tags whose words do not tell their example in from their example out, and those without a customer's
    sentence where others have some: not wrong, for an example may be worded as no term is, but where to look for more words.

    Raises:
        FrameError: `where` is no frame at all.
    """
    folder = frame_folder(where)
    try:
        frame = Frame.load(folder)
    except FrameError as error:
        return [Finding(Path(error.file), error.line, error.field, error.problem)]
    sources = [read(path) for path in sorted((folder / "tags").glob("*.yaml"))]
    found = [*_terms(sources, frame), *_patterns(sources), *_crosswalks(frame), *_said(frame)]
    if examples:
        found += [*_examples(sources, frame), *_unsaid(sources, frame)]
    return sorted(found, key=lambda finding: (str(finding.file), finding.line or 0))


def _tags(sources: list[Source]) -> Iterator[tuple[Source, tuple[str | int, ...], Tag]]:
    for source in sources:
        for at, tag in enumerate(source.parse(Branch).tags):
            yield source, ("tags", at), tag


def _terms(sources: list[Source], frame: Frame) -> Iterator[Finding]:
    """A term that two tags share, or that is too short to mean anything alone; a tag without any."""
    stop = {fold(phrase) for lexicon in load_lexicons() for phrase in lexicon.stop} | {fold(phrase) for phrase in frame.header.stop}
    owners: dict[str, list[str]] = defaultdict(list)
    for source, key, tag in _tags(sources):
        if not tag.terms.all() and not tag.patterns:
            yield Finding(source.path, source.line(key), tag.id, "has no term and no pattern, so words alone never give it")
        for language in ("zh", "en"):
            for at, term in enumerate(getattr(tag.terms, language)):
                text = fold(term.text)
                line = source.line((*key, "terms", language, at))
                if owners[text]:
                    yield Finding(source.path, line, tag.id, f"term {term.text} is already one of {', '.join(owners[text])}")
                owners[text].append(tag.id)
                if len(text) < _LONG_ENOUGH:
                    hides = next((phrase for phrase in stop if text in phrase), "")
                    problem = f", and hidden in stop phrases such as {hides}" if hides else ""
                    yield Finding(source.path, line, tag.id, f"term {term.text} is a single character{problem}")


def _patterns(sources: list[Source]) -> Iterator[Finding]:
    """A pattern that another of its tag repeats, or that cannot be reached for a term of the same tag inside its every wording."""
    for source, key, tag in _tags(sources):
        terms = {fold(term.text): term.polarity or tag.polarity for term in tag.terms.all()}
        seen: set[str] = set()
        for at, pattern in enumerate(tag.patterns):
            line = source.line((*key, "patterns", at))
            if pattern.text in seen:
                yield Finding(source.path, line, tag.id, f"pattern {pattern.text} is given twice")
            seen.add(pattern.text)
            polarity = pattern.polarity or tag.polarity
            covered = any(all(terms.get(fold(word)) == polarity for word in part.alternatives) for part in parse(pattern.text))
            if covered and polarity != "either":
                yield Finding(source.path, line, tag.id, f"pattern {pattern.text} is unreachable: terms of the tag say the same already")


def _examples(sources: list[Source], frame: Frame) -> Iterator[Finding]:
    """An example that should get its tag and does not, or the other way round."""
    tags = list(_tags(sources))
    analyst = Analyst(frame)
    for name, wanted in (("example_in", True), ("example_out", False)):
        analyses = analyst.analyse([getattr(tag, name) for _, _, tag in tags])
        for (source, key, tag), analysis in zip(tags, analyses, strict=True):
            given = {frame.tags[judged.match.tag].id for judged in analysis.judged}
            if (tag.id in given) != wanted:
                problem = "does not get the tag" if wanted else "gets the tag"
                yield Finding(source.path, source.line((*key, name)), tag.id, f"{name} {problem}: {getattr(tag, name)}")


def _said(frame: Frame) -> Iterator[Finding]:
    """What customers say, where it cannot be read or the same sentence is of two tags."""
    seen: dict[str, str] = {}
    for path in example_files(frame.folder):
        try:
            for line, said in read_example_file(path, frame):
                for text in (said.zh, said.en):
                    if seen.setdefault(text, said.tag) != said.tag:
                        yield Finding(path, line, said.tag, f"{text} stands under {seen[text]} too")
        except FrameError as error:
            yield Finding(path, error.line, error.field, error.problem)


def _unsaid(sources: list[Source], frame: Frame) -> Iterator[Finding]:
    said = {said.tag for path in example_files(frame.folder) for _, said in read_example_file(path, frame)}
    for source, key, tag in _tags(sources):
        if said and tag.id not in said:
            yield Finding(source.path, source.line(key), tag.id, "no sentence of a customer stands under examples/")


def _crosswalks(frame: Frame) -> Iterator[Finding]:
    for path in sorted((frame.folder / "crosswalks").glob("*.yaml")):
        try:
            load_mapping(frame, path.stem)
        except FrameError as error:
            yield Finding(path, error.line, error.field, error.problem)
