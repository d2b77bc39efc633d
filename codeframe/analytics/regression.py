"""Least squares with standard errors that hold when the spread differs from answer to answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from codeframe.analytics.answers import Answers, Floats, Ints

_CHUNK = 4_096


class Fit(NamedTuple):
    """Coefficients of columns, and their covariance. Column 0 is the intercept."""

    coefficients: Floats
    covariance: Floats


def fit(answers: Answers, target: Floats, column: Ints, columns: int) -> Fit:
    """Regress `target` on an intercept and dummies: mention k sets column `column[k]` of its answer; -1 sets none.

    Heteroskedasticity-consistent covariance HC1 (White 1980; MacKinnon and White 1985). Columns that say the same as others
    get the smallest coefficients that explain them, by the pseudo-inverse.
    """
    gram, moment = np.zeros((columns, columns)), np.zeros(columns)
    for start, block in _blocks(answers, column, columns):
        gram += block.T @ block
        moment += block.T @ target[start : start + len(block)]
    inverse = np.linalg.pinv(gram, hermitian=True)
    coefficients = inverse @ moment
    meat = np.zeros((columns, columns))
    for start, block in _blocks(answers, column, columns):
        residual = target[start : start + len(block)] - block @ coefficients
        meat += (block * residual[:, None] ** 2).T @ block
    scale = len(answers) / max(len(answers) - columns, 1)
    return Fit(coefficients, scale * inverse @ meat @ inverse)


def _blocks(answers: Answers, column: Ints, columns: int) -> Iterator[tuple[int, Floats]]:
    """The design matrix, some rows at a time: (first row, rows x columns)."""
    order = np.argsort(answers.row, kind="stable")
    row, at = answers.row[order], column[order]
    for start in range(0, len(answers), _CHUNK):
        block = np.zeros((min(_CHUNK, len(answers) - start), columns))
        block[:, 0] = 1
        first, last = np.searchsorted(row, (start, start + len(block)))
        used = at[first:last] >= 0
        block[row[first:last][used] - start, at[first:last][used]] = 1
        yield start, block
