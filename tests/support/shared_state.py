"""Fill the state that processes of two releases share: cached values, and packets for the nodes."""

import json
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask_migrate import upgrade
from sqlalchemy import select

from stack import servers
from tests.support.data import ADMIN, add_admin, add_event
from tests.support.polls import add_poll, add_viewers, close_poll
from webapp.app import create_app
from webapp.domain.attendance import minutes
from webapp.domain.audit import trail
from webapp.domain.chat import (
    announcements,
    decisions,
    hosting,
    messages,
    moderation,
    mutes,
    posting,
    posts,
)
from webapp.domain.employees import directory, import_progress
from webapp.domain.events import store as events
from webapp.domain.models import Admin, HeldMessage, Message, Question
from webapp.domain.polls import store as polls
from webapp.domain.polls.answering import answer
from webapp.domain.polls.answers import Answer
from webapp.domain.questions import asking, board, drafts, own, voting
from webapp.domain.questions import moderation as question_moderation
from webapp.domain.reactions.reacting import react
from webapp.infra.clock import utcnow
from webapp.infra.extensions import db
from webapp.infra.publisher import CHANNEL, TO_EMPLOYEE, close_sockets
from webapp.infra.settings import load_settings

SLUG = "town-hall"
PREFIX = "townhall:"


def fill(redis: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Hold a meeting in which everything happens.

    Return the cached values by key without ids, and the packets for nodes by name.
    """
    with redis.pubsub(ignore_subscribe_messages=True) as subscription:
        subscription.subscribe(CHANNEL)
        subscription.get_message(timeout=5)
        _meet()
        packets = dict(_packets(subscription))
    values = {kind_of(key): json.loads(redis.get(key) or b"null") for key in cached_keys(redis)}
    return values, packets


def cached_keys(redis: Any) -> list[str]:
    """Return the keys of cached values, without those that the release before does not know."""
    keys = [key.decode() for key in redis.keys(f"{PREFIX}*:v[0-9]*")]
    return [
        key
        for key in keys
        if redis.type(key) == b"string" and not key.endswith((":added", ":lease"))
    ]


def kind_of(key: str) -> str:
    """Return a key of the cache without prefix, ids and address: `event:v7`."""
    return ":".join(key.removeprefix(PREFIX).split(":")[:2])


def shape_of(value: Any) -> Any:
    """Return the fields and types of a JSON value; a list stands for all its items.

    Fields of an object whose names are ids count as one, `*`.
    """
    match value:
        case dict():
            ids = bool(value) and all(name.isdigit() for name in value)
            named = {"*": next(iter(value.values()))} if ids else value
            return {name: shape_of(content) for name, content in sorted(named.items())}
        case list():
            return [shape_of(value[-1])] if value else []
    return type(value).__name__


def lacks(shape: Any, needed: Any, place: str = "") -> list[str]:
    """Return the places at which `shape` lacks a field of `needed`, or has another type."""
    match shape, needed:
        case dict(), dict():
            missing = [f"{place}.{name}" for name in needed.keys() - shape.keys()]
            both = needed.keys() & shape.keys()
            deeper = (lacks(shape[name], needed[name], f"{place}.{name}") for name in both)
            return missing + [found for some in deeper for found in some]
        case list(), list():
            return lacks(shape[0], needed[0], f"{place}[]") if shape and needed else []
    return [] if shape == needed else [f"{place}: {shape} in place of {needed}"]


def narrowed(value: Any, shape: Any) -> Any:
    """Return `value` with the fields of `shape` alone, as the release of that shape has it."""
    match value, shape:
        case dict(), {"*": inner}:
            return {name: narrowed(content, inner) for name, content in value.items()}
        case dict(), dict():
            return {name: narrowed(value[name], shape[name]) for name in value if name in shape}
        case list(), [inner]:
            return [narrowed(item, inner) for item in value]
    return value


def _packets(subscription: Any) -> Iterator[tuple[str, Any]]:
    while message := subscription.get_message(timeout=0.3):
        packet = json.loads(message["data"])
        name, (payload,) = packet["event"], packet["data"]
        yield f"{name} {payload['name']}" if name == TO_EMPLOYEE else name, payload


def _meet() -> None:
    add_event(SLUG, anonymous_questions=True)
    add_admin()
    admin = db.session.scalars(select(Admin).where(Admin.email == ADMIN[0])).one()
    ada, grace = add_viewers(2, SLUG)
    event = events.get_event(SLUG)
    with trail.acting_as(admin.id):
        posting.post(posts.Draft(SLUG, ada, "Hello", "nonce-1"))
        hosting.post_as_host(event, "Welcome", "nonce-2")
        posting.post(posts.Draft(SLUG, ada, "Goodbye", "nonce-3"))
        _moderate(event, ada.employee.id)
        _ask(event, ada, grace)
        announcements.pin(event, "Coffee")
        announcements.unpin(event)
        announcements.pin(event, "Tea")
        events.change_columns(event, "chat_settings_changed", hold_messages=True)
        posting.post(posts.Draft(SLUG, ada, "May I?", "nonce-4"))
        decisions.reject(event, db.session.scalars(select(HeldMessage.id)).all())
        events.change_columns(event, "chat_settings_changed", hold_messages=False)
        poll_id, options = add_poll(slug=SLUG)
        answer(Answer(SLUG, ada, poll_id, options[:1]))
        close_poll(poll_id, SLUG)
        react(event, ada, "like")
        directory.end_sessions(grace.employee.id)
        close_sockets(grace.employee.id)
        import_progress.note(admin.id, import_progress.Progress("write", 1, 2))
        mutes.mute(event, grace.employee.id, utcnow() + timedelta(minutes=5))
    read_cached(ada.employee.id)


def read_cached(employee_id: int) -> None:
    """Read everything that the live page takes from the cache, which writes what is missing."""
    event = events.get_event(SLUG)
    messages.latest(event)
    announcements.find_announcement(event.id)
    mutes.find_mute(event.id, employee_id)
    board.find_standing(event.id)
    own.find_own(event.id, employee_id)
    minutes.watched_minutes(event.id, employee_id)
    directory.get_employee(employee_id)
    poll = polls.find_current(event.id)
    assert poll
    polls.find_answer(poll, event.id, employee_id)


def _moderate(event: events.EventInfo, employee_id: int) -> None:
    message_id = db.session.scalars(select(Message.id).where(Message.body == "Goodbye")).one()
    moderation.remove_messages(event, [message_id])
    moderation.restore_messages(event, [message_id])
    mutes.mute(event, employee_id, utcnow() + timedelta(minutes=5))
    mutes.unmute(event, employee_id)


def _ask(event: events.EventInfo, author: Any, voter: Any) -> None:
    asking.ask(drafts.Draft(SLUG, author, "Why?", "nonce-5", anonymous=True))
    question_id = db.session.scalars(select(Question.id)).one()
    voting.vote(voting.Vote(SLUG, voter, question_id, True))
    voting.vote(voting.Vote(SLUG, author, question_id, True))
    question_moderation.answer(event, question_id, "Because.")


def main() -> None:
    """Print the shapes of everything that is shared, as this release has them."""
    with tempfile.TemporaryDirectory() as folder:
        database, redis = servers.Database(Path(folder, "db")), servers.Redis(Path(folder, "redis"))
        try:
            database.start()
            redis.start()
            environ = {"DATABASE_URL": database.url, "REDIS_URL": redis.url, "SECRET_KEY": "x" * 32}
            app = create_app(load_settings(environ))
            with app.app_context():
                upgrade()
                values, packets = fill(app.extensions["redis"])
                db.engine.dispose()
        finally:
            database.stop()
            redis.stop()
    shapes = {"cache": shape_of(values), "packets": shape_of(packets)}
    print(json.dumps(shapes, indent=1))


if __name__ == "__main__":
    main()
