"""What a task says in the fields of an approval form, for the office suites whose forms a company designs itself."""

from __future__ import annotations

from typing import NamedTuple

from schemas.task import TaskTrigger
from streams.errors import ConfigurationError
from streams.oa.once import key_of
from streams.settings import Settings

_LONGEST_TEXT = 4_000
_WITHOUT_KEYS = frozenset({"dingtalk", "wecom"})


class Field(NamedTuple):
    """A field of a form: what stands in it, and the id (DingTalk: the name) of its control there."""

    name: str
    control: str


class Suite(NamedTuple):
    """An application of an office suite, and the form that it fills in."""

    url: str
    app: str
    secret: str
    template: str
    creator: str
    fields: tuple[Field, ...]

    def control(self, name: str) -> str | None:
        """The control that a field goes into, if it goes into one."""
        return next((field.control for field in self.fields if field.name == name), None)


def suite_of(settings: Settings) -> Suite:
    """The suite of the settings. Raises ConfigurationError that names what is missing."""
    suite = Suite(
        settings.oa_url.rstrip("/"),
        settings.oa_app,
        settings.oa_app_secret.get_secret_value(),
        settings.oa_template,
        settings.oa_creator,
        tuple(_field(part) for part in filter(None, map(str.strip, settings.oa_fields.split(",")))),
    )
    for name in ("app", "template", "creator", "fields"):
        if not getattr(suite, name):
            raise ConfigurationError(f"VOC_OA_{name.upper()}: is not set; {settings.oa_kind} needs it")
    if not suite.secret:
        raise ConfigurationError(f"VOC_OA_APP_SECRET: is not set; {settings.oa_kind} needs it")
    if settings.oa_kind in _WITHOUT_KEYS and not suite.control("task_id"):
        raise ConfigurationError(f"VOC_OA_FIELDS: has no task_id; {settings.oa_kind} needs it, to find what it has already")
    return suite


def _field(part: str) -> Field:
    name, _, control = part.partition("=")
    if name not in FIELDS or not control:
        raise ConfigurationError(f"VOC_OA_FIELDS: {part}: expected field=control, the field one of {', '.join(FIELDS)}")
    return Field(name, control)


def text_of(task: TaskTrigger, name: str) -> str:
    """What a field says of a task."""
    cause = next((one for one in task.causes if one.cause != "unknown"), None)
    words = {
        "task_id": lambda: key_of(task),
        "summary": lambda: task.summary,
        "verbatim": lambda: "\n".join(one.text for one in task.verbatims),
        "cause": lambda: f"{cause.cause}（{cause.probability:.0%}）" if cause else "未明",
        "owner": lambda: task.owner_name or task.owner_queue,
        "priority": lambda: f"P{task.priority}",
        "due": lambda: task.due_at.isoformat(timespec="minutes"),
        "tag": lambda: task.tag_name,
        "scope": lambda: "，".join(task.scope.values()) or "—",
        "plan": lambda: task.plan_template,
    }
    return words[name]()[:_LONGEST_TEXT]


FIELDS = ("task_id", "summary", "verbatim", "cause", "owner", "priority", "due", "tag", "scope", "plan")
