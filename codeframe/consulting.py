"""The tier that asks a language model. How the model is reached is the caller's; this says what to ask and what to believe."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from codeframe.asking import AnswerError, Questionnaire
from codeframe.coder import Coder, Coding
from codeframe.frame import Frame
from schemas.coded import CodedUtterance, Tier

Complete = Callable[[list[dict[str, str]], dict[str, Any]], Awaitable[str | None]]
"""From a conversation and the JSON Schema of the answer to the answer, or None where there is none to be had now."""

_TEXTS = 8
"""Texts a question: they share the list of tags, which is most of it."""


class Consultant:
    """Codes utterances by asking `model` through `complete`."""

    def __init__(self, model: str, complete: Complete) -> None:
        self._model, self._complete = model, complete
        self._frame: Frame | None = None

    async def code(self, coder: Coder, events: Sequence[CodedUtterance]) -> list[Coding | AnswerError | None]:
        """A coding of each event, in order; an AnswerError where the answer is not believed, None where there was none."""
        if self._frame is not coder.frame:
            self._frame, self._questions = coder.frame, Questionnaire(coder.frame)
            self._signed = coder.signed(self._model, Tier.ENDPOINT)
        parts = [events[start : start + _TEXTS] for start in range(0, len(events), _TEXTS)]
        answers = await asyncio.gather(*map(self._ask, parts))
        return [one for answer in answers for one in answer]

    async def _ask(self, events: Sequence[CodedUtterance]) -> Sequence[Coding | AnswerError | None]:
        questions, signed, texts = self._questions, self._signed, [event.text for event in events]
        content = await self._complete(questions.messages(texts), questions.schema())
        if content is None:
            return [None] * len(events)
        answers = questions.read(content, texts)
        return [
            answer if isinstance(answer, AnswerError) else signed.coding(event, answer)._replace(unsure=False)
            for event, answer in zip(events, answers, strict=True)
        ]
