"""What the documents quote is what the code says. `python -m tests.test_docs` writes the quoted parts anew."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from schemas.coded import CodedUtterance
from streams.admin import create_topics
from streams.codec import decode
from streams.commands.reference import metrics_table, settings_table
from streams.local.broker import EmbeddedBroker
from streams.outbox import Outbox
from tests.streams.running import settings_for

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "examples" / "consume_coded.py"
READMES = [ROOT / "README.md", ROOT / "README.zh-CN.md"]
PARTS: dict[str, Callable[[], str]] = {
    "settings": settings_table,
    "metrics": metrics_table,
    "example": lambda: f"```python\n{EXAMPLE.read_text('utf-8').strip()}\n```",
}
DOCUMENTS = [*READMES, ROOT / "docs" / "metrics.md"]


def current(text: str) -> str:
    """A document with every `<!-- part -->` followed by that part as it is now, up to `<!-- /part -->`."""
    for name, make in PARTS.items():
        found = re.search(rf"<!-- {name} -->\n(.*?<!-- /{name} -->\n)?", text, re.DOTALL)
        if found:
            text = text[: found.start()] + f"<!-- {name} -->\n{make()}\n<!-- /{name} -->\n" + text[found.end() :]
    return text


@pytest.mark.parametrize("path", DOCUMENTS, ids=[path.name for path in DOCUMENTS])
def test_quoted_parts_are_current(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text == current(text), "run: python -m tests.test_docs"


def test_the_documents_name_no_command_that_is_not_there() -> None:
    listed = subprocess.run([sys.executable, "-m", "streams.cli", "--help"], check=True, capture_output=True, text=True).stdout
    commands = set(re.findall(r"^  ([a-z-]+) ", listed, re.MULTILINE))
    named = {name for path in DOCUMENTS for name in re.findall(r"(?:^|`|bin/)voc ([a-z-]+)", path.read_text("utf-8"), re.MULTILINE)}
    assert named <= commands


async def test_the_example_runs(broker: EmbeddedBroker, tmp_path: Path) -> None:
    settings = settings_for(broker.bootstrap, "", tmp_path)
    await create_topics(settings)
    golden = decode(CodedUtterance, (ROOT / "tests" / "examples" / "voc.coded.v1" / "deposit.json").read_bytes())
    assert isinstance(golden, CodedUtterance)
    async with Outbox(settings) as outbox:
        await outbox.publish([golden])
    argv = [sys.executable, str(EXAMPLE), broker.bootstrap]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}) as process:
        assert process.stdout is not None
        line = await asyncio.wait_for(asyncio.to_thread(process.stdout.readline), 30)
        process.terminate()
    assert "order.deposit.refund_slow" in line
    assert golden.text in line


if __name__ == "__main__":
    for document in DOCUMENTS:
        document.write_text(current(document.read_text("utf-8")), "utf-8")
