"""The nets of reviews: the same answer in whatever batch, and the same sums in numpy as in torch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from codeframe.learned.reviews import CHANNELS, WIDTHS, ReviewNets, tokens
from codeframe.learned.seam import Floats

SUBJECTS, WIDTH = 10, 8
VOCABULARY = ["动", "力", "空", "间", "小", "不", "错"]
TEXTS = ["动力不错", "空间小", "", "空间不错，就是动力小" * 30]


def made(seed: int) -> dict[str, Floats]:
    """A net with weights drawn at random."""
    noise, hidden = np.random.default_rng(seed), CHANNELS * len(WIDTHS)

    def draw(*shape: int) -> Floats:
        return noise.normal(0, 0.2, shape).astype(np.float32)

    net = {"words": draw(len(VOCABULARY) + 2, WIDTH), "query": draw(hidden, SUBJECTS), "subject": draw(hidden, SUBJECTS * 4)}
    net |= {"most": draw(hidden, SUBJECTS * 4), "bias": draw(SUBJECTS * 4), "second.bias": draw(hidden)}
    for at, width in enumerate(WIDTHS):
        net |= {f"wide{width}": draw(width * WIDTH, CHANNELS), f"wide{width}.bias": draw(CHANNELS)}
        net[f"second{at}"] = draw(3 * CHANNELS, CHANNELS)
    net["words"][0] = 0
    return net


def test_numbers_and_words_are_one_token_each() -> None:
    assert tokens("油耗12个，很Nice") == ["油", "耗", "#2", "个", ",", "很", "nice"]


def test_a_text_is_read_the_same_alone_and_in_a_batch() -> None:
    nets = ReviewNets(VOCABULARY, [made(1), made(2)])
    together = nets.aspects(TEXTS)
    assert together.shape == (len(TEXTS), SUBJECTS, 4)
    assert together.sum(-1) == pytest.approx(np.ones((len(TEXTS), SUBJECTS)), abs=1e-5)
    for text, row in zip(TEXTS, together, strict=True):
        np.testing.assert_allclose(nets.aspects([text])[0], row, atol=1e-5)
    assert np.abs(together[0] - together[1]).max() > 0.01


def test_a_folder_without_them_has_none(tmp_path: Path) -> None:
    assert ReviewNets.load(tmp_path) is None


def _reviews(count: int) -> Sequence[object]:
    from codeframe.training.data import Example  # noqa: PLC0415

    return [Example("bdci2018", ("动力弱", "动力不错")[n % 2] + "啊" * (n % 5), 1, {"bdci2018/动力": 2 * (n % 2)}) for n in range(count)]


@pytest.mark.slow
def test_what_torch_learns_numpy_says(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from codeframe.learned.reviews import padded  # noqa: PLC0415
    from codeframe.training.labels import Taxonomy  # noqa: PLC0415
    from codeframe.training.reviews import ReviewNet, ReviewPlan, save_nets, train_nets  # noqa: PLC0415

    torch.manual_seed(0)
    net = ReviewNet(len(VOCABULARY) + 2, 16).eval()
    nets = ReviewNets(VOCABULARY, [net.arrays()])
    texts = [text for text in TEXTS if text]
    with torch.no_grad():
        expected = net(torch.from_numpy(padded(nets.ids(texts)))).softmax(-1).numpy()
    np.testing.assert_allclose(nets.aspects(texts), expected, atol=1e-5)

    taxonomy = Taxonomy.of({"A1": ("发动机", "异响")})
    plan = ReviewPlan(nets=1, epochs=12, width=16)
    save_nets(*train_nets(_reviews(200), taxonomy, plan), tmp_path)  # type: ignore[arg-type]
    learned = ReviewNets.load(tmp_path)
    assert learned is not None
    weak, strong = learned.aspects(["动力弱啊", "动力不错啊"])[:, 0]
    assert weak.argmax() == 1
    assert strong.argmax() == 3
