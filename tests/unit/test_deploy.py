"""The files of deploy/: what they name exists, and the manual explains it."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from prometheus_client import REGISTRY

from realtime.fanout import fanout  # noqa: F401 - declares its figures
from webapp.infra import metrics  # noqa: F401
from webapp.infra.loops import FAILURES  # noqa: F401
from webapp.infra.settings import ROOT, setting_names

DEPLOY = ROOT / "deploy"
ALERTS = (DEPLOY / "prometheus/alerts.yml").read_text()
DASHBOARD = (DEPLOY / "grafana/dashboards/townhall.json").read_text()
TOKEN_FILE = "/run/token/metrics"
SUFFIXES = "(_total|_bucket|_count|_sum)?$"


def exported() -> set[str]:
    """Return the names of our figures without the suffix that their type adds."""
    return {family.name for family in REGISTRY.collect() if family.name.startswith("townhall_")}


@pytest.mark.parametrize("text", [ALERTS, DASHBOARD], ids=["alerts", "dashboard"])
def test_only_exported_figures_are_asked_for(text: str) -> None:
    names = {re.sub(SUFFIXES, "", name) for name in re.findall(r"\btownhall_[a-z_]+", text)}
    assert len(names) > 5
    assert names <= exported()


def test_the_dashboard_shows_every_figure() -> None:
    shown = {re.sub(SUFFIXES, "", name) for name in re.findall(r"\btownhall_[a-z_]+", DASHBOARD)}
    # Failures of loops are an alert.
    assert exported() - shown == {"townhall_loop_failures"}
    panels = json.loads(DASHBOARD)["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)


def test_the_manual_says_what_to_do_at_each_alert() -> None:
    manual = (ROOT / "docs/operations.md").read_text().partition("\n## Monitoring\n")[2]
    documented = re.findall(r"^\| `([A-Z][a-z][A-Za-z]+)` \|", manual, re.MULTILINE)
    assert documented == re.findall(r"- alert: (\w+)", ALERTS)


def test_the_services_set_only_settings() -> None:
    for unit in DEPLOY.glob("*.service"):
        for line in re.findall(r"^Environment=(.*)$", unit.read_text(), re.MULTILINE):
            assert set(re.findall(r"([A-Z_]+)=", line)) <= set(setting_names())


def run(*argv: str | Path, cwd: Path = DEPLOY) -> str:
    """Return what the program prints. Raises AssertionError with it if the program fails."""
    done = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_prometheus_accepts_its_configuration(tmp_path: Path) -> None:
    copied = Path(shutil.copytree(DEPLOY / "prometheus", tmp_path / "prometheus"))
    # The container writes this file, see compose.yaml.
    configuration = copied / "prometheus.yml"
    text = configuration.read_text()
    assert TOKEN_FILE in text
    assert f">{TOKEN_FILE} &&" in (ROOT / "compose.yaml").read_text()
    configuration.write_text(text.replace(TOKEN_FILE, str(tmp_path / "token")))
    (tmp_path / "token").write_text("none")
    checked = run("promtool", "check", "config", "--lint-fatal", "prometheus.yml", cwd=copied)
    assert f"{ALERTS.count('- alert:')} rules found" in checked


def test_every_alert_fires_when_it_should_and_only_then() -> None:
    tested = (DEPLOY / "prometheus/alerts_test.yml").read_text()
    alerts = set(re.findall(r"- alert: (\w+)", ALERTS))
    assert set(re.findall(r"alertname: (\w+)\n", tested)) == alerts
    assert set(re.findall(r"alertname: (\w+), eval_time", tested)) == alerts
    run("promtool", "test", "rules", "alerts_test.yml", cwd=DEPLOY / "prometheus")


def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("this machine has no systemd")
    programs = tmp_path / "opt/townhall/.venv/bin"
    programs.mkdir(parents=True)
    for name in ("python", "flask"):
        (programs / name).symlink_to(sys.executable)
    units = [path for kind in ("service", "timer") for path in DEPLOY.glob(f"*.{kind}")]
    assert len(units) == 3
    for unit in units:
        text = unit.read_text().replace("/opt/townhall", f"{tmp_path}/opt/townhall")
        (tmp_path / unit.name).write_text(text)
    # Warnings do not change its exit status.
    assert run("systemd-analyze", "verify", *(tmp_path / unit.name for unit in units)) == ""


def test_gixy_finds_nothing_else_in_nginx_conf() -> None:
    """Two findings are intended.

    The application needs the port of the Host header for links, and accepts no link to elsewhere.
    A connection takes one file, and those to the upstreams are among `worker_connections`.
    """
    intended = "host_spoofing,worker_rlimit_nofile_vs_connections"
    found = run(sys.executable, "-m", "gixy", "--skips", intended, ROOT / "nginx.conf")
    assert "No issues found" in found


def test_the_bill_of_materials_lists_every_pinned_package() -> None:
    bill = json.loads(run(sys.executable, ROOT / "bin/sbom.py"))
    listed = {one["purl"] for one in bill["components"]}
    assert len(listed) == len(bill["components"])
    pins = re.findall(
        r"^([\w.-]+)(?:\[.*?\])?==(\S+)", (ROOT / "requirements.txt").read_text(), re.M
    )
    assert {f"pkg:pypi/{name}@{version}" for name, version in pins} <= listed
    shipped = json.loads((ROOT / "package.json").read_text())["dependencies"]
    for name, version in shipped.items():
        assert f"pkg:npm/{quote(name)}@{version}" in listed
    licences = [one for one in bill["components"] if "licenses" in one]
    assert len(licences) > 0.9 * len(listed)
