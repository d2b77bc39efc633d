"""Hashed n-grams: the same of a text in every batch, in every script and width, and where they stand."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from codeframe.learned.ngrams import BUCKETS, Bags, extract, pool

TABLE = np.random.default_rng(0).normal(size=(BUCKETS, 4)).astype(np.float32)


def buckets(bags: Bags, text: int) -> list[list[int]]:
    return [bags.buckets[bags.starts[c] : bags.starts[c + 1]].tolist() for c in np.flatnonzero(bags.text_of == text)]


@settings(deadline=None)
@given(st.lists(st.text(max_size=30), min_size=1, max_size=6))
def test_a_text_has_the_same_ngrams_in_every_batch(texts: list[str]) -> None:
    together = extract(texts)
    for at, text in enumerate(texts):
        assert buckets(together, at) == buckets(extract([text]), 0)


@settings(deadline=None)
@given(st.lists(st.text(max_size=30), min_size=1, max_size=6))
def test_every_text_has_a_clause_and_every_clause_lies_in_its_text(texts: list[str]) -> None:
    bags = extract(texts)
    assert sorted(set(bags.text_of.tolist())) == list(range(len(texts)))
    for (start, end), text in zip(bags.spans.tolist(), bags.text_of.tolist(), strict=True):
        assert 0 <= start <= end <= len(texts[text])


def test_clauses_are_cut_at_stops_and_english_is_not_cut_at_spaces() -> None:
    texts = ["动力不错，就是油耗高。", "the gear box is bad, noisy"]
    bags = extract(texts)
    found = [texts[text][start:end].strip() for (start, end), text in zip(bags.spans.tolist(), bags.text_of.tolist(), strict=True)]
    assert found == ["动力不错", "就是油耗高", "the gear box is bad", "noisy"]


def test_traditional_wide_and_upper_case_are_the_same_words() -> None:
    assert buckets(extract(["發動機ＡＢＣ１２"]), 0) == buckets(extract(["发动机abc34"]), 0)


def test_english_words_and_pairs_are_features_wherever_they_stand() -> None:
    one, other = extract(["bad brakes"]), extract(["very bad brakes indeed"])
    assert set(one.buckets.tolist()) & set(other.buckets.tolist()) != set(extract(["bad"]).buckets.tolist())
    assert set(extract(["brakes"]).buckets.tolist()) <= set(one.buckets.tolist())


def test_pool_is_the_sum_of_the_rows_of_each_clause_however_it_is_blocked() -> None:
    bags = extract(["动力不错，就是油耗高。", "", "底盘很硬，过减速带太颠"])
    wanted = np.stack([TABLE[bags.buckets[a:b]].sum(0) for a, b in zip(bags.starts[:-1], bags.starts[1:], strict=True)])
    for block in (1, 7, 1024):
        np.testing.assert_allclose(pool(TABLE, bags, block), wanted, atol=1e-4)
