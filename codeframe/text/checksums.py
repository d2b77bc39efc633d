"""The check digits of identity cards, bank cards and vehicle identification numbers."""

from __future__ import annotations

import re

_ID_18 = re.compile(
    r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[123]|91)\d{4}"
    r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dx]"
)
_ID_15 = re.compile(r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[123])\d{4}\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}")
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECK = "10x98765432"

_VIN_VALUES = dict(zip("0123456789abcdefghjklmnprstuvwxyz", map(int, "012345678912345678123457923456789"), strict=True))
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_VIN_CHECK = "0123456789x"

_CARD_LENGTHS = range(16, 20)
_NINE = 9


def is_id_card(digits: str) -> bool:
    """Whether it has the shape of a mainland identity card: province, birthday, 18 or the older 15 digits.

    The birthday and the province bind so tightly that a mistyped check digit does not matter.
    """
    return bool(_ID_18.fullmatch(digits) or _ID_15.fullmatch(digits)) or id_check(digits)


def id_check(digits: str) -> bool:
    """The check digit of an 18-digit card (GB 11643-1999, ISO 7064 MOD 11-2)."""
    if len(digits) != len(_ID_WEIGHTS) + 1 or not digits[:-1].isdigit():
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_ID_WEIGHTS, digits, strict=False))
    return _ID_CHECK[total % 11] == digits[-1] and "19" <= digits[6:8] <= "20"


def is_card(digits: str) -> bool:
    """Luhn's check (ISO/IEC 7812-1) of a bank card of 16 to 19 digits."""
    if len(digits) not in _CARD_LENGTHS or not digits.isdigit() or digits[0] == "0":
        return False
    doubled = (2 * int(digit) for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(value - _NINE * (value > _NINE) for value in doubled)) % 10 == 0


def is_vin(text: str) -> bool:
    """The check digit of a vehicle identification number (GB 16735, ISO 3779): the ninth of 17, in lower case."""
    if len(text) != len(_VIN_WEIGHTS) or not _VIN_VALUES.keys() >= set(text):
        return False
    return _VIN_CHECK[sum(weight * _VIN_VALUES[char] for weight, char in zip(_VIN_WEIGHTS, text, strict=True)) % 11] == text[8]
