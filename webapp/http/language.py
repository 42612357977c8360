"""The language of each request, and what templates need to write in it."""

from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any
from urllib.parse import quote

from flask import Flask, Response, current_app, request, url_for
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

from webapp import i18n

# X-Page-Language: HTMX sends the language of the page that a fragment goes into.
PAGE_LANGUAGE = "HTTP_X_PAGE_LANGUAGE"
YEAR_SECONDS = 365 * 24 * 3600


def register_language(app: Flask) -> None:
    """Decide the language before every request; give templates `_` and `{% trans %}`."""
    app.before_request(lambda: i18n.speak(_requested()))
    app.after_request(_name_language)
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.newstyle_gettext = True  # type: ignore[attr-defined]
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    app.jinja_env.globals.update(
        _=_for_templates(i18n.gettext),
        gettext=_for_templates(i18n.gettext),
        ngettext=_for_templates(i18n.ngettext),
        pgettext=_for_templates(i18n.pgettext),
        language=lambda: i18n.tag_of(i18n.current_language()),
        text_direction=lambda: i18n.current_locale().text_direction,
        other_languages=_other_languages,
    )


def remember_language(response: Response, language: str) -> None:
    """Have this browser remember `language`; ignore one that is not offered."""
    if language not in current_app.config["LANGUAGES"]:
        return
    secure = current_app.session_interface.get_cookie_secure(current_app)
    response.set_cookie(
        i18n.COOKIE,
        language,
        max_age=YEAR_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=secure,
    )


def _requested() -> str:
    # Read from the environment: this runs for every request, and `request.headers` takes longer.
    environ = request.environ
    chosen = environ.get(PAGE_LANGUAGE) or request.cookies.get(i18n.COOKIE)
    languages = current_app.config["LANGUAGES"]
    return i18n.choose(languages, chosen, environ.get("HTTP_ACCEPT_LANGUAGE"))


def _other_languages() -> list[tuple[str, str, str]]:
    """Return address, tag and own name of each language that the reader may change to."""
    current = i18n.current_language()
    back = ""
    if request.method == "GET":
        query = request.query_string.decode(errors="replace")
        back = "?back=" + quote(f"{request.path}?{query}" if query else request.path)
    return [
        (_address(language) + back, i18n.tag_of(language), i18n.own_name(language))
        for language in current_app.config["LANGUAGES"]
        if language != current
    ]


@cache  # building an address takes 40 µs
def _address(language: str) -> str:
    return url_for("language.choose", language=language)


def _name_language(response: Response) -> Response:
    if request.endpoint == "static":
        return response
    response.headers["Content-Language"] = i18n.tag_of(i18n.current_language())
    return response


def _for_templates(translate: Callable[..., str]) -> Callable[..., str]:
    """Return `translate` as templates call it: values are escaped, the text itself is HTML.

    Jinja's own would also format texts without values, and numbers without their separators.
    """

    @lru_cache(5000)  # a page has a hundred of these
    def constant(_language: str, *args: Any) -> Markup:
        return Markup(translate(*args))  # noqa: S704 - the catalogue is ours

    @pass_eval_context
    def translated(context: EvalContext, *args: Any, **values: Any) -> str:
        if not context.autoescape:
            return translate(*args, **values)
        if not values:
            return constant(i18n.current_language(), *args)
        text = translate(*args, **{name: _escaped(value) for name, value in values.items()})
        return Markup(text)  # noqa: S704 - the catalogue is ours, and values are escaped

    return translated


def _escaped(value: Any) -> Any:
    return value if type(value) is int else Markup.escape(value)
