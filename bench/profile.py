"""Where the CPU time of a check-in and of a live page goes, in the web tier alone.

`python -m bench profile`: the application in this process, before real stores; VISITS=1000 of
each step.
"""

import os
from collections import Counter

from flask import Flask
from werkzeug.test import Client

from bench import data
from bench.report import Report, Table
from bench.sampler import Samples
from bench.visitor import TOKEN
from stack import Stack
from webapp.app import create_app
from webapp.infra.settings import load_settings

SLUG = "profiled"
LINES = 15
WARM_UP = 50
MESSAGES = 50  # as many as a live page shows

Profile = dict[str, Samples]


def run() -> Report:
    """Profile each step of the same visits."""
    visits = int(os.environ.get("VISITS", "1000"))
    with Stack(web=1, nodes=1, demo=False) as stack, data.opened(stack.settings):
        people = data.add_employees(visits + WARM_UP)
        data.add_event(SLUG)
        data.add_messages(SLUG, MESSAGES)
        app = create_app(load_settings(stack.settings))
        _visit_all(app, people[visits:], _nothing())
        profile = _nothing()
        _visit_all(app, people[:visits], profile)
    figures = {
        step: {"cpu_seconds": samples.cpu_seconds / visits, "samples": samples.total}
        for step, samples in profile.items()
    }
    title = f"Profile: {visits} visits, CPU of the web tier alone"
    return Report(title, [_costs(profile, visits), _parts(profile), _lines(profile)], [], figures)


def _nothing() -> Profile:
    return {step: Samples() for step in ("form", "check-in", "live")}


def _visit_all(app: Flask, people: list[data.Person], profile: Profile) -> None:
    clients = [Client(app) for _ in people]
    with profile["form"].taking():
        pages = [client.get(f"/events/{SLUG}/").text for client in clients]
    forms = [
        {"csrf_token": TOKEN.findall(page)[0], "email": email, "employee_number": number}
        for page, (email, number) in zip(pages, people, strict=True)
    ]
    with profile["check-in"].taking():
        for client, form in zip(clients, forms, strict=True):
            answer = client.post(f"/events/{SLUG}/check-in", data=form)
            assert answer.status_code == 303, answer.text
    with profile["live"].taking():
        for client in clients:
            answer = client.get(f"/events/{SLUG}/live")
            assert answer.status_code == 200, answer.text


def _costs(profile: Profile, visits: int) -> Table:
    costs = [f"{samples.cpu_seconds / visits * 1000:.2f} ms" for samples in profile.values()]
    return Table("CPU per request (the test client's own included)", ["", *profile], [["", *costs]])


def _parts(profile: Profile) -> Table:
    counts = {step: samples.parts for step, samples in profile.items()}
    return _shares("By library, with what it calls of the standard library", counts, LINES)


def _lines(profile: Profile) -> Table:
    counts = {step: samples.lines for step, samples in profile.items()}
    return _shares("By the innermost line of our own, or what Flask calls", counts, LINES)


def _shares(title: str, counts: dict[str, Counter[str]], rows: int) -> Table:
    names = sum(counts.values(), Counter[str]()).most_common(rows)
    shares = [
        [name, *(f"{100 * count[name] / max(count.total(), 1):.1f} %" for count in counts.values())]
        for name, _ in names
    ]
    return Table(title, ["", *counts], list(shares))
