"""Assemble the socket tier: a node, or the same inside the one process of the embedded default."""

import uuid
from typing import Any

from flask import Flask
from flask_socketio import SocketIO

from realtime.fanout.fanout import Fanout
from realtime.fanout.registry import Registry
from realtime.handlers.access import Access
from realtime.handlers.chat import ChatHandlers
from realtime.handlers.namespace import LiveNamespace
from realtime.handlers.packets import handlers_of
from realtime.handlers.polls import PollHandlers
from realtime.handlers.questions import QuestionHandlers
from realtime.handlers.reactions import ReactionHandlers
from realtime.headcount import Headcount
from realtime.presence import Presence
from realtime.reactions import Reactions
from realtime.transport.admission import AdmissionMiddleware
from realtime.transport.connection import connections, install
from realtime.transport.eventlet_runtime import ASYNC_MODE
from realtime.transport.heartbeat import Heartbeat
from realtime.transport.managers import LocalManager, QueuedManager
from realtime.writer import Writer
from webapp.base import create_base
from webapp.domain.chat.posting import post_and_publish
from webapp.domain.polls.answering import answer_and_publish
from webapp.domain.questions.asking import ask_and_publish
from webapp.domain.questions.voting import vote_and_publish
from webapp.infra.settings import Settings
from webapp.startup import start_timetable

MAX_PACKET_BYTES = 16 * 1024
# Their sum is how long a page stays with a node that hangs. 5,000 viewers cost 2 % of a core.
PING_SECONDS = 15
PONG_SECONDS = 10
# Each viewer may vote once a second, and a vote is a small row.
WAITING_VOTES, BATCH_VOTES = 5000, 1000
# All viewers see a poll open at the same moment.
WAITING_ANSWERS, BATCH_ANSWERS = 5000, 1000
# Seconds after the messages, within a tick of the writers.
VOTES_PHASE, ANSWERS_PHASE = 0.07, 0.14


class Node:
    """The parts of a running node."""

    def __init__(self, app: Flask, settings: Settings) -> None:
        breaker = app.extensions["redis_breaker"]
        queue = QueuedManager(settings.redis_url, breaker) if settings.redis_url else None
        self.app = app
        self.socketio = SocketIO()
        self.registry = Registry()
        self.fanout = Fanout(app, self.socketio, self.registry, queue)
        app.extensions["live_publish"] = self.fanout.tell
        messages = Writer(app, self.socketio, self.fanout, post_and_publish)
        questions = Writer(app, self.socketio, self.fanout, ask_and_publish, loop="question_writer")
        votes = Writer(
            app,
            self.socketio,
            self.fanout,
            vote_and_publish,
            loop="vote_writer",
            waiting=WAITING_VOTES,
            batch=BATCH_VOTES,
            phase=VOTES_PHASE,
        )
        answers = Writer(
            app,
            self.socketio,
            self.fanout,
            answer_and_publish,
            loop="answer_writer",
            waiting=WAITING_ANSWERS,
            batch=BATCH_ANSWERS,
            phase=ANSWERS_PHASE,
        )
        self.writers: tuple[Writer[Any, Any], ...] = (messages, questions, votes, answers)
        self.reactions = Reactions(app, self.socketio, self.fanout)
        headcount = Headcount(app.extensions["redis"], uuid.uuid4().hex, breaker)
        self.presence = Presence(app, self.socketio, self.registry, self.fanout, headcount)
        self.heartbeat = Heartbeat(self.socketio)
        install(direct=settings.fanout == "direct")
        _serve_sockets(app, self.socketio, queue or LocalManager())
        access = Access(app)
        handlers = handlers_of(
            ChatHandlers(access, self.fanout, messages),
            QuestionHandlers(access, questions, votes),
            PollHandlers(answers),
            ReactionHandlers(self.reactions),
        )
        self.socketio.on_namespace(
            LiveNamespace(access, self.registry, self.fanout, self.presence, handlers)
        )
        admission = AdmissionMiddleware(app, settings.max_connections, settings.trusted_proxies)
        app.wsgi_app = admission  # type: ignore[method-assign]

    def start(self) -> None:
        """Start the loops that store, send and count."""
        self.app.extensions["readiness_probes"]["sweep"] = self.fanout.check_sweep
        for writer in self.writers:
            writer.start()
        self.fanout.start()
        self.presence.start()
        self.reactions.start()
        self.heartbeat.start()
        start_timetable(self.app, self.socketio.start_background_task, self.socketio.sleep)

    @property
    def idle(self) -> bool:
        """Return True when every accepted draft was answered and everything has been sent."""
        return all(writer.idle for writer in self.writers) and self.fanout.idle

    def close_sockets(self) -> None:
        """Close every connection, so that its client looks for another node at once.

        This closes the transport, not the namespace: after the latter a client would stay away.
        It waits for no queue, since that of a long-polling client may have no reader.
        """
        for socket in list(connections(self.socketio).values()):
            socket.close(wait=False)


def create_node(settings: Settings) -> Node:
    """Return a node with its own application."""
    return Node(create_base("realtime", settings), settings)


def embed_node(app: Flask, settings: Settings) -> Node:
    """Return a node inside the web tier's application; pages publish to it directly."""
    return Node(app, settings)


def _serve_sockets(app: Flask, socketio: SocketIO, manager: QueuedManager | LocalManager) -> None:
    socketio.init_app(
        app,
        async_mode=ASYNC_MODE,
        max_http_buffer_size=MAX_PACKET_BYTES,
        ping_interval=PING_SECONDS,
        ping_timeout=PONG_SECONDS,
        http_compression=False,
        client_manager=manager,
        # The heartbeat does that.
        monitor_clients=False,
        # One client's events are handled in order, one at a time: nobody can pile up work.
        async_handlers=False,
    )
