"""The commands of docs/operations.md for Compose, as an operator types them.

They run in the order of the document on one system; `documented` fails for a command that the
document does not have.
"""

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from tests.compose.composed import PATIENCE, Composed
from tests.compose.conftest import Watch
from tests.support.handbook import documented
from tests.support.waiting import wait_for
from webapp.infra.settings import ROOT

Type = Callable[..., str]
# Prometheus of Debian, for a machine that cannot pull the official image.
PROMETHEUS = """
FROM debian:sid-slim
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends prometheus \\
 && mkdir /prometheus && chown nobody /prometheus
USER nobody
"""


@pytest.fixture
def type_in(system: Composed) -> Type:
    """Return `type_in(command)`, which runs a command in a shell and returns its output."""

    def run(command: str, answer: str = "", seconds: float = 300) -> str:
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", command],
            cwd=system.tree,
            env=system.environment | {"COMPOSE_PROJECT_NAME": system.project},
            input=answer,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    return run


def test_start(system: Composed, type_in: Type) -> None:
    type_in(documented("docker compose up --build --detach"), seconds=900)
    wait_for(system.at_rest, 120, "everything is healthy")
    assert "unhealthy" not in type_in(documented("docker compose ps"))
    assert "migrate" in type_in(documented("docker compose ps --all"))
    type_in(documented("docker compose logs --tail 50 web realtime"))


def test_the_first_admin_signs_in(system: Composed, type_in: Type) -> None:
    command = documented("docker compose exec web flask --app wsgi admin create EMAIL")
    command = command.replace("EMAIL", "first@example.com --password-stdin")
    type_in(command.replace("exec", "exec -T"), "correct horse battery staple")
    with requests.Session() as browser:
        form = browser.get(f"{system.url}/admin/login", timeout=PATIENCE).text
        token = re.search(r'name="csrf_token" value="([^"]+)"', form)
        assert token
        fields = {"email": "first@example.com", "password": "correct horse battery staple"}
        page = browser.post(
            f"{system.url}/admin/login",
            data=fields | {"csrf_token": token[1]},
            headers={"Referer": f"{system.url}/admin/login"},
            timeout=PATIENCE,
        )
        assert (page.status_code, page.url) == (200, f"{system.url}/admin/")


def test_the_image_contains_its_bill_of_materials(system: Composed, type_in: Type) -> None:
    command = documented(
        "docker compose exec -T web cat /usr/share/townhall.cdx.json > townhall.cdx.json"
    )
    type_in(command)
    bill = json.loads((system.tree / "townhall.cdx.json").read_text())
    names = {(one["purl"].partition("/")[0], one["name"]) for one in bill["components"]}
    for expected in (("pkg:pypi", "flask"), ("pkg:npm", "htmx.org"), ("pkg:deb", "libc6")):
        assert expected in names


def test_a_reload_of_nginx_drops_nobody(system: Composed, type_in: Type, watch: Watch) -> None:
    viewers = watch(6)
    type_in(documented("docker compose exec nginx nginx -c /run/nginx.conf -s reload"))
    # They stay for longer than it takes to end requests.
    for number in range(15):
        body = f"after the reload {number}"
        assert viewers[number % len(viewers)].post(body)["ok"]
        for viewer in viewers:
            viewer.wait_for_bodies(body, seconds=5)
        viewers[0].socket.sleep(1)
    assert not any(viewer.lost for viewer in viewers)
    assert not watch(1)[0].lost


def test_more_nodes_while_it_runs(system: Composed, type_in: Type) -> None:
    type_in(documented("docker compose up --detach --no-recreate --scale realtime=4"))
    nodes = system.containers("realtime")
    assert len(nodes) == 4
    wait_for(lambda: all(n.healthy for n in system.containers("realtime")), 60, "all serve")


@pytest.fixture
def prometheus(system: Composed) -> Iterator[None]:
    """Let the profile `observe` start the official Prometheus, or else that of Debian."""
    before = dict(system.environment)
    pull = ["docker", "compose", "--profile", "observe", "pull", "--quiet", "prometheus"]
    pulled = subprocess.run(pull, cwd=system.tree, capture_output=True, timeout=300, check=False)
    if pulled.returncode:
        name = f"{system.project}-prometheus"
        build = ["docker", "build", "--quiet", "--tag", name, "-"]
        subprocess.run(build, input=PROMETHEUS, text=True, check=True, capture_output=True)
        system.environment["PROMETHEUS_IMAGE"] = name
    system.environment["METRICS_TOKEN"] = "a-token-of-sixteen-characters"
    try:
        yield
    finally:
        system.compose("rm", "--stop", "--force", "prometheus")
        if pulled.returncode:
            system.docker("image", "rm", system.environment["PROMETHEUS_IMAGE"])
        system.environment.clear()
        system.environment.update(before)
        system.up()


def test_monitoring(system: Composed, prometheus: None, type_in: Type, watch: Watch) -> None:
    system.up()  # so that web and realtime have the token
    command = documented("docker compose --profile observe up --detach")
    # Not every machine can pull Grafana: then the test draws its figures from Prometheus alone.
    type_in(command if has_grafana() else f"{command} prometheus")

    def ask(query: str) -> list[str]:
        program = ["exec", "-T", "prometheus", "promtool", "query", "instant"]
        return system.compose(*program, "http://localhost:9090", query).splitlines()

    wait_for(lambda: len(up := ask("up")) == 4 and "=> 0 " not in str(up), 90, "all are scraped")
    viewers = watch(4)
    # Two rates need two scrapes.
    for number in range(40):
        assert viewers[number % 4].post(f"measured {number}")["ok"]
        viewers[0].socket.sleep(1)
    assert sum(float(line.split("=> ")[1].split()[0]) for line in ask("townhall_viewers")) >= 4
    dashboard = json.loads((ROOT / "deploy/grafana/dashboards/townhall.json").read_text())
    empty = set()
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            if not ask(target["expr"].replace("$__rate_interval", "1m")):
                empty.add(panel["title"])
    assert empty <= {"Alerts"}


def has_grafana() -> bool:
    image = subprocess.run(
        ["docker", "image", "inspect", os.environ.get("GRAFANA_IMAGE", "grafana/grafana:12.0.0")],
        capture_output=True,
        check=False,
    )
    return image.returncode == 0


def test_a_look_at_night(system: Composed, type_in: Type) -> None:
    type_in(documented("docker compose logs --since 15m --no-log-prefix web realtime nginx"))
    ready = documented("docker compose exec -T nginx curl --silent http://web:8000/readyz")
    assert type_in(ready) == '{"status":"ready"}\n'
    assert system.project in type_in(documented("docker stats --no-stream"))
    type_in(documented("docker compose logs --tail 50 mysql"))
    type_in(documented("docker compose logs mysql redis"))
    type_in(documented("docker system df"))


@pytest.mark.parametrize("service", ["mysql", "redis", "realtime"])
def test_a_restart_by_hand(system: Composed, type_in: Type, service: str) -> None:
    type_in(documented(f"docker compose restart {service}"))
    wait_for(system.at_rest, 60, "everything is healthy")


def test_backup_and_restore(system: Composed, type_in: Type) -> None:
    before = system.sql("SELECT id, email, first_name FROM employees ORDER BY id")
    file = type_in(documented("bin/backup")).strip().splitlines()[-1]
    assert re.fullmatch(r"backups/\d{8}T\d{6}Z\.townhall\.gz", file)
    system.sql("UPDATE employees SET first_name = 'Changed'")
    command = documented("bin/restore backups/20261128T060000Z.townhall.gz")
    type_in(re.sub(r"backups/\S+", file, command), "replace\n")
    assert system.sql("SELECT id, email, first_name FROM employees ORDER BY id") == before
    wait_for(system.at_rest, 60, "everything is healthy again")


def test_a_backup_each_night(system: Composed, type_in: Type) -> None:
    type_in(documented("docker compose --profile backup up --detach"))
    try:
        look = ["exec", "-T", "backup", "ls", "/backups"]
        wait_for(lambda: ".townhall.gz\n" in system.compose(*look), 60, "a first backup")
        (system.tree / "backups").mkdir(exist_ok=True)
        copies = set((system.tree / "backups").iterdir())
        type_in(documented("docker compose --profile backup cp backup:/backups/. backups/"))
        # The volume keeps those of earlier tests as well.
        file = max(set((system.tree / "backups").glob("*.townhall.gz")) - copies)
        check = ["run", "--rm", "--no-deps", "-T", "web", "flask", "--app", "wsgi"]
        with file.open("rb") as content:
            subprocess.run(
                ["docker", "compose", "-p", system.project, *check, "restore", "--check", "-"],
                cwd=system.tree,
                env=system.environment,
                stdin=content,
                capture_output=True,
                check=True,
                timeout=120,
            )
    finally:
        system.compose("--profile", "backup", "rm", "--stop", "--force", "backup")


def test_the_key_can_be_copied(type_in: Type) -> None:
    key = type_in(documented("docker compose exec -T web cat /run/townhall/secret_key"))
    assert re.fullmatch("[0-9a-f]{64}", key)


def test_a_dump_of_mysql(system: Composed, type_in: Type) -> None:
    command = documented(
        "docker compose exec -T mysql mysqldump --defaults-extra-file=/run/townhall/mysql.cnf "
        "--single-transaction --no-tablespaces --set-gtid-purged=OFF townhall > townhall.sql"
    )
    type_in(command)
    dumped = (system.tree / "townhall.sql").read_text()
    assert "-- Dump completed" in dumped
    assert "CREATE TABLE `employees`" in dumped


def test_a_new_key_keeps_everybody(
    system: Composed, type_in: Type, watch: Watch, slug: str, tmp_path: Path
) -> None:
    [viewer] = watch(1)
    old = type_in(documented("docker compose exec -T web cat /run/townhall/secret_key"))
    settings = system.tree / ".env"
    settings.write_text(f"SECRET_KEY={'n' * 32}\nSECRET_KEY_PREVIOUS={old}\n")
    try:
        type_in(documented("docker compose up --detach"))
        wait_for(system.at_rest, 90, "everything is healthy")
        live = f"{system.url}/events/{slug}/live"
        assert viewer.web.get(live, timeout=PATIENCE).url == live
    finally:
        settings.unlink()
        system.up()


def test_an_upgrade_with_a_pause(system: Composed, type_in: Type) -> None:
    type_in(documented("docker compose stop web realtime"))
    page = requests.get(system.url, timeout=PATIENCE)
    assert (page.status_code, "One moment" in page.text) == (503, True)
    type_in(documented("docker compose up --build --detach"), seconds=900)
    wait_for(system.at_rest, 120, "everything is healthy")
    assert requests.get(system.url, timeout=PATIENCE).status_code == 200


def test_an_empty_database_and_the_last_backup(system: Composed, type_in: Type) -> None:
    before = system.sql("SELECT id, email, first_name FROM employees ORDER BY id")
    file = type_in(documented("bin/backup")).strip().splitlines()[-1]
    type_in(documented("docker compose down"))
    volume = documented("docker volume rm townhall_mysql")
    type_in(volume.replace("townhall_mysql", f"{system.project}_mysql"))
    system.environment["DEMO"] = "0"
    try:
        system.up()
        assert system.sql("SELECT COUNT(*) FROM employees") == [["0"]]
        type_in(f"bin/restore {file} --yes")
        assert system.sql("SELECT id, email, first_name FROM employees ORDER BY id") == before
    finally:
        del system.environment["DEMO"]
