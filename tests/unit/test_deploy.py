"""The files of deploy/: what they name exists, and the manual explains it."""

import json
import re

import pytest
from prometheus_client import REGISTRY

from realtime.fanout import fanout  # noqa: F401 - declares its figures
from webapp.infra import metrics  # noqa: F401
from webapp.infra.loops import FAILURES  # noqa: F401
from webapp.infra.settings import ROOT, setting_names

DEPLOY = ROOT / "deploy"
ALERTS = (DEPLOY / "prometheus/alerts.yml").read_text()
DASHBOARD = (DEPLOY / "grafana/dashboards/townhall.json").read_text()
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
