"""From a folder of labelled files to a model in files, with its figures by cross-validation."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from codeframe.frame import Frame
from codeframe.learned.decider import Decider
from codeframe.learned.deep import save_meanings
from codeframe.learned.fusion import Fusion
from codeframe.learned.heads import Heads, blend, with_aspects
from codeframe.learned.ngrams import extract
from codeframe.learned.reviews import ReviewNets
from codeframe.learned.rules import Scale
from codeframe.learned.seam import Bools, Floats, Ints
from codeframe.learned.wide import Wide
from codeframe.training.data import Example, read_folder, read_taxonomy
from codeframe.training.decide import choose_aspect_rule, fit_scale, reliability
from codeframe.training.evaluate import Evaluation, evaluate
from codeframe.training.export import decider_of, kinds_of, save_deep, save_fast
from codeframe.training.labels import KIND_OF_SOURCE, Taxonomy, targets, taxonomy_examples
from codeframe.training.linear import train_wide
from codeframe.training.pieces import pieces
from codeframe.training.reviews import ReviewPlan, save_nets, train_nets
from codeframe.training.smalltalk import sentences, smalltalk, talk
from codeframe.training.student import Corpus, Student, StudentPlan, predict_student, soften, train_student
from codeframe.training.teacher import Plan, fit, predict, prepare
from codeframe.training.words import choose_fusion, words_of

log = logging.getLogger(__name__)

TAXONOMY_FILE = "auto_complaints_taxonomy.csv"
TEACHER_FILE, HELDOUT_FILE, CHECKPOINT_FILE, MODEL_FILE = "teacher.npz", "heldout.npz", "checkpoint.pt", "model.json"
TOLD_FILE = "told.npz"
_SHARES = (0.35, 0.5, 0.65, 0.8)
_REVIEW_SHARES = (0.0, 0.2, 0.35, 0.5)
Curve = list[tuple[float, float, int]]


class Report(NamedTuple):
    """Held-out figures: how many texts, the scores of the model alone, the weight of words, the rules and scores with them, calibration,
    and reliability curves before and after it."""

    texts: int
    folds: tuple[int, ...]
    alone: dict[str, dict[str, float]]
    fusion: Fusion
    found: Evaluation
    scales: tuple[Scale, Scale, Scale]
    curves: dict[str, tuple[Curve, Curve]]


def read_everything(data: Path, seed: int) -> tuple[list[Example], Taxonomy]:
    """Every labelled text, the names of the codes, and small talk; always in one order."""
    labelled = read_folder(data, seed)
    path = data / TAXONOMY_FILE
    codes = sorted({code for example in labelled for code in example.codes}) or ["A1"]
    taxonomy = Taxonomy.of(read_taxonomy(path) if path.exists() else {code: (code[0], code) for code in codes})
    return [*labelled, *taxonomy_examples(taxonomy), *smalltalk(seed)], taxonomy


def report(
    examples: Sequence[Example], alone: Heads, taxonomy: Taxonomy, folds: tuple[int, ...], frame: Frame, vehicles: Floats | None = None
) -> Report:
    """The figures of held-out predictions; row i of `alone` is of example i, and of `vehicles` what its vehicle speaks for."""
    wanted = targets(examples, taxonomy)
    words = words_of(examples, frame, kinds_of(taxonomy))
    cars = np.zeros((len(examples), alone.category.shape[1] - 1), np.float32) if vehicles is None else vehicles
    fusion = choose_fusion(examples, alone, words, taxonomy, cars)
    own = np.eye(alone.kind.shape[1], dtype=np.float32)[np.maximum(wanted.kind, 0)]
    given = fusion.apply(alone._replace(kind=own), words, taxonomy.head_of, cars)
    of = lambda source: np.array([i for i, e in enumerate(examples) if e.source == source], np.int64)  # noqa: E731
    reviews, titles, stories = of("bdci2018"), of("complaints"), of("complaints2024")
    category = given.category[stories, 1:] / given.category[stories, 1:].sum(1, keepdims=True).clip(1e-6)
    cases: dict[str, tuple[Floats, Bools]] = {
        "aspects": (1 - given.aspects[reviews][:, :-1, 0], wanted.aspects[reviews][:, :-1] > 0),
        "codes": (given.codes[titles], wanted.codes[titles] > 0),
        "categories": (category, np.eye(category.shape[1], dtype=bool)[np.maximum(wanted.category[stories] - 1, 0)]),
    }
    scales = {name: fit_scale(*case) if case[0].size else Scale() for name, case in cases.items()}
    curves = {name: (reliability(p, true), reliability(scales[name].apply(p), true)) for name, (p, true) in cases.items() if p.size}
    return Report(
        len(examples),
        folds,
        evaluate(examples, wanted, alone, taxonomy).scores,
        fusion,
        evaluate(examples, wanted, given, taxonomy),
        (scales["aspects"], scales["codes"], scales["categories"]),
        curves,
    )


class Fast(NamedTuple):
    """What training the fast tier needs, made once: examples, then pieces of the long ones, of which the teacher knows nothing."""

    examples: list[Example]
    taxonomy: Taxonomy
    corpus: Corpus
    teacher: Heads | None
    talk: list[Example]

    @staticmethod
    def of(examples: list[Example], taxonomy: Taxonomy, teacher: Heads | None, frame: Frame) -> Fast:
        everything = [*examples, *pieces(examples)]
        return Fast(everything, taxonomy, Corpus.of(everything), teacher, talk(frame))

    def train(self, rows: Ints, plan: StudentPlan) -> tuple[Student, Wide]:
        """The net and the linear models, of the examples at `rows`."""
        hard = targets(self.examples, self.taxonomy)
        torch.manual_seed(plan.seed)
        torch.set_num_threads(plan.threads)
        model = Student(plan.width, hard.aspects.shape[1], len(self.taxonomy.codes), len(self.taxonomy.heads), plan.dropout)
        train_student(model, self.corpus, soften(self.examples, hard, self.teacher, plan), rows, plan)
        return model, train_wide([self.examples[i] for i in rows], self.taxonomy, self.talk)

    def predict(self, model: tuple[Student, Wide], rows: Ints) -> Heads:
        """What both make of the texts at `rows`, each as a text of its own kind."""
        heads = predict_student(model[0], self.corpus, rows)
        few = [self.examples[i] for i in rows]
        own = [max(KIND_OF_SOURCE.get(example.source, 0), 0) for example in few]
        heads = heads._replace(kind=np.eye(heads.kind.shape[1], dtype=np.float32)[own])
        return model[1].join(heads, extract([example.text for example in few]))


def train_fast(
    data: Path, out: Path, plan: StudentPlan, version: str, teacher: Path | None, folds: tuple[int, ...], frame: Frame
) -> Report:
    """Train the fast tier on every fold, with figures of `folds`, each by a model that did not see it. With a teacher, name only folds
    that it did not see either. Beside the model it writes `heldout.npz`: what the models made of those folds, for `join_deep`."""
    examples, taxonomy = read_everything(data, plan.split)
    told = load_heads(teacher) if teacher else None
    unlabelled = sentences(frame) if told else []
    if told and len(told.aspects) != (count := len(examples) + len(unlabelled)):
        raise ValueError(f"{teacher}: made from other data: it has {len(told.aspects)} texts, the folder and the frame {count}")
    fast = Fast.of([*examples, *unlabelled], taxonomy, told, frame)
    fold = np.array([example.fold for example in fast.examples])
    parts, cars, tested = [], [], []
    for held in folds:
        test = np.flatnonzero(fold[: len(examples)] == held)
        model = fast.train(np.flatnonzero(fold != held), plan)
        parts.append(fast.predict(model, test))
        cars.append(model[1].vehicles([examples[i].vehicle for i in test]))
        tested += test.tolist()
        log.info("fold %d done", held)
    given = Heads(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))
    vehicles = np.concatenate(cars)
    save_heads(given, out / HELDOUT_FILE, vehicles)
    made = report([examples[i] for i in tested], given, taxonomy, folds, frame, vehicles)
    save_fast(*fast.train(np.arange(len(fold)), plan), decider_of(version, taxonomy, made.found, made.scales, made.fusion), out)
    return made


def train_deep(
    data: Path, weights: Path, out: Path, plan: Plan, version: str, frame: Frame, finish: int, checkpoint: Path | None
) -> Report:
    """Fine-tune on four folds with figures of the fifth, then `finish` epochs at a sixth of the rate on all. Beside the model it writes
    `teacher.npz`, what the net of four folds makes of every text and of the frame's sentences, for `train_fast`, and after each epoch
    `checkpoint.pt`."""
    examples, taxonomy = read_everything(data, plan.split)
    teacher = prepare(weights, [*examples, *sentences(frame)], taxonomy, frame, plan, checkpoint)
    fold = np.array([example.fold for example in examples])
    fit(teacher, examples, shown(examples, fold != 0), plan, lambda epoch, loss: teacher.save(out / CHECKPOINT_FILE, epoch))
    everything = predict(teacher.net, teacher.rows, plan.frozen)
    save_heads(everything, out / TEACHER_FILE)
    held = np.flatnonzero(fold == 0)
    made = report([examples[i] for i in held], Heads(*(array[held] for array in everything)), taxonomy, (0,), frame)
    if finish:
        last = replace(plan, epochs=finish, rate=plan.rate / 6, head_rate=plan.head_rate / 6)
        fit(teacher._replace(epoch=0), examples, shown(examples, fold >= -1), last)
    save_deep(teacher.net, teacher.tokenizer, decider_of(version, taxonomy, made.found, made.scales, made.fusion), out)
    save_meanings(out, frame)
    return made


def train_reviews(data: Path, out: Path, plan: ReviewPlan) -> dict[str, float]:
    """Train the nets of reviews on every fold. Beside them it writes `told.npz`, what nets that did not see it make of the first fold, for
    `join_deep`. Returns the figures there.

    Raises:
        ValueError: the folder has no reviews.
    """
    examples, taxonomy = read_everything(data, plan.split)
    reviews = [example for example in examples if example.source == "bdci2018"]
    held = [review for review in reviews if review.fold == 0]
    if not held or len(held) == len(reviews):
        raise ValueError(f"{data}: bdci2018_auto.csv is missing or has too few reviews")
    nets = ReviewNets(*train_nets([review for review in reviews if review.fold != 0], taxonomy, plan))
    told = nets.aspects([review.text for review in held])
    save_nets(*train_nets(reviews, taxonomy, plan), out)
    np.savez_compressed(out / TOLD_FILE, aspects=told.astype(np.float16))
    return choose_aspect_rule(told, targets(held, taxonomy).aspects[:, :-1])[1]


def shown(examples: Sequence[Example], seen: Bools) -> list[int]:
    """The rows of an epoch: titles, of which there are few and whose codes are many, come twice."""
    rows = np.flatnonzero(seen).tolist()
    return rows + [i for i in rows if examples[i].source == "complaints"]


def join_deep(data: Path, deep: Path, fast: Path, seed: int, frame: Frame) -> tuple[str, Report]:
    """Choose how much the encoder counts beside the fast tier, and the nets of reviews beside both, and the rules of all together, on the
    fold that none saw, and write them into the deep model, whose version comes with the figures."""
    examples, taxonomy = read_everything(data, seed)
    held = [i for i, example in enumerate(examples) if example.fold == 0]
    encoder = Heads(*(array[held] for array in load_heads(deep / TEACHER_FILE)))
    few, beside = [examples[i] for i in held], load_heads(fast / HELDOUT_FILE)
    wanted, worth = targets(few, taxonomy), lambda heads: _worth(evaluate(few, wanted, heads, taxonomy))
    share = max(_SHARES, key=lambda share: worth(blend(encoder, beside, share)))
    joined, reviews = blend(encoder, beside, share), 0.0
    if (deep / TOLD_FILE).exists():
        rows = np.array([at for at, example in enumerate(few) if example.source == "bdci2018"])
        with np.load(deep / TOLD_FILE) as stored:
            told = stored["aspects"].astype(np.float32)
        if len(told) != len(rows):
            raise ValueError(f"{deep / TOLD_FILE}: made from other data: it has {len(told)} reviews and the first fold {len(rows)}")
        reviews = max(_REVIEW_SHARES, key=lambda share: worth(with_aspects(joined, rows, told, share)))
        joined = with_aspects(joined, rows, told, reviews)
    with np.load(fast / HELDOUT_FILE) as stored:
        vehicles = stored["vehicles"].astype(np.float32)
    made = report(few, joined, taxonomy, (0,), frame, vehicles)
    version = Decider.load(deep / MODEL_FILE).version
    decider_of(version, taxonomy, made.found, made.scales, made.fusion, share, reviews).save(deep / MODEL_FILE)
    return version, made


def _worth(found: Evaluation) -> float:
    """The sum of the figures that the coder is judged by."""
    return sum(value for row in found.scores.values() for name, value in row.items() if name != "polarity_accuracy")


def save_heads(heads: Heads, path: Path, vehicles: Floats | None = None) -> None:
    """Probabilities, and what the vehicles speak for, in half precision."""
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = heads._asdict() | ({} if vehicles is None else {"vehicles": vehicles})
    np.savez_compressed(path, **{name: array.astype(np.float16) for name, array in arrays.items()})


def load_heads(path: Path) -> Heads:
    with np.load(path) as stored:
        return Heads(*(stored[name].astype(np.float32) for name in Heads._fields))
