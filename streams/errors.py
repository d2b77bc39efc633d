"""Every error that Tingjian raises on purpose, as one tree.

TingjianError
├── ConfigurationError    a setting, file or mapping is wrong: says which, and how to fix it
├── UnavailableError      a server is away; trying again may help
├── DeliveryError         the broker did not acknowledge an output
├── StepError             a step failed on good input: the worker ends and is restarted
├── AudioError            a recording cannot be used: says which rule it broke
├── DeadLetterLimitError  too many records were refused: consumption stops, loudly
└── SinkError
    ├── RetryableSinkError
    └── PermanentSinkError
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class TingjianError(Exception):
    """Root of the tree."""


class ConfigurationError(TingjianError):
    """A setting, file or mapping is wrong."""


class UnavailableError(TingjianError):
    """A server that is needed is away; trying again may help."""


class DeliveryError(TingjianError):
    """The broker did not acknowledge an output, so its input is not acknowledged either."""


class StepError(TingjianError):
    """A step failed on good input. Nothing is acknowledged and the worker ends."""


class AudioError(TingjianError):
    """A recording cannot be used. The message names the rule that it broke, never what it says."""


class DeadLetterLimitError(TingjianError):
    """More records were refused than the limit allows: something upstream is broken."""


class SinkError(TingjianError):
    """A store or a remote system did not take what it was given."""


class RetryableSinkError(SinkError):
    """The same call may succeed later."""


class PermanentSinkError(SinkError):
    """The same call will always fail."""


@contextmanager
def configured(setting: str, *, extra: str) -> Iterator[None]:
    """Raise ConfigurationError with the setting's name where what it names is no model (ValueError) or lacks an extra (ImportError)."""
    try:
        yield
    except ImportError as error:
        raise ConfigurationError(f"{setting} needs {error.name}: pip install 'tingjian[{extra}]'") from error
    except ValueError as error:
        raise ConfigurationError(f"{setting}: {error}") from error
