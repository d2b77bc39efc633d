"""The coder scored on a labelled file: it codes as the agents do, and a crosswalk turns its tags into the file's codes.

Each crosswalk says with its name how its file is laid out:

    bdci2018        content_id, content, subject, sentiment_value: one row a (text, subject)
    complaints      desc, problem: codes separated by commas
    complaints2024  投诉简述, 投诉问题: one class a text
    absa            domain, text, text_masked, aspect, polarity: the feeling at the place of $T$
    edmunds         Review, and a column an aspect with -1, 0 or 1
    tags            tag, zh, en: a tag of the frame, and the same said in two languages; no crosswalk is needed

A crosswalk may also name the columns of the vehicle; where a file has them, its events carry them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from codeframe import crosswalk as crosswalks
from codeframe.coder import Coder
from codeframe.metrics import Bin, Labels, Row, agreement, by_label, confusions, micro, reliability
from codeframe.offline import code_texts
from codeframe.text.cleaner import Cleaner
from schemas.coded import CodedUtterance
from schemas.common import Attributes

Line = Mapping[str, str]
Pairs = list[tuple[Labels, Labels]]
Coded = list[CodedUtterance]
TAGS = "tags"
Triples = frozenset[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Score:
    """The figures of one file: `metrics` over all, `labels` one by one, what was taken for what, and how far confidences hold.

    `twice` texts stand in the file more than once; `kappa` is how well their labels agree.
    """

    crosswalk: str
    texts: int
    metrics: dict[str, float]
    labels: dict[str, Row]
    confusions: list[tuple[str, str, int]]
    reliability: list[Bin] = field(default_factory=list)
    twice: int = 0
    kappa: float = 0.0

    def as_json(self) -> dict[str, object]:
        """One flat object: the metrics by their names, and the rest beside them."""
        labels = {
            label: {"precision": row.precision, "recall": row.recall, "f1": row.f1, "count": row.actual, "predicted": row.predicted}
            for label, row in self.labels.items()
        }
        rest = {
            "labels": labels,
            "confusions": self.confusions,
            "reliability": [one._asdict() for one in self.reliability],
            "labelled_twice": self.twice,
            "kappa": self.kappa if self.twice else None,
        }
        return {"crosswalk": self.crosswalk, "texts": self.texts, **self.metrics, **rest}


class ScoringError(ValueError):
    """The file cannot be scored: a column is missing, or no layout is known for the crosswalk."""


@dataclass(frozen=True, slots=True)
class Scorer:
    """A coder, the cleaner before it, and the moment that events carry."""

    coder: Coder
    cleaner: Cleaner
    now: datetime

    def score(self, crosswalk: str, lines: Sequence[Line]) -> Score:
        """Score the lines of a file.

        Raises:
            ScoringError: a column is missing, or the crosswalk has no file layout.
            FrameError: the frame has no such crosswalk.
        """
        if crosswalk not in _LAYOUTS:
            raise ScoringError(f"crosswalk {crosswalk}: no file layout is known; known are {', '.join(_LAYOUTS)}")
        columns, layout = _LAYOUTS[crosswalk]
        if not lines:
            raise ScoringError("the file has no rows under its header")
        missing = [column for column in columns if column not in lines[0]]
        if missing:
            raise ScoringError(f"the file lacks the column {missing[0]}, which the crosswalk {crosswalk} reads")
        short = next(((row, column) for row, line in enumerate(lines, 1) for column in columns if line[column] is None), None)
        if short:
            raise ScoringError(f"row {short[0]}: {short[1]}: is missing, the row is too short")
        frame = self.coder.frame
        mapping = crosswalks.identity(frame) if crosswalk == TAGS else crosswalks.load_mapping(frame, crosswalk)
        return layout(self, mapping, lines)

    def code(self, texts: Sequence[str], attributes: Sequence[Attributes] = ()) -> list[Coded]:
        return list(code_texts(self.coder, self.cleaner, texts, self.now, attributes))

    def vehicles(self, crosswalk: str, lines: Sequence[Line]) -> list[Attributes]:
        """The vehicle of each line, where the crosswalk names its columns and the file has them."""
        columns = self.coder.frame.crosswalk(crosswalk).vehicle
        if columns is None or not {columns.brand, *columns.model} <= lines[0].keys():
            return []
        models = [" ".join(line[column].strip() for column in columns.model if line[column]) for line in lines]
        brands = [line[columns.brand].strip() for line in lines]
        return [Attributes(brand=brand or None, model=model or None) for brand, model in zip(brands, models, strict=True)]


def _number(row: int, line: Line, column: str) -> int:
    """A feeling in row `row`, from 1. Raises ScoringError."""
    try:
        return int(float(line[column] or 0))
    except (TypeError, ValueError):
        raise ScoringError(f"row {row}: {column}: expected -1, 0 or 1, or nothing") from None


def _judged(score: Score, texts: Sequence[str], truth: Sequence[Labels], coded: Sequence[Coded], mapping: crosswalks.Mapping) -> Score:
    """With the reliability of the coder's confidences, and the agreement of the labels of texts that stand twice."""
    guesses = [(sure, code in known) for known, one in zip(truth, coded, strict=True) for code, sure in _confidences(one, mapping).items()]
    twice, kappa = agreement(texts, truth)
    return replace(score, reliability=reliability(guesses), twice=twice, kappa=kappa)


def _confidences(coded: Coded, mapping: crosswalks.Mapping) -> dict[str, float]:
    """The codes of a text, each with the confidence of its surest opinion."""
    best: dict[str, float] = {}
    for utterance in coded:
        for opinion in utterance.opinions:
            if code := mapping.home.get(opinion.tag):
                best[code] = max(best.get(code, 0.0), opinion.confidence)
    return best


def _codes(coded: Coded, mapping: crosswalks.Mapping) -> dict[str, int]:
    """The codes of a text, each with the feeling of its surest opinion that has one."""
    best: dict[str, tuple[float, int]] = {}
    for utterance in coded:
        for opinion in utterance.opinions:
            code = mapping.home.get(opinion.tag)
            if code is not None:
                weight = opinion.confidence + abs(opinion.sentiment_score)
                best[code] = max(best.get(code, (-1.0, 0)), (weight, opinion.sentiment))
    return {code: sentiment for code, (_, sentiment) in best.items()}


def _triples(name: str, truth: Sequence[Triples], guesses: Sequence[Triples]) -> Score:
    """Of (subject, sentiment) pairs: all of them, those that are not neutral, and the subjects alone."""
    both = list(zip(truth, guesses, strict=True))
    subjects: Pairs = [(_subjects(one), _subjects(other)) for one, other in both]
    polar = micro((_polar(one), _polar(other)) for one, other in both)
    metrics = {"triple_f1": micro(both).f1, "polar_f1": polar.f1, "subject_f1": micro(subjects).f1}
    return Score(name, len(both), metrics, by_label(subjects), confusions(subjects))


def _subjects(triples: Triples) -> Labels:
    return frozenset(subject for subject, _ in triples)


def _polar(triples: Triples) -> Labels:
    return frozenset(triple for triple in triples if triple[1])


def _bdci2018(scorer: Scorer, mapping: crosswalks.Mapping, lines: Sequence[Line]) -> Score:
    texts: dict[str, str] = {}
    truth: dict[str, set[tuple[str, int]]] = defaultdict(set)
    for row, line in enumerate(lines, 1):
        texts[line["content_id"]] = line["content"]
        truth[line["content_id"]].add((line["subject"], _number(row, line, "sentiment_value")))
    coded = scorer.code(list(texts.values()))
    actual = [frozenset(truth[key]) for key in texts]
    score = _triples("bdci2018", actual, [frozenset(_codes(one, mapping).items()) for one in coded])
    return _judged(score, list(texts.values()), [_subjects(one) for one in actual], coded, mapping)


def _complaints(scorer: Scorer, mapping: crosswalks.Mapping, lines: Sequence[Line]) -> Score:
    truth = [frozenset(code.strip() for code in line["problem"].split(",") if code.strip()) for line in lines]
    coded = scorer.code([line["desc"] for line in lines])
    pairs: Pairs = [(codes, frozenset(_codes(one, mapping))) for codes, one in zip(truth, coded, strict=True)]
    heads: Pairs = [(_heads(one), _heads(other)) for one, other in pairs]
    metrics = {"head_f1": micro(heads).f1, "code_f1": micro(pairs).f1}
    score = Score("complaints", len(pairs), metrics, by_label(pairs), confusions(pairs))
    return _judged(score, [line["desc"] for line in lines], truth, coded, mapping)


def _heads(codes: Labels) -> Labels:
    return frozenset(str(code)[0] for code in codes)


def _complaints2024(scorer: Scorer, mapping: crosswalks.Mapping, lines: Sequence[Line]) -> Score:
    coded = scorer.code([line["投诉简述"] for line in lines], scorer.vehicles("complaints2024", lines))
    pairs: Pairs = [(frozenset({line["投诉问题"]}), _likeliest(one, mapping)) for line, one in zip(lines, coded, strict=True)]
    metrics = {"accuracy": micro(pairs).recall}
    score = Score("complaints2024", len(pairs), metrics, by_label(pairs), confusions(pairs))
    return _judged(score, [line["投诉简述"] for line in lines], [truth for truth, _ in pairs], coded, mapping)


def _likeliest(coded: Coded, mapping: crosswalks.Mapping) -> Labels:
    """The one class that most confidence speaks for; a bad experience counts double."""
    weight: dict[str, float] = defaultdict(float)
    for utterance in coded:
        for opinion in utterance.opinions:
            if code := mapping.home.get(opinion.tag):
                weight[code] += opinion.confidence * (2 if opinion.sentiment < 0 else 1)
    return frozenset({max(weight, key=weight.__getitem__)}) if weight else frozenset()


def _absa(scorer: Scorer, mapping: crosswalks.Mapping, lines: Sequence[Line]) -> Score:
    """The feeling of the opinion nearest to the given term, of a tag that the domain's code covers."""
    rows = [line for line in lines if line["domain"] in mapping.tags]
    coded = scorer.code([line["text"] for line in rows])
    pairs: Pairs = [(frozenset({line["polarity"]}), _feeling_at(line, one)) for line, one in zip(rows, coded, strict=True)]
    return Score("absa", len(pairs), {"accuracy": micro(pairs).recall}, by_label(pairs), confusions(pairs))


def _feeling_at(line: Line, coded: Coded) -> Labels:
    place = line["text_masked"].find("$T$")
    nearest: tuple[float, float] = (float("inf"), 0.0)
    for utterance in coded:
        for opinion in utterance.opinions:
            span = opinion.aspect or opinion.evidence
            nearest = min(nearest, (abs(span.start - place) + (0 if opinion.sentiment else 100), opinion.sentiment_score))
    return frozenset({"Positive" if nearest[1] > 0 else "Negative"}) if nearest[1] else frozenset()


def _edmunds(scorer: Scorer, mapping: crosswalks.Mapping, lines: Sequence[Line]) -> Score:
    aspects = [code for code in mapping.tags if code in lines[0]]
    felt = [[(aspect, _number(row, line, aspect)) for aspect in aspects] for row, line in enumerate(lines, 1)]
    truth = [frozenset(one for one in row if one[1]) for row in felt]
    coded = scorer.code([line["Review"] for line in lines])
    guesses = [frozenset(item for item in _codes(one, mapping).items() if item[1]) for one in coded]
    score = _triples("edmunds", truth, guesses)
    score = replace(score, metrics={"f1": score.metrics["triple_f1"]})
    return _judged(score, [line["Review"] for line in lines], [_subjects(one) for one in truth], coded, mapping)


def _surest(known: dict[str, float]) -> Labels:
    return frozenset({max(known, key=known.__getitem__)}) if known else frozenset()


def _tags(scorer: Scorer, mapping: crosswalks.Mapping, lines: Sequence[Line]) -> Score:
    """The tag that the coder is surest of, in either language, and whether it is the same in both."""
    truth = [line["tag"] for line in lines]
    unknown = next((row for row, tag in enumerate(truth, 1) if tag not in mapping.home), None)
    if unknown:
        raise ScoringError(f"row {unknown}: tag: {truth[unknown - 1]} is no tag of {scorer.coder.frame.version}")
    zh, en = ([_confidences(one, mapping) for one in scorer.code([line[language] for line in lines])] for language in ("zh", "en"))
    pairs: list[Pairs] = [[(frozenset({tag}), _surest(one)) for tag, one in zip(truth, some, strict=True)] for some in (zh, en)]
    metrics = {
        "zh": micro(pairs[0]).recall,
        "en": micro(pairs[1]).recall,
        "same": sum(one == other and len(one) for (_, one), (_, other) in zip(*pairs, strict=True)) / len(lines),
        "share": sum(bool(one.keys() & other.keys()) for one, other in zip(zh, en, strict=True)) / len(lines),
    }
    both = [*pairs[0], *pairs[1]]
    guesses = [(sure, tag == wanted) for some in (zh, en) for wanted, one in zip(truth, some, strict=True) for tag, sure in one.items()]
    return Score(TAGS, len(lines), metrics, by_label(both), confusions(both), reliability(guesses))


_Layout = Callable[[Scorer, crosswalks.Mapping, Sequence[Line]], Score]
_LAYOUTS: dict[str, tuple[tuple[str, ...], _Layout]] = {
    "bdci2018": (("content_id", "content", "subject", "sentiment_value"), _bdci2018),
    "complaints": (("desc", "problem"), _complaints),
    "complaints2024": (("投诉简述", "投诉问题"), _complaints2024),
    "absa": (("domain", "text", "text_masked", "aspect", "polarity"), _absa),
    "edmunds": (("Review",), _edmunds),
    TAGS: (("tag", "zh", "en"), _tags),
}
