"""What is unwise in a knowledge graph: orphans, cycles, missing owners, symptoms that only one cause explains."""

from __future__ import annotations

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from codeframe.causes.graph import Graph
from codeframe.errors import FrameError
from codeframe.source import read

MIN_CAUSES = 2


def lint(graph: Graph) -> list[FrameError]:
    """Every problem, as an error that names file, line and field; none if the graph is sound."""
    if graph.steps is None:
        return []
    return [*_steps(graph), *_patterns(graph), *_owners(graph), *_phrases(graph), *_symptoms(graph)]


def _steps(graph: Graph) -> Iterator[FrameError]:
    source = graph.sources[0]
    used = {cause.step for cause in graph.causes}
    order: TopologicalSorter[str] = TopologicalSorter()
    for at, step in enumerate(graph.steps.steps if graph.steps else ()):
        order.add(step.id, *step.after)
        for before in step.after:
            if before not in graph.step_of:
                yield source.error(("steps", at, "after"), f"{step.id}: no step is called {before}")
        if step.id not in used:
            yield source.error(("steps", at, "id"), f"{step.id} is an orphan: no cause arises in it")
    try:
        order.prepare()
    except CycleError as error:
        yield source.error(("steps",), f"the steps form a cycle: {' -> '.join(reversed(error.args[1]))}")


def _patterns(graph: Graph) -> Iterator[FrameError]:
    for source, at, cause in graph.located():
        for name, patterns in (("symptoms", cause.symptoms), ("tags", cause.tags)):
            for pattern in patterns:
                if not graph.expand((pattern,)):
                    yield source.error(("causes", at, name, pattern), f"{cause.id}: the frame has no tag {pattern}")


def _owners(graph: Graph) -> Iterator[FrameError]:
    for source, at, cause in graph.located():
        if cause.owner.dealer is None and cause.owner.office is None:
            yield source.error(("causes", at, "owner"), f"{cause.id}: nobody owns it")
        if not (cause.cues or cause.tags or cause.context):
            yield source.error(("causes", at), f"{cause.id}: no evidence can speak for it")


def _phrases(graph: Graph) -> Iterator[FrameError]:
    for source, at, cause in graph.located():
        seen: set[str] = set()
        for weight, words in cause.cues.items():
            for word in words:
                if word in seen:
                    yield source.error(("causes", at, "cues"), f"{cause.id}: the phrase {word} is there twice")
                if word != word.lower():
                    yield source.error(("causes", at, "cues"), f"{cause.id}: the phrase {word} must be in lower case")
                seen.add(word)
            if not weight:
                yield source.error(("causes", at, "cues"), f"{cause.id}: a log ratio of 0 says nothing")


def _symptoms(graph: Graph) -> Iterator[FrameError]:
    few = {tag: len(candidates) for tag, candidates in graph.candidates.items() if len(candidates) < MIN_CAUSES}
    for path in sorted((graph.frame.folder / "tags").glob("*.yaml")) if few else ():
        source = read(path)
        for at, tag in enumerate(source.data["tags"]):
            if tag["id"] in few:
                yield source.error(("tags", at, "id"), f"{tag['id']}: {few[tag['id']]} candidate causes, want {MIN_CAUSES} or more")
