"""`voc graph`: the business knowledge graph: check it, show a symptom's causes, learn from confirmed ones."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.tree import Tree

from agents.commands import cut
from codeframe.causes.attribution import Attributor, Situation
from codeframe.causes.calibration import held_out
from codeframe.causes.graph import Graph
from codeframe.causes.learned import Learned
from codeframe.causes.learning import Case, learn
from codeframe.causes.lint import lint as lint_graph
from codeframe.causes.picture import as_svg, evidence, owners
from schemas.coded import UNKNOWN_CAUSE
from schemas.context import ContextEvent, ContextKind

_FRAME = click.option("--frame", "where", default="auto", show_default=True, help="Bundled code frame, or a folder.")
_LEARNED = click.option("--learned", type=click.Path(exists=True, path_type=Path), help="Learned parameters, from `voc graph learn`.")

_JUDGED = """
SELECT t.task_id AS task_id, any(t.tag) AS tag, any(t.dealer) AS dealer, any(t.model) AS model, any(t.customer_id) AS customer,
       any(u.text) AS text, any(u.occurred_at) AS said_at, groupUniqArray(toString(o.tag)) AS tags,
       argMaxIf(e.confirmed_cause, e.recorded_at, e.confirmed_cause != '') AS confirmed, groupUniqArrayArray(e.refused_causes) AS refused
FROM current_tasks AS t
INNER JOIN (SELECT * FROM current_task_events WHERE legal AND (confirmed_cause != '' OR notEmpty(refused_causes))) AS e USING task_id
INNER JOIN current_utterances AS u ON u.utterance_id = t.utterance_ids[1]
LEFT JOIN current_opinions AS o ON o.utterance_id = u.utterance_id
GROUP BY task_id
ORDER BY task_id
"""
_FACTS = """
SELECT customer_id, context_id, source, source_id, kind, status, occurred_at, ingested_at
FROM current_context_events WHERE customer_id IN {customers:Array(String)} AND kind != 'identity_link'
"""


@click.group()
def graph() -> None:
    """Why things happen: symptoms, causes, process steps, owners and evidence."""


@graph.command()
@_FRAME
@cut.clear_errors
def lint(where: str) -> None:
    """Check the graph: orphans, cycles, missing owners, symptoms with fewer than two causes."""
    found = Graph.load(where)
    problems = lint_graph(found)
    for problem in problems:
        click.echo(str(problem))
    click.echo(f"{len(found.causes)} causes, {len(found.frame.tags)} symptoms, {len(problems)} to mend")
    if problems:
        raise SystemExit(1)


@graph.command()
@click.argument("tag")
@click.option("--svg", type=click.Path(dir_okay=False, path_type=Path), help="Draw the neighbourhood into this file.")
@_FRAME
@_LEARNED
@cut.clear_errors
def show(tag: str, svg: Path | None, where: str, learned: Path | None) -> None:
    """Show the causes of TAG: how likely before any evidence, what speaks for them, and who must act."""
    attributor = Attributor.load(where, learned)
    frame = attributor.graph.frame
    if tag not in frame.by_id:
        raise click.ClickException(f"{where} has no tag {tag}")
    if svg:
        svg.write_text(as_svg(attributor, tag), "utf-8")
    possible = attributor.possible(tag)
    total = 1 + sum(math.exp(one.log_odds) for one in possible)
    tree = Tree(f"[bold]{frame.by_id[tag].names.zh}[/] {frame.by_id[tag].names.en}  {tag}")
    for one in possible:
        cause = attributor.graph.causes[one.number]
        step = attributor.graph.step_of[cause.step].names
        branch = tree.add(f"{math.exp(one.log_odds) / total:.0%} [bold]{cause.names.zh}[/] {cause.names.en}  {cause.id}")
        branch.add(f"step {step.zh} {step.en}; owner {', '.join(owners(frame, cause))}; {cause.fix} to fix")
        for line in evidence(cause):
            branch.add(line, style="dim")
    tree.add(f"{1 / total:.0%} {UNKNOWN_CAUSE}")
    Console().print(tree, highlight=False)


@graph.command(name="learn")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Write the learned parameters here.")
@_FRAME
@cut.clear_errors
def learn_(out: Path, where: str) -> None:
    """Learn from the causes that owners confirmed or refused, and report calibration on cases held out."""
    cases = judged_cases()
    if not cases:
        raise click.ClickException("no task has a confirmed or refused cause yet")
    found = Graph.load(where)
    learned: Learned = learn(found, cases)
    learned.write(out)
    report = held_out(found, cases)
    click.echo(f"{len(cases)} cases, {len(learned.weights)} parameters moved, written to {out}")
    click.echo(f"held out: {report.cases} confirmed, top-1 {report.top1:.3f}, ECE {report.ece:.3f}, log loss {report.log_loss:.3f}")
    for one in report.bins:
        click.echo(f"  promised {one.promised:.2f}  kept {one.kept:.2f}  answers {one.answers}")


def judged_cases() -> list[Case]:
    """The cases that tasks' owners looked into, from ClickHouse."""
    rows = cut.query(_JUDGED)
    facts: dict[str, list[ContextEvent]] = {}
    customers = sorted({row[4] for row in rows if row[4]})
    for customer, *values in cut.query(_FACTS, {"customers": customers}) if customers else ():
        facts.setdefault(customer, []).append(_fact(customer, values))
    cases = []
    for _, tag, dealer, model, customer, text, said_at, tags, confirmed, refused in rows:
        situation = Situation(text, tuple(tags), _aware(said_at), dealer or None, model or None, facts.get(customer, ()))
        cases.append(Case(tag, situation, confirmed or None, tuple(refused)))
    return cases


def _fact(customer: str, values: list[Any]) -> ContextEvent:
    context_id, source, source_id, kind, status, occurred_at, ingested_at = values
    return ContextEvent(
        context_id=context_id, source=source, source_id=source_id, customer_id=customer, kind=ContextKind(kind), status=status or None,
        occurred_at=_aware(occurred_at), ingested_at=_aware(ingested_at),
    )  # fmt: skip


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
