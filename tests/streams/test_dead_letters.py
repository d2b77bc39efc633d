"""Dead letters are listed, shown and sent back, on a real broker."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from schemas.dead_letter import Reason
from schemas.utterance import Utterance
from streams.codec import decode, encode
from streams.commands.dead_letters import dead_letters
from streams.dead_letters import Selection, read, replay, replayable
from streams.local.broker import EmbeddedBroker
from streams.outbox import Outbox, Outgoing
from streams.settings import Settings
from streams.topics import DEAD_LETTERS, RAW_TEXT, UTTERANCES
from tests.streams.copying import copy
from tests.streams.running import drain, raw_text, running, settings_for

SECRET = "13912345678"


@pytest.fixture
async def settings(broker: EmbeddedBroker, tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    made = settings_for(broker.bootstrap, f"{request.node.name[:30]}.", tmp_path)
    topic = RAW_TEXT.in_pipeline(made.topic_prefix)
    later_good = encode(raw_text(1)).replace(b'"schema_version":1', b'"schema_version":7')
    async with running([copy], made), Outbox(made) as outbox:
        await outbox.send([Outgoing(topic, b"k", f'{{"text": "{SECRET}'.encode()), Outgoing(topic, b"k", later_good)])
        assert len(await drain(made, DEAD_LETTERS, 2)) == 2
    return made


async def test_they_are_found_by_step_reason_and_id(settings: Settings) -> None:
    letters = await read(settings, Selection())
    assert {letter.reason for letter in letters} == {Reason.DECODE, Reason.VERSION}
    assert [letter.reason for letter in await read(settings, Selection(reason="version"))] == [Reason.VERSION]
    assert await read(settings, Selection(step="other")) == []
    assert await read(settings, Selection(id=str(letters[0].dead_letter_id)[:10])) == [letters[0]]
    assert all(SECRET not in letter.detail for letter in letters)


async def test_a_replay_sends_the_original_bytes_and_what_is_good_now_gets_through(settings: Settings) -> None:
    letters = await read(settings, Selection(reason="version"))
    repaired = letters[0].model_copy(update={"value": (letters[0].value or b"").replace(b'"schema_version":7', b'"schema_version":1')})
    assert await replay(settings, [repaired]) == 1
    async with running([copy], settings):
        records = await drain(settings, UTTERANCES, 1)
    assert [isinstance(decode(Utterance, record.value), Utterance) for record in records] == [True]


async def test_a_topic_of_the_companys_own_is_never_written_to(settings: Settings) -> None:
    letters = [letter.model_copy(update={"topic": "crm.feedback"}) for letter in await read(settings, Selection())]
    assert replayable(settings, letters) == []
    assert await replay(settings, letters) == 0


def test_the_commands_show_no_customer_text(broker: EmbeddedBroker, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOC_KAFKA", settings.kafka)
    monkeypatch.setenv("VOC_TOPIC_PREFIX", settings.topic_prefix)
    runner = CliRunner()
    listed = runner.invoke(dead_letters, ["list", "--json"])
    assert listed.exit_code == 0, listed.output
    letters = [json.loads(line) for line in listed.output.splitlines()]
    assert {letter["reason"] for letter in letters} == {"decode", "version"}
    assert SECRET not in listed.output + runner.invoke(dead_letters, ["list"]).output
    one = next(letter["dead_letter_id"] for letter in letters if letter["reason"] == "decode")
    assert SECRET not in runner.invoke(dead_letters, ["show", one]).output
    assert SECRET in runner.invoke(dead_letters, ["show", one, "--raw"]).output
    assert "would replay 2 of 2" in runner.invoke(dead_letters, ["replay", "--policy", "all", "--dry-run"]).output
    assert runner.invoke(dead_letters, ["replay", "--policy", "step"]).exit_code == 1
