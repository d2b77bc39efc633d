import pytest

from codeframe.metrics import Row, agreement, by_label, confusions, kappa, micro, reliability


def test_micro_counts_every_label_alike() -> None:
    pairs = [(frozenset("ab"), frozenset("ac")), (frozenset("b"), frozenset("b"))]
    assert micro(pairs) == Row(hits=2, predicted=3, actual=3)
    assert micro(pairs).f1 == pytest.approx(2 / 3)
    assert by_label(pairs)["b"] == Row(1, 1, 2)
    assert confusions(pairs) == [("b", "c", 1)]
    assert Row(0, 0, 0).f1 == 0


def test_kappa_is_agreement_beyond_chance() -> None:
    assert kappa("aabb", "aabb") == 1
    assert kappa("aabb", "abab") == 0
    assert kappa("aaab", "aaba") == pytest.approx(-1 / 3)
    assert kappa("", "") == 0


def test_reliability_compares_confidence_with_being_right() -> None:
    low, high = reliability([(0.9, True), (0.92, False), (0.1, False), (1.0, True)])
    assert low == (1, 0.1, 0.0)
    assert high == pytest.approx((3, 0.94, 2 / 3))


def test_agreement_is_of_texts_that_stand_twice() -> None:
    labels = [frozenset("a"), frozenset("b"), frozenset("a"), frozenset("b"), frozenset("c")]
    assert agreement(["x", "y", "x", "y", "z"], labels) == (2, 1.0)
    assert agreement(["x", "y", "x", "y"], [frozenset("a"), frozenset("b"), frozenset("b"), frozenset("a")]) == (2, -1.0)
