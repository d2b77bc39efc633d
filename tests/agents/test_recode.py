"""The second look: unsure utterances come back one revision up, and store, roll-ups and tasks follow."""

from __future__ import annotations

import asyncio
import re
import shutil
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from agents.recode import recode
from codeframe.coder import Coder, coded
from codeframe.frame import BUNDLED
from codeframe.recoding import unsure
from schemas.coded import CodedUtterance, Tier
from schemas.common import Channel
from schemas.ids import opinion_id
from streams import metrics
from streams.app import AGENTS, load_steps
from streams.local.broker import EmbeddedBroker
from streams.local.clickhouse import EmbeddedClickHouse
from streams.migrate import migrate
from streams.outbox import Outbox
from streams.settings import Settings
from streams.sinks.clickhouse import connect
from streams.topics import CODED
from tests.codeframe.conftest import NOW, utterance
from tests.golden import example
from tests.streams.chatting import chatting, space
from tests.streams.running import drain, running, settings_for

TEXT, WRONG, RIGHT = "空间太小了，后排坐着憋屈", "quality.brakes.failure", "product.space"


def doubtful(text: str = TEXT, channel: Channel = Channel.PUBLIC_OPINION, **changes: object) -> CodedUtterance:
    """What an unsure fast tier might have said of a text: a danger that is not there."""
    number = uuid4()
    wrong = {"tag": WRONG, "opinion_id": str(opinion_id(number, WRONG)), "severity": "safety", "confidence": 0.55}
    wrong |= {"evidence": {"start": 0, "end": len(text)}, "aspect": None, "opinion_words": []}
    base = example(CodedUtterance, "voc.coded.v1/deposit", text=text, unsure=True, opinion=wrong)
    return base.model_copy(update={"utterance_id": number, "channel": channel, "conversation_id": str(number), **changes})


async def revisions(settings: Settings, *events: CodedUtterance) -> list[CodedUtterance | None]:
    async with recode.open(settings) as handle:
        return list(await handle(events))  # type: ignore[arg-type]


async def test_only_what_the_fast_tier_was_unsure_of_is_coded_again_on_any_channel(tmp_path: Path) -> None:
    first, sure = doubtful(), doubtful(unsure=False)
    call, deep = doubtful(channel=Channel.HOTLINE), doubtful()
    deep = deep.model_copy(update={"versions": deep.versions.model_copy(update={"tier": Tier.DEEP})})
    again, nothing, heard, rest = await revisions(Settings(data=tmp_path), first, sure, call, deep)
    assert nothing is rest is None
    assert again is not None
    assert heard is not None
    assert heard.versions.tier is Tier.DEEP
    assert (again.utterance_id, again.revision, again.versions.tier) == (first.utterance_id, 2, Tier.DEEP)
    assert again.retracted == (WRONG,)
    assert any(opinion.tag.startswith(RIGHT) for opinion in again.opinions)
    assert unsure([again]) == []
    assert again.coded_at > first.coded_at


async def test_of_two_revisions_in_a_batch_the_higher_is_coded_again(tmp_path: Path) -> None:
    first = doubtful()
    corrected = first.model_copy(update={"revision": 2})
    older, newer = await revisions(Settings(data=tmp_path), first, corrected)
    assert older is None
    assert newer is not None
    assert newer.revision == 3


async def test_a_frame_that_the_model_does_not_know_is_left_as_it_is(tmp_path: Path) -> None:
    hotel = Coder.load("hotel")
    said = utterance("这个地方说不上来哪里怪怪的").model_copy(update={"channel": Channel.PUBLIC_OPINION})
    event = coded(said, hotel.code([said])[0], NOW)
    assert event.unsure
    assert await revisions(Settings(data=tmp_path, codeframe="hotel"), event) == [None]


def never_sure(folder: Path) -> Path:
    """The car frame, of whose opinions none is sure enough."""
    shutil.copytree(BUNDLED / "auto", folder)
    header = folder / "frame.yaml"
    header.write_text(re.sub(r"unsure_below: [\d.]+", "unsure_below: 1.0", header.read_text("utf-8")), "utf-8")
    return folder


async def test_what_the_deep_tier_does_not_settle_goes_to_the_endpoint(tmp_path: Path) -> None:
    call, other, broken = (doubtful(text, Channel.HOTLINE) for text in (TEXT, "空间太小，憋屈", "储物格少得可怜"))
    async with chatting(lambda body: space(body).replace('"储物格少"', '"没说过的"')) as (url, asked):
        made = Settings(data=tmp_path, coder_endpoint=url, codeframe=str(never_sure(tmp_path / "frame")))
        first, second, third = await revisions(made, call, other, broken)
    assert first is not None
    assert second is not None
    assert (first.revision, first.versions.tier, first.unsure, first.retracted) == (2, Tier.ENDPOINT, False, (WRONG,))
    assert [one.tag for one in second.opinions] == ["product.space.overall"]
    assert third is not None
    assert third.versions.tier is Tier.DEEP, "the deep tier's word stands"
    assert len(asked) == 1, "texts are asked about together"


async def test_an_endpoint_that_is_away_leaves_the_deep_tiers_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.retry._FIRST_SECONDS", 0.01)
    post, call = doubtful(), doubtful(channel=Channel.HOTLINE)
    first, second = await revisions(Settings(data=tmp_path, coder_endpoint="http://127.0.0.1:9/v1#some-model"), post, call)
    assert first is not None
    assert second is not None
    assert first.versions.tier is second.versions.tier is Tier.DEEP


def test_the_step_stands_in_the_list_with_small_batches() -> None:
    assert AGENTS["recode"] == "agents.recode:recode"
    assert (recode.reads, recode.writes) == ((CODED,), (CODED,))
    assert recode.batch_records is not None
    assert recode.batch_records <= 500


@pytest.fixture
def settings(broker: EmbeddedBroker, clickhouse: EmbeddedClickHouse, tmp_path: Path) -> Settings:
    run = uuid4().hex[:8]
    url = clickhouse.url.rsplit("/", 1)[0] + f"/recode_{run}"
    made = settings_for(broker.bootstrap, f"{run}.", tmp_path, clickhouse=url, watch_interval=0.3)
    migrate(made)
    return made


def rows(settings: Settings, sql: str) -> list[tuple[object, ...]]:
    client = connect(settings.clickhouse)
    try:
        return [tuple(row) for row in client.query(sql).result_rows]
    finally:
        client.close()


async def until(settings: Settings, sql: str, wanted: list[tuple[object, ...]], seconds: float = 40.0) -> None:
    """Wait until a query gives what is wanted."""
    deadline = asyncio.get_running_loop().time() + seconds
    while (found := await asyncio.to_thread(rows, settings, sql)) != wanted:
        assert asyncio.get_running_loop().time() < deadline, f"{found} never became {wanted}"
        await asyncio.sleep(0.2)


async def test_store_roll_ups_and_tasks_follow_the_second_look(settings: Settings) -> None:
    before = metrics.RECODED.labels("deep", "yes")._value.get()
    event = doubtful()
    later = event.model_copy(update={"utterance_id": uuid4(), "unsure": False, "occurred_at": event.occurred_at + timedelta(hours=1)})
    kept = later.opinions[0].model_copy(update={"opinion_id": opinion_id(later.utterance_id, WRONG)})
    later = later.model_copy(update={"opinions": (kept,), "conversation_id": "sure", "channel": Channel.STORE, "customer_id": "C2"})
    async with running(load_steps(("store", "trigger")), settings), Outbox(settings) as outbox:
        await outbox.publish([event, later])
        await until(settings, f"SELECT count() FROM volume_by_hour WHERE tag = '{WRONG}'", [(2,)])  # noqa: S608
        await until(settings, "SELECT countIf(state = 'created') FROM task_board", [(2,)])
        async with running((recode,), settings):
            of_it = f"utterance_id = '{event.utterance_id}'"
            await until(settings, f"SELECT revision, tier FROM current_utterances WHERE {of_it}", [(2, "deep")])  # noqa: S608
            await until(settings, f"SELECT count() FROM volume_by_hour WHERE tag = '{WRONG}'", [(1,)])  # noqa: S608
            await until(settings, "SELECT state, count() FROM task_board GROUP BY state ORDER BY state", [("closed", 1), ("created", 1)])
            assert len(await drain(settings, CODED, 3, seconds=3)) == 3, "a revision of its own is not coded again"
    held = rows(settings, f"SELECT tag, revision, tier FROM current_opinions WHERE {of_it}")  # noqa: S608
    assert held
    assert len({tag for tag, *_ in held}) == len(held)
    assert {(revision, tier) for _, revision, tier in held} == {(2, "deep")}
    assert WRONG not in {tag for tag, *_ in held}
    assert metrics.RECODED.labels("deep", "yes")._value.get() == before + 1
