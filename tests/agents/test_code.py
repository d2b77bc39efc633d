from agents.code import code
from codeframe.frame import Frame
from schemas.coded import CodedUtterance
from schemas.common import Speaker
from streams.settings import Settings
from streams.topics import CODED, UTTERANCES
from tests.codeframe.conftest import utterance


async def test_every_utterance_becomes_a_coded_event_in_order() -> None:
    batch = [utterance("油耗太高了"), utterance("请问还有什么可以帮您", Speaker.AGENT), utterance("刹车失灵")]
    async with code.open(Settings()) as handle:
        events = await handle(batch)
        again = await handle(batch)
    assert all(isinstance(event, CodedUtterance) for event in events)
    coded = [event for event in events if isinstance(event, CodedUtterance)]
    assert [event.utterance_id for event in coded] == [said.utterance_id for said in batch]
    assert [bool(event.opinions) for event in coded] == [True, False, True]
    assert [event.opinions for event in coded] == [event.opinions for event in again if isinstance(event, CodedUtterance)]
    assert {event.versions.frame for event in coded} == {Frame.load("auto").version}
    assert [event.fingerprint for event in coded] == [said.fingerprint for said in batch]


def test_it_reads_utterances_and_writes_coded_events() -> None:
    assert (code.name, code.reads, code.writes) == ("code", (UTTERANCES,), (CODED,))
