"""Thresholds, biases, calibration and the weight of words."""

from __future__ import annotations

import numpy as np
import pytest

from codeframe.learned.fusion import NO_WORDS, Fusion, Words
from codeframe.learned.heads import ENGLISH, REVIEW, Heads, blend
from codeframe.learned.rules import AspectRule, CodeRule, Scale, logit, sigmoid

HEAD_OF = np.array([0, 0, 1])


def heads(kind: int = REVIEW) -> Heads:
    """One text: an aspect that is hardly there and neutral, three codes of two heads, one category."""
    return Heads(
        np.array([[[0.7, 0.1, 0.15, 0.05]]]),
        np.array([[0.3, 0.1, 0.2]]),
        np.array([[0.4, 0.2]]),
        np.array([[0.1, 0.9]]),
        np.array([[0.2, 0.3, 0.5]]),
        np.eye(5)[[kind]],
    )


def test_an_aspect_stands_from_the_threshold_and_the_likeliest_from_the_floor() -> None:
    probability = np.array([[[0.6, 0.1, 0.2, 0.1], [0.7, 0.3, 0, 0]], [[0.95, 0.05, 0, 0], [0.99, 0, 0, 0.01]]])
    assert AspectRule(0.35, 0.2, 0).apply(probability).tolist() == [[2, 0], [0, 0]]
    assert AspectRule(0.5, 0.2, 0).apply(probability).tolist() == [[2, 0], [0, 0]]
    assert AspectRule(0.25, 0.2, -1).apply(probability).tolist() == [[1, 1], [0, 0]]


def test_a_likely_head_without_a_code_brings_its_likeliest_code() -> None:
    codes, by_head = np.array([[0.6, 0.1, 0.3]]), np.array([[0.7, 0.55]])
    assert CodeRule(0.5, 2, 0.9).apply(codes, by_head, HEAD_OF).tolist() == [[True, False, False]]
    assert CodeRule(0.5, 0.5, 0.9).apply(codes, by_head, HEAD_OF).tolist() == [[True, False, True]]


def test_words_raise_what_they_name_and_turn_how_it_felt() -> None:
    words = Words(np.array([[0.8, 0, 0.9, 0, 0]]), np.array([[-1.0, 0, -1, 0, 0]]))
    after = Fusion(aspect=3, feeling=3, code=2, category=1).apply(heads(), words, HEAD_OF)
    assert logit(1 - after.aspects[0, 0, :1]) == pytest.approx(logit(np.array([0.3])) + 3 * 0.8)
    assert after.aspects[0, 0].argmax() == 1
    assert logit(after.codes[0]) == pytest.approx(logit(np.array([0.3, 0.1, 0.2])) + np.array([0, 1.8, 0]))
    assert logit(after.heads[0]) == pytest.approx(logit(np.array([0.4, 0.2])) + np.array([1.8, 0]))
    assert after.category.sum() == pytest.approx(1)


def test_english_has_weights_of_its_own_and_no_words_change_nothing() -> None:
    words = Words(np.full((1, 5), 0.5), np.full((1, 5), -0.5))
    fusion = Fusion(aspect=3, english_aspect=0)
    assert fusion.apply(heads(ENGLISH), words, HEAD_OF).aspects == pytest.approx(heads().aspects)
    assert fusion.apply(heads(REVIEW), words, HEAD_OF).aspects != pytest.approx(heads().aspects)
    for same, before in zip(NO_WORDS.apply(heads(), words, HEAD_OF), heads(), strict=True):
        assert same == pytest.approx(before, abs=1e-6)


def test_scaling_moves_logits() -> None:
    assert Scale(2, 1).apply(np.array([0.5, 0.9])) == pytest.approx(sigmoid(2 * logit(np.array([0.5, 0.9])) + 1))


def test_a_blend_lies_between_its_parts_and_takes_the_kind_of_the_second() -> None:
    other = heads(ENGLISH)._replace(codes=np.array([[0.9, 0.1, 0.9]]))
    mixed = blend(heads(), other, 0.5)
    assert ((mixed.codes >= heads().codes - 1e-6) & (mixed.codes <= other.codes + 1e-6)).all()
    assert mixed.kind.argmax() == ENGLISH
    assert mixed.aspects.sum(-1) == pytest.approx(1)
