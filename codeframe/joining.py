"""Words and a trained model joined.

Each text is labelled as people label texts of its kind: in the codes of one crosswalk. Words add their weight to the model's
probabilities of those codes. A code that then stands and of which words found tags is those tags; one of which they found none is
the code's general tag, where the model saw it. Tags at home in no code of the crosswalk are left to words. In a text of which words know
nothing at all, a model that reads descriptions chooses the tag of the code that means most nearly the same.

What is said to somebody, in a call or a chat, nobody has labelled so: there words stand, and meaning beside them (codeframe.talking). So is
a post coded of which neither codes nor words tell anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from codeframe.crosswalk import load_mapping
from codeframe.finding import Found, intent_of, sentiment_of
from codeframe.frame import Frame
from codeframe.learned.fusion import Words
from codeframe.learned.heads import Kind
from codeframe.learned.seam import Floats, GroupModel, Ints, Look, Prediction
from codeframe.learned.vehicle import NO_VEHICLE, Vehicle
from codeframe.talking import Sure, Talk
from schemas.coded import Expectation

_TRUST = 0.75
_LIKELY = 0.5


class Heard(NamedTuple):
    """What is known of a text: whether it was said to somebody (a call, a chat, a visit) and not posted, and the vehicle it is about."""

    spoken: bool = False
    vehicle: Vehicle = NO_VEHICLE


_POST = Heard()


class Homes:
    """Which code and output each tag of a frame speaks for, by kind of text."""

    def __init__(self, frame: Frame, kinds: Sequence[Kind]) -> None:
        index = {tag.id: at for at, tag in enumerate(frame.tags)}
        self._outputs = 1 + max(column for kind in kinds for column in kind.columns)
        self.code_of: list[dict[int, str]] = []
        self.first: list[dict[str, int]] = []
        self._column: list[dict[int, int]] = []
        for kind in kinds:
            home = load_mapping(frame, kind.crosswalk).home
            place = dict(zip(kind.codes, kind.columns, strict=True))
            self.code_of.append({index[tag]: code for tag, code in home.items() if code in place})
            self.first.append({code: index[tag] for tag, code in reversed(home.items())})
            self._column.append({tag: place[code] for tag, code in self.code_of[-1].items()})

    def words(self, found: Sequence[Sequence[Found]], kinds: Ints) -> Words:
        """What words found in each text, for texts of these kinds."""
        rows, columns, certainties, values = [], [], [], []
        for row, (known, kind) in enumerate(zip(found, kinds.tolist(), strict=True)):
            home = self._column[kind]
            for one in known:
                column = home.get(one.tag)
                if column is not None:
                    rows.append(row)
                    columns.append(column)
                    certainties.append(one.confidence)
                    values.append(one.value)
        certainty = np.zeros((len(found), self._outputs), np.float32)
        value = np.zeros_like(certainty)
        np.maximum.at(certainty, (rows, columns), np.array(certainties, np.float32))
        np.add.at(value, (rows, columns), np.array(values, np.float32))
        return Words(certainty, np.clip(value, -1, 1))


class Joiner:
    """Joins a model's codes with the tags that words gave, through the frame's crosswalks."""

    def __init__(self, frame: Frame, model: GroupModel) -> None:
        self._model = model
        self._homes = Homes(frame, model.decider.kinds)
        self._place = [{code: at for at, code in enumerate(kind.codes)} for kind in model.decider.kinds]
        meanings = model.meanings(frame)
        self._talk = Talk(frame, model, meanings) if meanings else None

    @property
    def hears_talk(self) -> bool:
        """Whether more than words codes what is said to somebody."""
        return self._talk is not None

    def join(self, texts: Sequence[str], found: list[list[Found]], heard: Sequence[Heard] | None = None) -> list[list[Found]]:
        """The tags of each text after the model has spoken. Texts of which nothing is known are taken for posts."""
        known = heard or [_POST] * len(texts)
        posts = [at for at, one in enumerate(known) if not one.spoken]
        joined, spoken = list(found), [at for at, one in enumerate(known) if one.spoken]
        if posts:
            look = self._model.look([texts[at] for at in posts])
            said = look.talk >= _LIKELY
            spoken += [posts[row] for row in np.flatnonzero(said).tolist()]
            rows = np.flatnonzero(~said).tolist()
            posts = [posts[row] for row in rows]
            vehicles = self._model.vehicles([known[at].vehicle for at in posts])
            coded = self._join([texts[at] for at in posts], [found[at] for at in posts], look.take(rows), vehicles)
            for at, some in zip(posts, coded, strict=True):
                joined[at] = some
            spoken += [at for at in posts if not joined[at]]
        if self._talk and spoken:
            told = self._talk.told([texts[at] for at in spoken], [found[at] for at in spoken])
            for at, some in zip(spoken, told, strict=True):
                joined[at] = some
        return joined

    def _join(self, texts: list[str], found: list[list[Found]], look: Look, vehicles: Floats) -> list[list[Found]]:
        words = self._homes.words(found, look.heads.kind.argmax(1))
        predictions = self._model.decider.decide(look, words, vehicles)
        found = self._refelt(texts, found, predictions)
        joined = [self._joined(known, prediction) for known, prediction in zip(found, predictions, strict=True)]
        if self._talk:
            likeness = self._talk.likeness(texts, look.directions)
            new: list[tuple[int, Sure]] = []
            for at, (known, sure) in enumerate(zip(found, self._talk.surest(found, likeness), strict=True)):
                if not known:
                    joined[at] = self._meant(joined[at], predictions[at].kind, likeness[at])
                if not sure or not joined[at] or not self._may_stand(sure.tag, predictions[at]):
                    continue
                if any(one.tag == sure.tag for one in joined[at]):
                    joined[at] = [
                        one._replace(confidence=max(one.confidence, sure.share)) if one.tag == sure.tag else one for one in joined[at]
                    ]
                else:
                    new.append((at, sure))
            for (at, _), one in zip(new, self._talk.felt([texts[at] for at, _ in new], [sure for _, sure in new]), strict=True):
                value = self._seen(one.tag, predictions[at])
                joined[at].append(one if value is None else _felt(one, value))
        return joined

    def _seen(self, tag: int, prediction: Prediction) -> float | None:
        """How the model felt about a tag's code, where it sees that code."""
        code = self._homes.code_of[prediction.kind].get(tag)
        return next((one.value for one in prediction.seen if one.code == code), None)

    def _may_stand(self, tag: int, prediction: Prediction) -> bool:
        """Whether a tag that words, meaning and letters are nearly sure of stands: not where the model sees others than its code; remarks
        are too short for that to tell."""
        return prediction.felt or tag not in self._homes.code_of[prediction.kind] or self._seen(tag, prediction) is not None

    def _meant(self, joined: list[Found], kind: int, likeness: Floats) -> list[Found]:
        """With the nearest tag of each code in place of its general one."""
        code_of = self._homes.code_of[kind]
        out = []
        for one in joined:
            own = [tag for tag, code in code_of.items() if code == code_of[one.tag]]
            out.append(one._replace(tag=max(own, key=lambda tag: float(likeness[tag]))))
        return out

    def _refelt(self, texts: Sequence[str], found: list[list[Found]], predictions: Sequence[Prediction]) -> list[list[Found]]:
        """In remarks the model's feeling towards the words' aspect is weighed in."""
        unfelt = [(at, one) for at, known in enumerate(found) if predictions[at].felt for one in known]
        if not unfelt:
            return found
        spans = [one.aspect or (one.start, one.end) for _, one in unfelt]
        felt = self._model.feeling([texts[at] for at, _ in unfelt], spans).tolist()
        pairs = zip(unfelt, felt, strict=True)
        mixed = iter([_felt(one, _TRUST * (good - bad) + (1 - _TRUST) * one.value) for (_, one), (bad, _, good) in pairs])
        return [[next(mixed) for _ in known] if predictions[at].felt else known for at, known in enumerate(found)]

    def _joined(self, known: list[Found], prediction: Prediction) -> list[Found]:
        code_of, first = self._homes.code_of[prediction.kind], self._homes.first[prediction.kind]
        place = self._place[prediction.kind]
        seen = {one.code: one for one in prediction.seen}
        kept: list[Found] = []
        confirmed: set[str] = set()
        for one in known:
            code = code_of.get(one.tag)
            if code is None:
                kept.append(one)
            elif code in seen:
                confirmed.add(code)
                agreed = _felt(one, seen[code].value) if prediction.judged else one
                kept.append(agreed._replace(confidence=float(prediction.presence[place[code]])))
            elif not prediction.judged:
                kept.append(one._replace(confidence=float(prediction.presence[place[code]])))
        for code, sight in seen.items():
            if code not in confirmed and code in first:
                sentiment, sure = sentiment_of(sight.value), float(prediction.presence[place[code]])
                stretch = (sight.start, sight.end, None, ())
                kept.append(Found(first[code], sentiment, sight.value, sure, *stretch, intent_of(sentiment, 0, 0), Expectation.UNSAID))
        return kept


def _felt(one: Found, value: float) -> Found:
    sentiment = sentiment_of(value)
    intent = one.intent if sentiment == one.sentiment else intent_of(sentiment, 0, 0)
    return one._replace(sentiment=sentiment, value=value, intent=intent)
