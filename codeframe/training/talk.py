"""The weights of what talk is coded by: words, meaning and letters."""

from __future__ import annotations

import numpy as np

from codeframe.analysis import Analyst
from codeframe.examples import held_out, read_examples
from codeframe.finding import found_in
from codeframe.frame import Frame
from codeframe.learned.rules import softmax
from codeframe.learned.seam import Floats, GroupModel, Ints
from codeframe.talking import WEIGHTS, Talk, Weights, certainties
from codeframe.training.smalltalk import smalltalk

_STEPS, _LEAST = 30, 1e-3
_RIDGE = 1e-6


def fit_weights(frame: Frame, model: GroupModel) -> tuple[Weights, float]:
    """The likeliest weights for the examples that no model was told and for small talk, and the mean log loss under them.

    Raises:
        ValueError: the frame has no examples, or the model reads no meanings.
    """
    examples, meanings = held_out(read_examples(frame)), model.meanings(frame)
    if not examples or meanings is None:
        raise ValueError(f"{frame.version}: no examples are held out, or the model reads no meanings")
    number = {tag.id: at for at, tag in enumerate(frame.tags)}
    said = [(text, number[one.tag]) for one in examples for text in (one.zh, one.en)]
    nothing = [(example.text, len(frame.tags)) for example in smalltalk()]
    times = [1] * len(said) + [max(1, len(said) // len(nothing))] * len(nothing)  # every second thing that is said in a call says nothing
    said += nothing
    texts = [text for text, _ in said]
    found = [found_in(analysis) for analysis in Analyst(frame).analyse(texts)]
    features = np.zeros((len(texts), len(frame.tags) + 1, len(WEIGHTS)), np.float32)
    features[:, :-1, :2] = np.stack(Talk(frame, model, meanings).parts(texts), -1)
    features[:, :-1, 2] = certainties(found, len(frame.tags))
    features[:, -1, 3] = 1  # nothing to code
    weights, loss = likeliest(features.repeat(times, 0), np.array([tag for _, tag in said]).repeat(times))
    return Weights(*(round(float(weight), 1) for weight in weights)), loss


def likeliest(features: Floats, chosen: Ints) -> tuple[Floats, float]:
    """The weights (f,) under which n choices, each among c with features (n, c, f), are likeliest, and their mean log loss: a conditional
    logit by Newton's method with halved steps (McFadden, "Conditional Logit Analysis of Qualitative Choice Behavior", 1974)."""
    weights = np.zeros(features.shape[2])
    loss, way = _loss(features, chosen, weights)
    for _ in range(_STEPS):
        step = 1.0
        while (better := _loss(features, chosen, weights - step * way))[0] >= loss:
            step /= 2
            if step < _LEAST:
                return weights, loss
        weights = weights - step * way
        loss, way = better
    return weights, loss


def _loss(features: Floats, chosen: Ints, weights: Floats) -> tuple[float, Floats]:
    """The mean log loss and Newton's step."""
    share, rows = softmax(features @ weights), np.arange(len(features))
    mean = np.einsum("nc,ncf->nf", share, features)
    second = np.einsum("nc,ncf,ncg->fg", share, features, features, optimize=True) - mean.T @ mean
    way = np.linalg.solve(second / len(rows) + _RIDGE * np.eye(len(weights)), (mean - features[rows, chosen]).mean(0))
    return -float(np.log(share[rows, chosen].clip(1e-9)).mean()), way
