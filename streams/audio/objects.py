"""Where audio lies: a folder of any fsspec file system. Topics carry references, never audio.

    ROOT/<customer>/<day>/<event id>

`<customer>` is a digest of the customer's id (`unknown` without one), so that all audio of a customer can be deleted without an index;
`<day>` is the day of the recording, so that what is too old can be told from its path on every file system.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from http import HTTPStatus
from typing import IO, Any, BinaryIO, cast
from uuid import UUID

import fsspec

from schemas.raw_voice import AudioReference
from streams.errors import AudioError, ConfigurationError, UnavailableError
from streams.settings import Settings

_PIECE = 1 << 20
_IN_MEMORY = 8 << 20
_ANONYMOUS = "unknown"


@dataclass(frozen=True, slots=True)
class Stored:
    """An object that was stored."""

    uri: str
    sha256: str
    size_bytes: int


class AudioStore:
    """The folder of one pipeline."""

    def __init__(self, settings: Settings) -> None:
        root = settings.audio_store or str((settings.data / "audio").resolve())
        try:
            self._files, self._root = fsspec.core.url_to_fs(root)
        except (ValueError, ImportError) as error:
            raise ConfigurationError(f"VOC_AUDIO_STORE: {type(error).__name__}: no file system for {root.split('://')[0]}://") from error

    def put(self, source: BinaryIO, event_id: UUID, customer_id: str | None, occurred_at: datetime) -> Stored:
        """Store a recording. The same event again replaces it."""
        path = self._path(event_id, customer_id, occurred_at)
        digest, size = hashlib.sha256(), 0
        try:
            self._files.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
            with self._files.open(path, "wb") as out:
                while piece := source.read(_PIECE):
                    digest.update(piece)
                    size += len(piece)
                    out.write(piece)
        except Exception as error:  # what a store that is away raises is its client's own
            raise UnavailableError(f"the audio store does not take a recording ({type(error).__name__}): check VOC_AUDIO_STORE") from error
        return Stored(self.uri(event_id, customer_id, occurred_at), digest.hexdigest(), size)

    def uri(self, event_id: UUID, customer_id: str | None, occurred_at: datetime) -> str:
        """Where the recording of an event lies, or will lie."""
        return str(self._files.unstrip_protocol(self._path(event_id, customer_id, occurred_at)))

    def holds(self, uri: str) -> bool:
        """Whether an address is one of this store, whether there is an object or not."""
        path = str(self._files._strip_protocol(uri))
        return self._files.unstrip_protocol(path) == uri and path.startswith(f"{self._root}/") and ".." not in path.split("/")

    def open(self, uri: str) -> BinaryIO:
        """An object of this store. Raises AudioError where there is none, UnavailableError where the store is away."""
        if not self.holds(uri):
            raise AudioError("audio.uri: lies in another store")
        try:
            return cast(BinaryIO, self._files.open(uri, "rb"))
        except FileNotFoundError as error:
            raise AudioError("audio.uri: no such object") from error
        except Exception as error:  # what a store that is away raises is its client's own
            raise UnavailableError(f"the audio store does not answer ({type(error).__name__})") from error

    def forget(self, customer_id: str) -> int:
        """Delete all audio of a customer; return how many recordings that were."""
        folder = f"{self._root}/{_folder(customer_id)}"
        if not self._files.exists(folder):
            return 0
        count = len(self._files.find(folder))
        self._files.rm(folder, recursive=True)
        return count

    def expire(self, before: date) -> int:
        """Delete the audio of days before a day; return how many recordings that were."""
        old = [path for path in self._files.find(self._root) if _day(path) and _day(path) < before]  # type: ignore[operator]
        for path in old:
            self._files.rm_file(path)
        return len(old)

    def _path(self, event_id: UUID, customer_id: str | None, occurred_at: datetime) -> str:
        return f"{self._root}/{_folder(customer_id)}/{occurred_at:%Y-%m-%d}/{event_id}"


def _folder(customer_id: str | None) -> str:
    return hashlib.sha256(customer_id.encode()).hexdigest()[:32] if customer_id else _ANONYMOUS


def _day(path: str) -> date | None:
    try:
        return datetime.strptime(path.split("/")[-2], "%Y-%m-%d").replace(tzinfo=UTC).date()
    except (ValueError, IndexError):
        return None


@contextmanager
def open_audio(audio: AudioReference, max_bytes: int) -> Iterator[BinaryIO]:
    """The bytes of a reference as a file that can seek, checked against its size and hash.

    Raises AudioError where the object is missing, too large or another than was sent, UnavailableError where its store is away.
    """
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
        digest = hashlib.sha256()
        for piece in _pieces(audio):
            digest.update(piece)
            file.write(piece)
            if file.tell() > max_bytes:
                raise AudioError(f"audio: is larger than {max_bytes} bytes")
        if audio.sha256 is not None and digest.hexdigest() != audio.sha256:
            raise AudioError("audio.sha256: the object is another than was sent, or only a part of it")
        file.seek(0)
        yield cast(BinaryIO, file)


def _pieces(audio: AudioReference) -> Iterator[bytes]:
    if audio.uri is None:
        yield audio.inline or b""
        return
    try:
        with cast(IO[Any], fsspec.open(audio.uri, "rb").open()) as source:
            while piece := source.read(_PIECE):
                yield piece
    except (FileNotFoundError, IsADirectoryError) as error:
        if _is_away(error.__cause__):
            raise UnavailableError(f"the store of a recording does not answer ({type(error.__cause__).__name__})") from error
        raise AudioError("audio.uri: no such object") from error
    except PermissionError as error:
        raise AudioError("audio.uri: the object may not be read") from error
    except (ValueError, ImportError) as error:
        raise AudioError("audio.uri: no file system for its protocol is installed") from error
    except Exception as error:  # what a store that is away raises is its client's own
        raise UnavailableError(f"the store of a recording does not answer ({type(error).__name__})") from error


def _is_away(cause: BaseException | None) -> bool:
    """Whether a server did not answer: fsspec says of that, too, that there is no such file."""
    unreachable = isinstance(cause, OSError) and not isinstance(cause, FileNotFoundError)
    return unreachable or getattr(cause, "status", 0) >= HTTPStatus.INTERNAL_SERVER_ERROR
