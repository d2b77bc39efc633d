import pytest

from codeframe.metrics import Row, by_label, confusions, kappa, micro


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
