"""A second look keeps the ids, raises the revision and takes back what it no longer holds."""

from __future__ import annotations

from datetime import timedelta

from codeframe.coder import Coder, Coding, coded
from codeframe.recoding import recoded
from schemas.ids import opinion_id
from tests.codeframe.conftest import NOW, utterance


def test_what_words_alone_said_is_revised_by_the_coder_with_a_model(words: Coder, auto: Coder) -> None:
    later = NOW + timedelta(minutes=1)
    spoken = [utterance("动力不错，就是油耗高"), utterance("这个车还行，朋友也说值得买")]
    first = [coded(one, coding, NOW) for one, coding in zip(spoken, words.code(spoken), strict=True)]
    second = recoded(auto, first, later)
    for before, after in zip(first, second, strict=True):
        assert (after.revision, after.utterance_id, after.coded_at) == (2, before.utterance_id, later)
        assert after.versions == auto.versions != before.versions
        held = {opinion.opinion_id for opinion in after.opinions}
        assert set(after.retracted) == {opinion.tag for opinion in before.opinions} - {opinion.tag for opinion in after.opinions}
        assert held == {opinion_id(after.utterance_id, opinion.tag) for opinion in after.opinions}


def test_a_third_look_remembers_every_opinion_that_was_taken_back(words: Coder) -> None:
    event = coded(utterance("动力不错"), words.code([utterance("动力不错")])[0], NOW)
    assert event.opinions

    class Silent(Coder):
        def code(self, utterances):  # type: ignore[no-untyped-def]
            return [Coding((), False, self.versions) for _ in utterances]

    second = recoded(Silent(words.frame), [event], NOW)[0]
    assert second.retracted == tuple(opinion.tag for opinion in event.opinions)
    third = recoded(words, [second], NOW)[0]
    assert (third.revision, third.retracted) == (3, ())
    assert third.opinions == event.opinions
