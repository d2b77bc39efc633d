from codeframe.learned.letters import Letters
from codeframe.meanings import Line

LINES = [Line(0, "排队排了一下午", True), Line(0, "stood in line all afternoon", True), Line(1, "屋里一股烟味", True)]


def test_what_shares_most_letters_is_most_alike() -> None:
    letters = Letters([*LINES, *(Line(2, f"别的事情{n}", False) for n in range(60))], 3)
    likeness = letters.likeness(["又排了一下午", "stood there all afternoon", "全是烟味", "？", ""])
    assert likeness.shape == (5, 3)
    assert likeness[:3].argmax(1).tolist() == [0, 0, 1]
    assert not likeness[3:].any()
    assert likeness.max() <= 1
