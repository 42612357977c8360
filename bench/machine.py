"""Describe the machine and the versions of a measurement."""

import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from stack import tools

PACKAGES = ("flask", "gunicorn", "sqlalchemy", "pymysql", "redis", "eventlet", "flask-socketio")


def describe_machine() -> dict[str, Any]:
    """Return cores, processor, memory, load and versions, as JSON values."""
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "processor": _found(r"model name\s*: (.*)", Path("/proc/cpuinfo")),
        "memory_kib": int(_found(r"MemTotal:\s*(\d+)", Path("/proc/meminfo")) or 0),
        "kernel": platform.release(),
        "load_average": os.getloadavg(),
        "python": platform.python_version(),
        "servers": {names[0]: _version(names) for names in (tools.DATABASE, tools.REDIS)}
        | {"nginx": _version(tools.NGINX, "-v"), "node": _version(("node",))},
        "packages": {name: version(name) for name in PACKAGES},
    }


def _found(pattern: str, path: Path) -> str:
    match = re.search(pattern, path.read_text()) if path.exists() else None
    return match[1] if match else ""


def _version(names: tuple[str, ...], option: str = "--version") -> str:
    program = tools.find(names)
    if not program:
        return ""
    done = subprocess.run([program, option], capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip().splitlines()[0]
