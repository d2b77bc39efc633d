"""Why a text got its tags: the words that fired, the clause, what turned the feeling, the point rule and the owner."""

from __future__ import annotations

from datetime import UTC, datetime

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from codeframe.causes.attribution import Situation
from codeframe.coder import Coder
from codeframe.feeling import Feeling
from codeframe.finding import Found
from codeframe.vocabulary import Cue
from schemas.coded import Point

_NO_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)
_COLOUR = {-1: "red", 0: "yellow", 1: "green"}


def explain(coder: Coder, text: str, console: Console) -> None:
    """Print why `text` gets each of its tags."""
    analysis = coder.analyst.analyse([text])[0]
    found = coder.find([text])[0]
    if not found:
        console.print("[yellow]no tag[/]: no term and no pattern of the frame stands in this text")
    tags = [coder.frame.tags[one.tag].id for one in found]
    situation = Situation(text, tuple(tags), _NO_MOMENT)
    for one in found:
        judged = [judged for judged in analysis.judged if judged.match.tag == one.tag]
        console.print(_panel(coder, text, one, judged, analysis.base, _why(coder, one, situation)))


def _panel(coder: Coder, text: str, found: Found, judged: list[Feeling], base: int, why: list[str]) -> Panel:
    tag = coder.frame.tags[found.tag]
    shown = Text(text)
    shown.stylize("dim")
    shown.stylize("not dim underline", found.start, found.end)
    if found.aspect:
        shown.stylize("not dim bold cyan", *found.aspect)
    for start, end in found.words:
        shown.stylize(f"not dim bold {_COLOUR[found.sentiment]}", start, end)
    rule = coder.rule(found)
    table = Table.grid(padding=(0, 2))
    rows: list[tuple[str, str]] = [(f"fired {at}", line) for at, one in enumerate(judged, 1) for line in _fired(coder, text, one, base)]
    rows += [
        ("sentiment", f"[{_COLOUR[found.sentiment]}]{found.sentiment:+d}[/] ({found.value:+.2f})"),
        ("intent", f"{found.intent}, expectation {found.expectation}"),
        ("confidence", f"{found.confidence:.2f}"),
        ("point", f"{rule.point} by rule {rule.id}" if rule else "none: no rule of the matrix holds"),
        ("need layer", f"{tag.need_layer}, severity {tag.severity}" + (", brand promise" if tag.brand_promise else "")),
        ("owner", f"dealer {tag.owner.dealer or '-'}, office {tag.owner.office or '-'}"),
    ]
    rows += [("cause" if not at else "", line) for at, line in enumerate(why)]
    for name, value in rows:
        table.add_row(f"[dim]{name}[/]", value)
    parts: list[RenderableType] = [shown, table]
    return Panel(Group(*parts), title=f"[bold]{tag.id}[/] {tag.names.zh} / {tag.names.en}", title_align="left")


def _why(coder: Coder, found: Found, situation: Situation) -> list[str]:
    """The ranked causes of a pain or itch, each with what speaks for and against it; business facts are not known here."""
    rule = coder.rule(found)
    if rule is None or rule.point not in {Point.PAIN, Point.ITCH}:
        return []
    attributor = coder.attributor
    ranked = attributor.causes(coder.frame.tags[found.tag].id, attributor.clues([situation])[0], situation)
    return [
        f"{one.probability:.0%} {one.cause}" + "".join(f"; {clue.kind} {clue.detail} {clue.log_odds:+.1f}" for clue in one.evidence)
        for one in ranked
    ]


def _fired(coder: Coder, text: str, judged: Feeling, base: int) -> list[str]:
    match, clause = judged.match, judged.clause
    lines = []
    if match.rule >= 0:
        lines.append(f"pattern {coder.analyst.rules[match.rule].notation}")
    else:
        lines.append(f"term {match.parts[0][2].text}")
    lines.append(f"in the clause: {text[clause.start - base : clause.end - base].strip()}")
    words = [f"{word.text} {word.value:+.2f}" + "".join(f" after {hit[2].text}" for hit in word.turned) for word in judged.words]
    if words:
        lines.append("opinion words: " + ", ".join(words))
    if judged.negated:
        lines.append("negated")
    cues = [cue.name.lower() for cue in Cue if cue.name and clause.cues & cue and cue not in _TOLD]
    if cues:
        lines.append("cues: " + ", ".join(cues))
    return lines


_TOLD = {Cue.STRONG, Cue.WEAK, Cue.EXCESS, Cue.NEGATION, Cue.MORE, Cue.LESS, Cue.MORE_IS_GOOD, Cue.MORE_IS_BAD}
