"""How much meaning, letters and words count in talk."""

from __future__ import annotations

import numpy as np

from codeframe.learned.rules import softmax
from codeframe.training.talk import likeliest


def test_the_weights_that_made_choices_are_found_again() -> None:
    noise = np.random.default_rng(1)
    features, true = noise.normal(size=(20_000, 5, 3)), np.array([2.0, -1.0, 0.5])
    chance = softmax(features @ true).cumsum(1)
    chosen = (noise.random((len(features), 1)) > chance).sum(1)
    weights, loss = likeliest(features, chosen)
    assert np.abs(weights - true).max() < 0.1
    assert loss < np.log(5)
