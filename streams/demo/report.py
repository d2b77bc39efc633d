"""Shows what came out of the demo."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from streams.demo.outcome import Outcome
from streams.demo.sample import Sent
from streams.local.stack import Stack

_POINT_NAMES = {"pain": "pain 痛点", "itch": "itch 痒点", "delight": "delight 悦点"}
_FEELING = {-1: "[red]-[/]", 0: "0", 1: "[green]+[/]"}
_SHOWN_TASKS = 8


def show(console: Console, sent: Sent, outcome: Outcome, seconds: float, stack: Stack) -> None:
    """Print counts, points with a verbatim each, some coded events, tasks, and where to look next."""
    counts = outcome.counts(sent)
    console.print(_points(outcome.points))
    console.print(_coded(outcome.coded))
    console.print(_tasks(outcome.tasks))
    for one in outcome.heard(sent):
        console.print(f"[green]heard[/] in {one.file} {one.at}: {one.text} -> {one.tag_name}")
    for step, reason, detail, topic, partition, offset in outcome.letters:
        console.print(f"[yellow]quarantined[/] by {step}: {reason}, {detail}  ({topic}[{partition}]@{offset})")
    for refusal in sent.refused:
        console.print(f"[yellow]refused[/] by the gateway: {refusal}")
    verdict = "[green]nothing lost" if counts.lost == 0 else f"[red]{counts.lost} lost"
    console.print(f"\n[bold]{counts.sent} sent = {counts.coded} coded + {counts.quarantined} quarantined[/], {verdict}[/]")
    console.print(
        f"{counts.utterances} utterances, {counts.opinions} opinions, {counts.coverage:.0%} of utterances carry a tag; "
        f"{counts.repeated} sent twice and stored once, {counts.marked_duplicate} marked as duplicates, "
        f"{counts.rejected} refused at the door"
    )
    console.print(
        f"from arrival to row: median {counts.p50_seconds:.2f} s, 95% within {counts.p95_seconds:.2f} s; {seconds:.0f} s in all\n"
    )
    _where_next(console, stack)


def _points(rows: list[tuple[Any, ...]]) -> Table:
    table = Table("point", "tag", "opinions", "a customer's words", title="What customers feel most")
    for point, tag, zh, en, opinions, text in rows:
        table.add_row(_POINT_NAMES[point], f"{zh or tag}\n[dim]{en}[/]", str(opinions), text)
    return table


def _coded(rows: list[tuple[Any, ...]]) -> Table:
    table = Table("channel", "utterance", "coded as", title="A few coded events of voc.coded.v1")
    for channel, text, opinions in rows:
        table.add_row(channel, text, "\n".join(f"{_FEELING[sentiment]} {tag} ({point})" for tag, sentiment, point in opinions))
    return table


def _tasks(tasks: list[dict[str, Any]]) -> Table:
    table = Table("priority", "what", "who", "why", "due", title=f"Tasks that reached the OA: {len(tasks)}")
    for task in sorted(tasks, key=lambda task: task["priority"])[:_SHOWN_TASKS]:
        cause = task["causes"][0]["cause"] if task.get("causes") else "unknown"
        table.add_row(
            str(task["priority"]), f"{task['tag_name']}: {task['verbatims'][0]['text']}", task["owner_queue"], cause, task["due_at"]
        )
    return table


def _where_next(console: Console, stack: Stack) -> None:
    console.print("Where to look next:")
    console.print("  voc up                             the same stack, to keep; it prints its addresses and keys")
    console.print("  voc ingest FILE --channel survey   your own feedback")
    console.print("  voc dead-letters list              what was quarantined, and why")
    console.print("  SELECT * FROM share_by_tag         in ClickHouse; other views: volume_by_hour, coverage_by_hour, lag_by_stage")
