"""The web tier: every page of the site."""

from flask import Flask

from webapp.base import create_base
from webapp.cli import register_commands
from webapp.http.assets import register_assets
from webapp.http.branding import init_branding
from webapp.http.compression import register_compression
from webapp.http.converters import IdConverter
from webapp.http.error_handlers import register_error_handlers
from webapp.http.filters import register_filters
from webapp.http.headers import register_headers
from webapp.http.icons import register_icons
from webapp.http.language import register_language
from webapp.http.measuring import register_measuring
from webapp.http.proxies import trust_proxies
from webapp.http.rendering import TemplateEnvironment
from webapp.http.sso import init_sso
from webapp.http.toasts import register_toasts
from webapp.infra.extensions import csrf
from webapp.infra.publisher import init_publisher
from webapp.infra.rate_limit import init_rate_limit
from webapp.infra.settings import Settings, load_settings
from webapp.pages.account.views import bp as account
from webapp.pages.admins.invitation_views import bp as invitation
from webapp.pages.admins.views import bp as admins
from webapp.pages.audit.views import bp as audit
from webapp.pages.checkin.views import bp as checkin
from webapp.pages.demo.views import bp as demo
from webapp.pages.employees.import_views import bp as imports
from webapp.pages.employees.views import bp as employees
from webapp.pages.events.event_page import bp as event_page
from webapp.pages.events.views import bp as events
from webapp.pages.language.views import bp as language
from webapp.pages.live.views import bp as live
from webapp.pages.moderation.acts import bp as message_desk
from webapp.pages.moderation.muting import bp as muting
from webapp.pages.moderation.views import bp as moderation
from webapp.pages.parts.views import bp as parts
from webapp.pages.people.views import bp as people
from webapp.pages.polls.moderation import bp as poll_desk
from webapp.pages.polls.views import bp as polls
from webapp.pages.questions.desk_views import bp as question_desk
from webapp.pages.questions.views import bp as questions
from webapp.pages.roster.comparison import bp as comparison
from webapp.pages.roster.views import bp as roster
from webapp.pages.security.views import bp as security
from webapp.pages.sso.views import bp as sso

PAGES = (
    checkin,
    language,
    live,
    questions,
    polls,
    poll_desk,
    account,
    sso,
    events,
    event_page,
    roster,
    comparison,
    moderation,
    message_desk,
    muting,
    question_desk,
    employees,
    people,
    imports,
    admins,
    invitation,
    audit,
    demo,
    security,
)


def create_app(settings: Settings | None = None) -> Flask:
    """Create the WSGI application of the web tier, by default with the environment's settings.

    Raises `SettingsError` when those are wrong.
    """
    settings = settings or load_settings()
    app = create_base(__name__, settings)
    app.jinja_environment = TemplateEnvironment
    app.url_map.converters["id"] = IdConverter
    # First, so that refusals by the others are measured as well.
    register_measuring(app)
    csrf.init_app(app)
    init_publisher(app, settings)
    init_rate_limit(app)
    init_sso(app, settings)
    init_branding(app, settings)
    for page in (*PAGES, parts) if app.debug else PAGES:
        app.register_blueprint(page)
    register_language(app)
    register_error_handlers(app)
    register_assets(app)
    register_icons(app)
    register_filters(app)
    register_headers(app)
    if settings.embedded:
        register_compression(app)
    register_toasts(app)
    register_commands(app)
    trust_proxies(app, settings.trusted_proxies)
    return app
