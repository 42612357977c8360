"""Read the addresses of the site from its URL map, with sample arguments."""

from collections import defaultdict

from flask import Flask
from werkzeug.routing import Rule

METHODS = {"GET", "POST"}


def rules(app: Flask) -> list[Rule]:
    """Return every rule except the one for static files."""
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"]


def address_of(app: Flask, rule: Rule, slug: str) -> str:
    """Return the rule's address for the event `slug`; every other argument is 1."""
    values = defaultdict(lambda: "1", slug=slug)
    adapter = app.url_map.bind("localhost")
    return adapter.build(rule.endpoint, {name: values[name] for name in rule.arguments})
