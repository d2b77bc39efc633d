"""ClickHouse's errors, as its HTTP interface reports them."""

from __future__ import annotations

import re

_TEXT = re.compile(r"Code: (\d+)\. DB::Exception: .*", re.DOTALL)
_NAME = re.compile(r"\(([A-Z][A-Z0-9_]+)\)")
_UNNAMED = {62: "SYNTAX_ERROR"}  # the engine's parser leaves the name out

_STATUS = {
    401: "REQUIRED_PASSWORD",
    403: "UNKNOWN_USER WRONG_PASSWORD AUTHENTICATION_FAILED SET_NON_GRANTED_ROLE ACCESS_DENIED",
    400: "BAD_ARGUMENTS CANNOT_COMPILE_REGEXP CANNOT_PARSE_TEXT CANNOT_PARSE_ESCAPE_SEQUENCE CANNOT_PARSE_QUOTED_STRING"
    " CANNOT_PARSE_DATE CANNOT_PARSE_DATETIME CANNOT_PARSE_NUMBER CANNOT_PARSE_DOMAIN_VALUE_FROM_STRING CANNOT_PARSE_IPV4"
    " CANNOT_PARSE_IPV6 CANNOT_PARSE_INPUT_ASSERTION_FAILED CANNOT_PARSE_UUID DUPLICATE_COLUMN ILLEGAL_COLUMN"
    " UNKNOWN_ELEMENT_IN_AST UNKNOWN_TYPE_OF_AST_NODE THERE_IS_NO_COLUMN TOO_DEEP_AST TOO_BIG_AST UNEXPECTED_AST_STRUCTURE"
    " SYNTAX_ERROR INCORRECT_DATA TYPE_MISMATCH VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE",
    404: "UNKNOWN_TABLE UNKNOWN_FUNCTION UNKNOWN_IDENTIFIER UNKNOWN_TYPE UNKNOWN_STORAGE UNKNOWN_DATABASE UNKNOWN_SETTING"
    " UNKNOWN_DIRECTION_OF_SORTING UNKNOWN_AGGREGATE_FUNCTION UNKNOWN_FORMAT UNKNOWN_DATABASE_ENGINE UNKNOWN_TYPE_OF_QUERY"
    " UNKNOWN_ROLE",
    413: "QUERY_IS_TOO_LARGE",
    501: "NOT_IMPLEMENTED",
    503: "SOCKET_TIMEOUT CANNOT_OPEN_FILE CANNOT_SCHEDULE_TASK",
    411: "HTTP_LENGTH_REQUIRED",
    408: "TIMEOUT_EXCEEDED",
    415: "UNSUPPORTED_MEDIA_TYPE",
}
_STATUS_OF = {name: status for status, names in _STATUS.items() for name in names.split()}
_INTERNAL = 500
_UNKNOWN_CODE = 1000


class ClickHouseError(Exception):
    """An error with ClickHouse's code, name and text. `status` is the HTTP status that a real server gives it
    (ClickHouse, src/Server/HTTP/exceptionCodeToHTTPStatus.cpp)."""

    def __init__(self, code: int, name: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.name = name
        self.text = text
        self.status = _STATUS_OF.get(name, _INTERNAL)

    @classmethod
    def of(cls, code: int, name: str, message: str, version: str) -> ClickHouseError:
        """An error raised here and not in the engine, in the engine's words."""
        return cls(code, name, f"Code: {code}. DB::Exception: {message} ({name}) (version {version})")

    @classmethod
    def from_engine(cls, error: Exception, version: str) -> ClickHouseError:
        """Read the code, name and text out of an exception of the engine."""
        found = _TEXT.search(str(error))
        if not found:
            return cls.of(_UNKNOWN_CODE, "POCO_EXCEPTION", str(error).strip(), version)
        code, text = int(found[1]), found[0].strip()
        names = _NAME.findall(text)
        name = names[-1] if names else _UNNAMED.get(code, "")
        if f"({name})" not in text:
            text += f" ({name})"
        if "(version " not in text:
            text += f" (version {version})"
        return cls(code, name, text)
