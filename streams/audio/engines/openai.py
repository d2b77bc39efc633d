"""An OpenAI-compatible endpoint: `http(s)://HOST/v1#MODEL` posts each stretch of speech to `/audio/transcriptions`."""

from __future__ import annotations

import io
import wave
from urllib.parse import urldefrag

import httpx
import numpy as np
from numpy.typing import NDArray

from streams.audio.decode import RATE
from streams.audio.engine import EngineOptions, Heard
from streams.errors import AudioError, ConfigurationError, UnavailableError

_TIMEOUT_S = 60.0
_PROMPTED_WORDS = 60


class OpenAIEngine:
    """A client of one endpoint and model."""

    def __init__(self, url: str, model: str, options: EngineOptions) -> None:
        self.name, self.model_hash = f"openai:{model}"[:200], None
        self._url, self._model = f"{url.rstrip('/')}/audio/transcriptions", model
        self._prompt = "，".join(options.hot_words[:_PROMPTED_WORDS])
        headers = {"Authorization": f"Bearer {options.key}"} if options.key else {}
        self._client = httpx.Client(headers=headers, timeout=_TIMEOUT_S)

    def hear(self, samples: NDArray[np.int16], language: str | None = None) -> Heard:
        """The words in mono samples.

        Raises UnavailableError where the endpoint is away or busy, AudioError where it refuses the audio.
        """
        fields = {"model": self._model, "response_format": "json", "temperature": "0"}
        fields |= {"language": language} if language else {}
        fields |= {"prompt": self._prompt} if self._prompt else {}
        try:
            answer = self._client.post(self._url, data=fields, files={"file": ("speech.wav", as_wav(samples), "audio/wav")})
        except httpx.HTTPError as error:
            raise UnavailableError(f"the speech endpoint does not answer ({type(error).__name__}): check VOC_ASR") from error
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR or answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            raise UnavailableError(f"the speech endpoint answered {answer.status_code}")
        if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND):
            raise ConfigurationError(f"the speech endpoint answered {answer.status_code}: check VOC_ASR and VOC_ASR_KEY")
        if answer.is_error:
            raise AudioError(f"audio: the speech endpoint refused it with {answer.status_code}")
        return Heard(str(answer.json()["text"]).strip())


def as_wav(samples: NDArray[np.int16]) -> bytes:
    """Mono samples as a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(samples.astype("<i2").tobytes())
    return file.getvalue()


def open_engine(url: str, options: EngineOptions) -> OpenAIEngine:
    """The engine of a URL whose fragment names the model."""
    base, model = urldefrag(url)
    if not model:
        raise ConfigurationError("VOC_ASR: name the model behind a #, as in https://host/v1#whisper-1")
    return OpenAIEngine(base, model, options)
