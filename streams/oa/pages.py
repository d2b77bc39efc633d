"""The sandbox's pages: sign in by role, the inbox of a role, a task and the steps that the role may take."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, quote, unquote
from uuid import uuid4

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from schemas.task_event import ActorRole
from streams.codec import describe
from streams.connectors.body import read_body
from streams.oa.caller import Caller
from streams.oa.inbox import Inbox, Received, Taken
from streams.oa.life import choices
from streams.oa.step import Callback
from streams.oa.words import LANGUAGES, Words, preferred

if TYPE_CHECKING:
    from streams.oa.recordings import Recordings

MANAGEMENT = "management"

_MAX_FORM = 100_000
_COOKIE, _LANGUAGE = "oa", "lang"
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; media-src 'self'; form-action 'self'",
    "Cache-Control": "no-store",
}


class User(NamedTuple):
    """Who is signed in: a name, and a queue (which executes) or management."""

    name: str
    role: str

    @property
    def layer(self) -> ActorRole:
        return ActorRole.MANAGEMENT if self.role == MANAGEMENT else ActorRole.EXECUTION

    def handles(self, received: Received) -> bool:
        """Whether a task is of this role; management handles all."""
        return self.role in {MANAGEMENT, received.task.owner_queue}


class Pages:
    """The routes for people."""

    def __init__(self, inbox: Inbox, caller: Caller, recordings: Recordings | None) -> None:
        self._inbox, self._caller, self._recordings = inbox, caller, recordings
        self._templates = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        self._templates.globals.update(languages=LANGUAGES, user=None, role_name=None)

    def routes(self) -> list[Route]:
        return [
            Route("/", self.inbox),
            Route("/sign-in", self.sign_in, methods=["GET", "POST"]),
            Route("/tasks/{number:int}", self.task, methods=["GET", "POST"]),
            Route("/tasks/{number:int}/audio/{verbatim:int}", self.audio),
        ]

    async def sign_in(self, request: Request) -> Response:
        """Choose a role; that is enough here."""
        if request.method == "GET":
            return self._page(request, "sign_in.html", roles=self._roles())
        form = await _form(request)
        response = RedirectResponse("/", HTTPStatus.SEE_OTHER)
        value = quote(f"{form.get('role', '')}|{form.get('name', '') or '匿名'}")
        response.set_cookie(_COOKIE, value, httponly=True, samesite="strict")
        return response

    async def inbox(self, request: Request) -> Response:
        """The tasks of the role; management sees all."""
        user = _user(request)
        if user is None:
            return RedirectResponse("/sign-in", HTTPStatus.SEE_OTHER)
        mine = [one for one in self._inbox.tasks() if user.handles(one)]
        mine.sort(key=lambda one: (not choices(one.state, user.layer), one.task.priority, one.task.due_at))
        todo = sum(bool(choices(one.state, user.layer)) for one in mine)
        return self._page(request, "inbox.html", user=user, tasks=mine, todo=todo)

    async def task(self, request: Request) -> Response:
        """A task; posting a form takes a step."""
        user, received = _user(request), self._inbox.task(request.path_params["number"])
        if user is None:
            return RedirectResponse("/sign-in", HTTPStatus.SEE_OTHER)
        if received is None:
            return self._page(request, "missing.html", HTTPStatus.NOT_FOUND, user=user)
        fault, form = None, {}
        if request.method == "POST":
            form = await _form(request)
            fault = await self._take(user, received, form)
            if fault is None:
                return RedirectResponse(str(request.url.path), HTTPStatus.SEE_OTHER)
        return self._page(
            request,
            "task.html",
            HTTPStatus.CONFLICT if fault else HTTPStatus.OK,
            user=user,
            received=received,
            task=received.task,
            steps=self._inbox.steps(received.number),
            choices=choices(received.state, user.layer),
            plays=lambda span: self._recordings is not None and user.handles(received) and self._recordings.plays(span),
            cause_name=lambda cause: received.task.cause_names.get(cause, cause),
            fault=fault,
            note=form.get("note", ""),
            form_id=uuid4().hex,
        )

    async def audio(self, request: Request) -> Response:
        """The recording that a task's words come from, for whom the task is: a voice is not redacted."""
        user, received = _user(request), self._inbox.task(request.path_params["number"])
        if user is None:
            return Response(status_code=HTTPStatus.UNAUTHORIZED)
        said = received.task.verbatims[request.path_params["verbatim"] :][:1] if received and user.handles(received) else ()
        if self._recordings is None or not said or said[0].audio is None:
            return Response(status_code=HTTPStatus.NOT_FOUND)
        return await run_in_threadpool(self._recordings.answer, said[0].audio.uri, request.headers.get("range", ""))

    async def _take(self, user: User, received: Received, form: dict[str, str]) -> str | None:
        """Report a step to the gateway; why it was refused, if it was."""
        note, confirmed = form.get("note", ""), form.get("confirmed_cause") or None
        causes = [cause.cause for cause in received.task.causes if confirmed and cause.cause not in {confirmed, "unknown"}]
        given = {"action": form.get("action"), "actor": user.name, "role": user.layer.value, "note": note or None}
        try:
            step = Callback.model_validate(
                {**given, "confirmed_cause": confirmed, "refused_causes": causes, "external_id": received.external_id}
            )
        except ValidationError as error:
            return describe(error)
        outcome = await self._caller.call(received.task.task_id, form.get("form_id", ""), step)
        if outcome.state is None:
            return outcome.fault
        self._inbox.record(received.number, Taken(datetime.now(UTC), step.action.value, user.name, note, outcome.state))
        return None

    def _roles(self) -> dict[str, str | None]:
        """The queues that have tasks, and what the tasks call them."""
        return dict(sorted({one.task.owner_queue: one.task.owner_name for one in self._inbox.tasks()}.items()))

    def _page(self, request: Request, template: str, status: HTTPStatus = HTTPStatus.OK, **values: Any) -> Response:
        wanted = request.query_params.get("lang", "")
        language = preferred(wanted or request.cookies.get(_LANGUAGE, ""), request.headers.get("accept-language", ""))
        if user := values.get("user"):
            values["role_name"] = self._roles().get(user.role)
        text = self._templates.get_template(template).render(words=Words(language), now=datetime.now(UTC), **values)
        response = HTMLResponse(text, status.value, _HEADERS)
        if wanted:
            response.set_cookie(_LANGUAGE, language, samesite="strict")
        return response


def _user(request: Request) -> User | None:
    role, _, name = unquote(request.cookies.get(_COOKIE, "")).partition("|")
    return User(name, role) if role and name else None


async def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl((await read_body(request, _MAX_FORM)).decode(errors="replace")))
