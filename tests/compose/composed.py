"""The Compose system under its own project name, driven as an operator would."""

import json
import os
import shutil
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
PATIENCE = 10  # seconds for one answer
ONE_SHOT = {"migrate", "secrets"}
AT_REST = {"nginx": 1, "web": 2, "realtime": 2, "redis": 1, "mysql": 1}
# Settings of the operator's shell or .env must not reach the system under test.
SETTINGS = (
    "BACKUP_",
    "COMPOSE_",
    "DEMO",
    "FANOUT",
    "GRAFANA_",
    "KEEP_",
    "LOG_",
    "MAX_",
    "NODES",
    "OIDC_",
    "OPEN_FILES",
    "SECRET_KEY",
    "SECURE_",
    "METRICS_",
    "MYSQL_",
    "NODE_",
    "PROMETHEUS_",
    "REDIS_",
    "SECURITY_",
    "SITE_",
    "TLS_",
    "TRUSTED_",
    "WEB",
)

# Count connections from other containers to this node, without any tool in the image.
COUNT_CONNECTIONS = """
lines = [line.split() for name in ("tcp", "tcp6") for line in open("/proc/net/" + name)][1:]
print(sum(
    local.endswith(":1388") and state == "01" and "0100007F" not in remote
    for _, local, remote, state, *_ in lines
))
"""


def fresh_clone(target: Path) -> Path:
    """Copy what a clone would contain, including uncommitted work."""
    files = subprocess.check_output(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        text=True,
    )
    for name in filter(None, files.split("\0")):
        if (REPOSITORY / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, target / name)
    return target


@dataclass(frozen=True)
class Container:
    """A container. `started` changes with every restart, `id` when it is recreated."""

    id: str
    service: str
    started: str
    running: bool
    healthy: bool
    exit_code: int
    ports: tuple[str, ...]


class Composed:
    """`docker compose` in `tree`, with nginx on `port` of this machine."""

    def __init__(self, tree: Path, project: str, port: int, **settings: str) -> None:
        self.tree, self.project, self.url = tree, project, f"http://127.0.0.1:{port}"
        own = {k: v for k, v in os.environ.items() if not k.startswith(SETTINGS)}
        self.environment = own | {"HTTP_PORT": str(port)} | settings

    def compose(self, *arguments: str, typed: str = "", seconds: float = 120) -> str:
        """Run a command, to which `typed` is sent; return its output.

        Raises AssertionError with the output on failure.
        """
        return self._run("compose", "-p", self.project, *arguments, typed=typed, seconds=seconds)

    def up(self, *arguments: str) -> None:
        """Start everything that is not running, and wait until it is healthy."""
        self.compose("up", "--detach", "--wait", "--wait-timeout", "240", *arguments, seconds=900)

    def down(self) -> None:
        """Remove containers, volumes and this project's images."""
        self.compose("down", "--volumes", "--remove-orphans", "--timeout", "10", "--rmi", "local")

    def containers(self, *services: str) -> list[Container]:
        """Return all containers, or those of `services`, including stopped ones."""
        ids = self.compose("ps", "--all", "--quiet", "--no-trunc", *services).split()
        if not ids:
            return []
        return [_container(found) for found in json.loads(self._run("inspect", *ids))]

    def at_rest(self) -> bool:
        """Return whether the default number of each service runs, and all are healthy."""
        lasting = [c for c in self.containers() if c.service not in ONE_SHOT]
        counts = Counter(container.service for container in lasting)
        return counts == AT_REST and all(c.running and c.healthy for c in lasting)

    def sql(self, statement: str) -> list[list[str]]:
        """Return the rows of `statement`, as the application's user."""
        client = ["mysql", "--defaults-extra-file=/run/townhall/mysql.cnf", "--host=127.0.0.1"]
        answer = self.compose("exec", "-T", "mysql", *client, "-BN", "-e", statement, "townhall")
        return [line.split("\t") for line in answer.splitlines()]

    def connections(self, node: Container) -> int:
        """Return the number of connections that nginx holds to `node`."""
        return int(self._run("exec", node.id, "python", "-c", COUNT_CONNECTIONS))

    def address(self, service: str) -> str:
        """Return the address of a service's only container, which this machine can reach."""
        [container] = self.containers(service)
        networks = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        return self._run("inspect", "-f", networks, container.id).strip()

    def pids(self, *services: str) -> list[int]:
        """Return the first process of each container, as this machine numbers it."""
        found = (
            self._run("inspect", "-f", "{{.State.Pid}}", c.id) for c in self.containers(*services)
        )
        return [int(pid) for pid in found]

    def now(self) -> str:
        """Return the engine's time, as `docker logs --since` takes it."""
        return self._run("info", "-f", "{{.SystemTime}}").strip()

    def docker(self, *arguments: str) -> str:
        """Run a command of the Docker engine itself."""
        return self._run(*arguments)

    def _run(self, *arguments: str, typed: str = "", seconds: float = 60) -> str:
        done = subprocess.run(
            ["docker", *arguments],
            cwd=self.tree,
            env=self.environment,
            input=typed,
            text=True,
            capture_output=True,
            timeout=seconds,
        )
        said = done.stdout + done.stderr
        assert done.returncode == 0, f"docker {' '.join(arguments)}: {said[-4000:]}"
        return done.stdout


def _container(found: dict[str, Any]) -> Container:
    state = found["State"]
    published = found["NetworkSettings"]["Ports"] or {}
    return Container(
        id=found["Id"],
        service=found["Config"]["Labels"]["com.docker.compose.service"],
        started=state["StartedAt"],
        running=state["Running"],
        healthy=state.get("Health", {}).get("Status") == "healthy",
        exit_code=state["ExitCode"],
        ports=tuple(sorted(inner for inner, outer in published.items() if outer)),
    )
