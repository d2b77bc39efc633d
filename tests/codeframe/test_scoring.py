"""The coder scored on labelled files: right answers score 1, and what is wrong is named."""

from __future__ import annotations

import csv

import pytest

from codeframe.coder import Coder
from codeframe.scoring import Scorer, ScoringError
from codeframe.text.cleaner import Cleaner
from tests.codeframe.conftest import NOW

FILES = {
    "bdci2018": "content_id,content,subject,sentiment_value\n"
    "1,动力不错就是油耗高,动力,1\n1,动力不错就是油耗高,油耗,-1\n2,操控很差,操控,-1\n",
    "complaints": 'desc,problem\n发动机烧机油,"A63,"\n',
    "complaints2024": "投诉品牌,投诉车系,投诉车型,投诉简述,投诉问题\n领克,领克05,2020款,变速箱顿挫,传动系\n",
    "absa": "domain,text,text_masked,aspect,polarity\ncar,油耗太高,$T$太高,油耗,Negative\nphone,x,$T$,x,Negative\n",
    "tags": "tag,zh,en\nproduct.energy.fuel,油耗太高,Fuel consumption is too high\n",
    "edmunds": "Review,Value,Size,Comfort_Drive,Interior,Appearance_Exterior,Power_Performance,Safety,Mpg_Efficiency,Maintanence\n"
    "Fuel consumption is too high,0,0,0,0,0,0,0,-1,0\n",
}
METRICS = {
    "bdci2018": {"triple_f1", "polar_f1", "subject_f1"},
    "complaints": {"head_f1", "code_f1"},
    "complaints2024": {"accuracy"},
    "absa": {"accuracy"},
    "edmunds": {"f1"},
    "tags": {"zh", "en", "same", "share"},
}


@pytest.fixture(scope="module")
def scorer(words: Coder) -> Scorer:
    return Scorer(words, Cleaner.load(words.frame.entity_names), NOW)


def lines(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines()))


@pytest.mark.parametrize("crosswalk", FILES)
def test_right_codes_score_one(scorer: Scorer, crosswalk: str) -> None:
    assert scorer.score(crosswalk, lines(FILES[crosswalk])).metrics == dict.fromkeys(METRICS[crosswalk], 1.0)


def test_a_wrong_code_costs_precision_and_is_named(scorer: Scorer) -> None:
    score = scorer.score("complaints", lines(FILES["complaints"].replace("A63", "A11")))
    assert score.metrics["code_f1"] == 0
    assert ("A11", "A63", 1) in score.confusions


def test_a_vehicle_that_the_file_names_is_that_of_the_event(scorer: Scorer) -> None:
    [attributes] = scorer.vehicles("complaints2024", lines(FILES["complaints2024"]))
    assert (attributes.brand, attributes.model) == ("领克", "领克05 2020款")
    assert scorer.vehicles("complaints2024", lines("投诉简述,投诉问题\n变速箱顿挫,传动系\n")) == []


def test_a_tag_that_the_frame_lacks_is_named(scorer: Scorer) -> None:
    with pytest.raises(ScoringError, match=r"row 1: tag: no\.such is no tag of auto"):
        scorer.score("tags", lines("tag,zh,en\nno.such,油耗太高,Fuel\n"))
