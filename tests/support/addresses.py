"""The site's addresses, read from its own map, with arguments that stand for something."""

from collections import defaultdict

from flask import Flask
from werkzeug.routing import Rule

METHODS = {"GET", "POST"}


def rules(app: Flask) -> list[Rule]:
    """Every rule but that of the static files."""
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"]


def address_of(app: Flask, rule: Rule, slug: str) -> str:
    """The rule's address for the event `slug`; whatever else it wants is number 1."""
    values = defaultdict(lambda: "1", slug=slug)
    adapter = app.url_map.bind("localhost")
    return adapter.build(rule.endpoint, {name: values[name] for name in rule.arguments})
