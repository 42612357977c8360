"""Icons of the sprite, for templates."""

from functools import lru_cache
from typing import Any

from flask import Flask
from markupsafe import Markup

_ICON = Markup('<svg class="{}" {}><use href="{}"></use></svg>')
_HIDDEN = Markup('aria-hidden="true"')


def register_icons(app: Flask) -> None:
    """Give templates `draw_icon`. Call it after `register_assets`."""
    asset: Any = app.jinja_env.globals["asset"]

    @app.template_global()
    def draw_icon(name: str, label: str, more_classes: str) -> Markup:
        """Return an icon of the sprite; without a label it is hidden from screen readers."""
        return _draw(asset("build/icons.svg"), name, label, more_classes)


@lru_cache(2000)  # a live page has some thirty, and drawing one takes 10 µs
def _draw(sprite: str, name: str, label: str, more_classes: str) -> Markup:
    role = Markup('role="img" aria-label="{}"').format(label) if label else _HIDDEN
    classes = f"icon {more_classes}".strip()
    return _ICON.format(classes, role, f"{sprite}#{name}")
