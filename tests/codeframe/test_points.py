from itertools import product

from codeframe.frame import Frame
from codeframe.points import Points
from schemas.coded import Expectation, Intent, NeedLayer, Point
from schemas.common import Severity


def test_the_published_matrix_holds_in_every_situation() -> None:
    points = Points(Frame.load("auto").points)
    for sentiment, layer, severity, intent, expectation, mild in product(
        (-1, 0, 1), NeedLayer, Severity, Intent, Expectation, (False, True)
    ):
        rule = points.rule((sentiment, layer, severity, intent, expectation, mild))
        point = rule.point if rule else Point.NONE
        severe = severity is not Severity.NORMAL and sentiment < 0
        wish = not severe and intent is Intent.WISH
        small = sentiment < 0 and (layer is NeedLayer.ATTRACTIVE or (layer is NeedLayer.PERFORMANCE and mild))
        delighted = sentiment > 0 and (layer is NeedLayer.ATTRACTIVE or expectation is Expectation.BETTER)
        if severe:
            assert point is Point.PAIN
        elif wish or small:
            assert point is Point.ITCH
        elif sentiment < 0:
            assert point is Point.PAIN
        else:
            assert point is (Point.DELIGHT if delighted else Point.NONE)
