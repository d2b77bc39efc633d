"""What a vehicle tells before anything was said of it."""

from __future__ import annotations

import numpy as np

from codeframe.learned.fast import FastModel
from codeframe.learned.vehicle import NO_VEHICLE, Vehicle, features


def test_a_trim_shares_brand_and_series_with_its_series() -> None:
    [trim, series, brand, nothing] = features(
        [Vehicle("领克", "领克05 2020款 2.0TD 四驱"), Vehicle("领克", "领克05"), Vehicle("领克"), NO_VEHICLE]
    )
    assert trim[:2].tolist() == series[:2].tolist()
    assert trim[2] != series[2]
    assert brand.tolist() == [trim[0], -1, -1]
    assert nothing.tolist() == [-1, -1, -1]


def test_an_unknown_vehicle_speaks_for_nothing_and_a_known_one_for_some_class() -> None:
    logits = FastModel.load().vehicles([NO_VEHICLE, Vehicle("长安", "长安CS75 PLUS 2020款 1.5T")])
    assert not logits[0].any()
    assert np.abs(logits[1]).max() > 0
