"""Every private part of a library that we lean on, with the file that does.

An upgrade that changes one fails here. Then read the change, adapt our file if need be, and note
the new hash. A part that is not in the table fails as well.
"""

import ast
import hashlib
import importlib
import inspect
import pkgutil
import warnings
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import engineio.base_socket
import engineio.payload
import flask_socketio
import pytest
import socketio
import socketio.pubsub_manager
from engineio import Server as EngineServer
from engineio.socket import Socket
from flask_sqlalchemy import SQLAlchemy
from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]
from pymysql import connections
from sqlalchemy.pool import QueuePool

with warnings.catch_warnings():
    # As in realtime/transport/eventlet_runtime.py.
    warnings.simplefilter("ignore")
    import engineio.async_drivers.eventlet
    import eventlet.hubs.hub
    import eventlet.hubs.poll
    import eventlet.wsgi
    from eventlet.greenio import GreenSocket
    from eventlet.hubs import trampoline
    from eventlet.websocket import RFC6455WebSocket, WebSocketWSGI

import realtime
import webapp

# Its stub leaves the private parts out.
Connection: Any = connections.Connection

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted([*ROOT.glob("webapp/**/*.py"), *ROOT.glob("realtime/**/*.py"), ROOT / "wsgi.py"])

CONNECTION = "realtime/transport/connection.py"
FRAME_READER = "realtime/transport/frame_reader.py"
SEND_BUFFER = "realtime/transport/send_buffer.py"
ADMISSION = "realtime/transport/admission.py"
RUNTIME = "realtime/transport/eventlet_runtime.py"
MANAGERS = "realtime/transport/managers.py"
QUEUE = "realtime/transport/redis_queue.py"
HANDLERS = "realtime/handlers/namespace.py"
POOL = "webapp/infra/connection_pool.py"
DATABASE = "webapp/infra/database.py"
WORKER = "webapp/infra/stopping_worker.py"

# Library code that ours overrides, replaces, calls, or relies on in its details.
KNOWN: dict[Any, tuple[str, str]] = {
    # python-engineio
    Socket.poll: (CONNECTION, "d7d705066fd3"),
    Socket.receive: (CONNECTION, "4126eb2537d0"),
    Socket.check_ping_timeout: (CONNECTION, "ccddc110d983"),
    Socket.send: (CONNECTION, "f8b2738ee5d4"),
    Socket.handle_get_request: (CONNECTION, "d45c0d8f9884"),
    Socket.handle_post_request: (CONNECTION, "5be8170455a3"),
    Socket.close: (CONNECTION, "05fac5583199"),
    Socket.schedule_ping: (CONNECTION, "fe316639159c"),
    Socket._upgrade_websocket: (CONNECTION, "02f6ac054416"),
    Socket._websocket_handler: (CONNECTION, "58afe1227192"),
    engineio.base_socket.BaseSocket.__init__: (CONNECTION, "8532b631a4dc"),
    EngineServer.handle_request: (ADMISSION, "79302edd007f"),
    engineio.payload.Payload: (CONNECTION, "6b839223a0a7"),
    EngineServer._handle_connect: (CONNECTION, "049f7c2b2c23"),
    EngineServer._get_socket: (CONNECTION, "ae2f99e66d63"),
    EngineServer._trigger_event: (CONNECTION, "bc536417c304"),
    engineio.async_drivers.eventlet.WebSocketWSGI: (CONNECTION, "834894b1a78e"),
    engineio.async_drivers.eventlet.EventletThread: (RUNTIME, "7bb04a9d0464"),
    # eventlet
    RFC6455WebSocket._send: (CONNECTION, "82ffb8d0a4c2"),
    RFC6455WebSocket.send: (CONNECTION, "8bec73f6e867"),
    RFC6455WebSocket.wait: (CONNECTION, "2914eb549aa5"),
    RFC6455WebSocket.close: (CONNECTION, "06520e635a36"),
    RFC6455WebSocket._iter_frames: (CONNECTION, "2c658a5eef94"),
    RFC6455WebSocket._handle_control_frame: (CONNECTION, "a5ab3d89fdde"),
    RFC6455WebSocket._recv_frame: (CONNECTION, "b7e54e98049d"),
    RFC6455WebSocket._get_bytes: (FRAME_READER, "a886d6001878"),
    RFC6455WebSocket._apply_mask: (CONNECTION, "f6ac2b9da0f0"),
    RFC6455WebSocket._send_closing_frame: (CONNECTION, "f8baf7278536"),
    RFC6455WebSocket.Message: (CONNECTION, "36bed7da392b"),
    WebSocketWSGI.__call__: (CONNECTION, "9e0ec3809e82"),
    GreenSocket.__init__: (SEND_BUFFER, "691018ed039a"),
    GreenSocket.sendall: (SEND_BUFFER, "0d2436a478e4"),
    GreenSocket.accept: (RUNTIME, "717edbe7e1c5"),
    eventlet.hubs.hub.BaseHub.add: (RUNTIME, "5aa4447a94d4"),
    eventlet.hubs.hub.BaseHub.remove: (RUNTIME, "7af6377b6ec9"),
    eventlet.hubs.hub.BaseHub.switch: (RUNTIME, "e9ca670468f3"),
    eventlet.hubs.poll.Hub.wait: (RUNTIME, "691d0ecab34b"),
    GreenSocket._mark_as_closed: (RUNTIME, "665acd426b05"),
    GreenSocket._trampoline: (RUNTIME, "fa1f58d2ee13"),
    trampoline: (RUNTIME, "dbb09fcd0085"),
    eventlet.hubs.hub.BaseHub.squelch_generic_exception: (RUNTIME, "ac6b6a3f52a9"),
    eventlet.hubs.hub.BaseHub.squelch_timer_exception: (RUNTIME, "1eb68c269efc"),
    eventlet.wsgi.FileObjectForHeaders.readline: (RUNTIME, "52fd7251d674"),
    eventlet.wsgi.HttpProtocol.setup: (RUNTIME, "a016670ef277"),
    eventlet.wsgi.server: (RUNTIME, "8db9f629ea68"),
    # python-socketio
    socketio.Manager.pre_connect: (MANAGERS, "bfdba4c0c8f1"),
    socketio.Manager.basic_disconnect: (MANAGERS, "2933b50bc4b2"),
    socketio.Manager.basic_leave_room: (MANAGERS, "e27f3eea06d1"),
    socketio.Server._handle_connect: (HANDLERS, "1b0ba130a57d"),
    socketio.Server._handle_eio_message: (CONNECTION, "65f309c138d6"),
    socketio.Server._handle_event: (CONNECTION, "3f64c030f25e"),
    socketio.Server._handle_event_internal: (CONNECTION, "37e1c84a6974"),
    socketio.pubsub_manager.PubSubManager.initialize: (QUEUE, "e8a2b026ecea"),
    socketio.pubsub_manager.PubSubManager._thread: (QUEUE, "ecce2e6d1001"),
    socketio.pubsub_manager.PubSubManager._listen: (QUEUE, "b571b0fee6c6"),
    socketio.pubsub_manager.PubSubManager._publish: (QUEUE, "2c3f9cd033dc"),
    socketio.pubsub_manager.PubSubManager._handle_emit: (QUEUE, "f1fb64e2d841"),
    socketio.RedisManager.initialize: (QUEUE, "549c6625ba09"),
    socketio.RedisManager._redis_connect: (QUEUE, "da4530c93632"),
    socketio.RedisManager._publish: (QUEUE, "9218e2786bc4"),
    socketio.RedisManager._listen: (QUEUE, "cf4821d0f65d"),
    # Flask-SocketIO
    flask_socketio.Namespace.trigger_event: (HANDLERS, "99752624acf7"),
    # SQLAlchemy and Flask-SQLAlchemy
    QueuePool._do_return_conn: (POOL, "1293464fa598"),
    SQLAlchemy._teardown_session: (DATABASE, "696d95cd25c4"),
    # gunicorn
    ThreadWorker.run: (WORKER, "f92c7394d857"),
    ThreadWorker.accept: (WORKER, "f8dcead3dce5"),
    ThreadWorker.set_accept_enabled: (WORKER, "140150ebfd3c"),
    # PyMySQL
    Connection._create_ssl_ctx: (POOL, "03fb3c944ada"),
    Connection._read_bytes: (POOL, "5f0addfbcfbe"),
}
# Private attributes that are no function: the function of the library that uses each.
ATTRIBUTES: dict[str, tuple[str, Any]] = {
    "_remote_close_data": (CONNECTION, RFC6455WebSocket._handle_control_frame),
    "_read_timeout": (POOL, Connection._read_bytes),
}
# Documented in spite of the underscore: methods of named tuples and SQLAlchemy's rows, `os._exit`.
DOCUMENTED = {"_asdict", "_mapping", "_replace", "_fields", "_exit"}


def fingerprint(part: Any) -> str:
    return hashlib.sha256(inspect.getsource(part).encode()).hexdigest()[:12]


@pytest.mark.parametrize("part", KNOWN, ids=lambda part: f"{part.__module__}.{part.__qualname__}")
def test_a_library_is_as_it_was_read(part: Any) -> None:
    file, known = KNOWN[part]
    assert fingerprint(part) == known, f"{part.__qualname__} has changed: read {file} again"


def test_every_file_of_the_table_exists() -> None:
    for file, _ in KNOWN.values():
        assert (ROOT / file).is_file(), file


def listed(file: str) -> set[str]:
    """Return the private names that this file may use, by the tables."""
    functions = {part.__name__ for part, (user, _) in KNOWN.items() if user == file}
    return functions | {name for name, (user, _) in ATTRIBUTES.items() if user == file}


def test_attributes_are_used_by_a_function_of_the_table() -> None:
    for name, (file, function) in ATTRIBUTES.items():
        assert name in inspect.getsource(function), name
        assert KNOWN[function][0] == file


def foreign_attributes(path: Path) -> Iterator[str]:
    """Yield the private attributes of other objects that no code of this file defines."""
    tree = ast.parse(path.read_text())
    own = defined_in(tree)
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=name) if is_private(name) and name not in own | DOCUMENTED:
                yield name


def defined_in(tree: ast.Module) -> set[str]:
    """Return the names of functions, classes, variables and attributes of `self`."""
    names = set()
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.Name(id=name, ctx=ast.Store()):
                names.add(name)
            case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
                names.add(name)
    return names


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_private_attributes_are_in_the_table(path: Path) -> None:
    unlisted = set(foreign_attributes(path)) - listed(str(path.relative_to(ROOT)))
    assert not unlisted - inherited_names(path)


def inherited_names(path: Path) -> set[str]:
    """Return the names that classes of this file inherit from classes of ours."""
    bases = {base for cls in CLASSES[path] for base in cls.__mro__[1:] if is_ours(base)}
    files = {Path(inspect.getfile(base)) for base in bases}
    return {name for file in files for name in defined_in(ast.parse(file.read_text()))}


def modules() -> Iterator[ModuleType]:
    for package in (webapp, realtime):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith("__main__"):
                yield importlib.import_module(found.name)


def is_ours(cls: type) -> bool:
    return cls.__module__.split(".")[0] in ("webapp", "realtime")


CLASSES: dict[Path, list[type]] = defaultdict(list)
for module in modules():
    for value in vars(module).values():
        if inspect.isclass(value) and value.__module__ == module.__name__:
            CLASSES[Path(str(module.__file__))].append(value)


def overridden(cls: type) -> Iterator[tuple[str, type]]:
    """Yield the private methods of a library's class that `cls` overrides, and that class."""
    for base in cls.__mro__[1:]:
        if not is_ours(base):
            for name in vars(cls).keys() & vars(base).keys():
                # Not what the library generates for each class.
                if (
                    is_private(name)
                    and getattr(vars(cls)[name], "__module__", "") == cls.__module__
                ):
                    yield name, base


def test_private_methods_that_are_overridden_are_in_the_table() -> None:
    unlisted = [
        f"{file}: {base.__name__}.{name}"
        for file, classes in CLASSES.items()
        for cls in classes
        for name, base in overridden(cls)
        if name not in listed(str(file.relative_to(ROOT)))
    ]
    assert not unlisted


def test_a_part_that_is_not_listed_is_found(tmp_path: Path) -> None:
    file = tmp_path / "leaning.py"
    file.write_text("def close(connection):\n    connection._socket.close()\n")
    assert list(foreign_attributes(file)) == ["_socket"]
