"""`voc train fast` from a folder of labelled files: reproducible by seed, with figures and a card. Needs the extra `train`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from codeframe.commands_train import train
from codeframe.learned.fast import FastModel
from codeframe.learned.heads import REVIEW
from codeframe.learned.reviews import ReviewNets

pytest.importorskip("torch")

POSITIVE = 3
"""The class of a positive aspect."""


ASPECTS = {"动力": ("提速快", "动力弱"), "油耗": ("很省油", "油耗高"), "空间": ("后排宽敞", "空间小")}


def make_data(folder: Path) -> None:
    """Reviews in which the words decide, titles with two codes, and their taxonomy."""
    rows = [
        f"{n},第{n}辆车{words[n % 2]}啊{'好的' * (n % 3)},{subject},{1 - 2 * (n % 2)}"
        for subject, words in ASPECTS.items()
        for n in range(hash_free(subject), hash_free(subject) + 60)
    ]
    (folder / "bdci2018_auto.csv").write_text("content_id,content,subject,sentiment_value\n" + "\n".join(rows) + "\n", "utf-8")
    titles = [f"某车{n}发动机异响,A9" if n % 2 else f'某车{n}刹车失灵,"E1,"' for n in range(60)]
    (folder / "auto_complaints_multilabel.csv").write_text("desc,problem\n" + "\n".join(titles) + "\n", "utf-8")
    taxonomy = "code,top_name,item\nA9,发动机/电动机,异响\nE1,制动系统,刹车失灵\n"
    (folder / "auto_complaints_taxonomy.csv").write_text(taxonomy, "utf-8")


def hash_free(subject: str) -> int:
    """Numbers that differ from subject to subject."""
    return 1000 * list(ASPECTS).index(subject)


def run(data: Path, out: Path) -> str:
    arguments = ["fast", "--data", str(data), "--out", str(out), "--seed", "3", "--epochs", "4", "--model-version", "fast-test"]
    result = CliRunner().invoke(train, arguments)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.slow
def test_a_model_learns_its_data_and_the_same_seed_makes_the_same_model(tmp_path: Path) -> None:
    make_data(tmp_path)
    shown = run(tmp_path, tmp_path / "one")
    assert "subject_f1" in shown
    model = FastModel.load(tmp_path / "one")
    assert model.version == "fast-test"
    heads = model.look(["这车提速快啊", "某车9发动机异响"]).heads
    assert heads.kind[0].argmax() == REVIEW
    assert (1 - heads.aspects[0, :, 0]).argmax() == 0
    assert heads.codes[1].argmax() == 0
    card = (tmp_path / "one" / "model-card.md").read_text("utf-8")
    assert "bdci2018_auto.csv" in card
    assert "## Calibration" in card
    run(tmp_path, tmp_path / "two")
    with np.load(tmp_path / "one" / "weights.npz") as one, np.load(tmp_path / "two" / "weights.npz") as two:
        assert one.files == two.files
        assert all((one[name] == two[name]).all() for name in one.files)


@pytest.mark.slow
def test_the_nets_of_reviews_learn_what_they_are_shown(tmp_path: Path) -> None:
    make_data(tmp_path)
    arguments = ["reviews", "--data", str(tmp_path), "--out", str(tmp_path / "out"), "--nets", "1", "--epochs", "30"]
    result = CliRunner().invoke(train, arguments)
    assert result.exit_code == 0, result.output
    assert "subject_f1" in result.output
    nets = ReviewNets.load(tmp_path / "out")
    assert nets is not None
    assert nets.aspects(["第7辆车提速快啊"])[0, 0].argmax() == POSITIVE


def test_nets_of_reviews_need_reviews(tmp_path: Path) -> None:
    make_data(tmp_path)
    (tmp_path / "bdci2018_auto.csv").unlink()
    result = CliRunner().invoke(train, ["reviews", "--data", str(tmp_path), "--out", str(tmp_path / "out")])
    assert result.exit_code == 1
    assert "bdci2018_auto.csv is missing" in result.output


def test_an_empty_folder_is_one_clear_line(tmp_path: Path) -> None:
    result = CliRunner().invoke(train, ["fast", "--data", str(tmp_path), "--out", str(tmp_path / "out")])
    assert result.exit_code == 1
    assert "none of bdci2018_auto.csv" in result.output
