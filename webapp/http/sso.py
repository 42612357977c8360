"""Single sign-on with the organisation's OpenID provider.

The authorization code flow with PKCE and a nonce. The state of a flow is kept in the session
cookie of the browser that began it, so its callback works in no other browser.
"""

import logging
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import ClassVar

from authlib.common.errors import AuthlibBaseError
from flask import Flask, current_app, session
from joserfc.errors import JoseError
from requests import RequestException

from webapp.domain.admins.accounts import NAME_LENGTH
from webapp.domain.admins.roles import ROLES
from webapp.domain.attendance.checkin import NobodyMatches
from webapp.errors import NotFound, TownhallError
from webapp.http.openid import (
    OpenIdClient,
    groups_of,
    read_claims,
    register_client,
    trusted_email,
)
from webapp.http.session_cookie import cookies_needed, has_session_cookie
from webapp.i18n import lazy
from webapp.infra.clock import utcnow
from webapp.infra.settings import Settings
from webapp.infra.text import one_line

# Time to sign in at the provider, with a second factor.
FLOW_SECONDS = 600


class Refused(TownhallError):
    """Nobody was signed in. `reason` is the name in an address, `detail` goes to the log."""

    code, status = "invalid", 422
    reason: ClassVar[str] = "failed"
    text = lazy("Single sign-on did not work. Try again, or use the form.")

    def __init__(self, *, detail: str = "") -> None:
        super().__init__()
        self.detail = detail or self.reason


class Expired(Refused):
    reason = "expired"
    text = lazy("This sign-in has expired or was used before. Please start again.")


class NoCookies(Refused):
    reason = "cookies"

    @property
    def message(self) -> str:
        """Return how to allow the cookies of this site."""
        return cookies_needed()


class Denied(Refused):
    reason = "denied"
    text = lazy("The sign-in was cancelled or denied.")


class Unverified(Refused):
    reason = "unverified"
    text = lazy("Your account has no verified e-mail address, so it cannot be used here.")


class Unknown(Refused):
    reason = "unknown"
    text = lazy("This account may not sign in here.")


class Nobody(Refused):
    reason = "nobody"
    text = NobodyMatches.text


class Away(Refused):
    code, status = "unavailable", 503
    reason = "away"
    text = lazy("Single sign-on does not answer. Use the form, or try again in a moment.")


KINDS = (Refused, Expired, NoCookies, Denied, Unverified, Unknown, Nobody, Away)
REFUSALS: dict[str, type[Refused]] = {kind.reason: kind for kind in KINDS}


@dataclass(frozen=True)
class Flow:
    """A sign-in in progress. `slug` is the event to check in to, empty for an admin."""

    state: str
    slug: str
    back: str
    redirect_uri: str
    nonce: str
    code_verifier: str
    expires: float


@dataclass(frozen=True)
class Person:
    """A person who has signed on. `email` is None where the provider vouches for no address."""

    email: str | None
    name: str
    groups: frozenset[str]


def init_sso(app: Flask, settings: Settings) -> None:
    """Create the client of the provider in `settings`, if there is one; it sends nothing yet."""
    app.config["SSO_NAME"] = settings.oidc_name if settings.oidc_issuer else ""
    app.config["SSO_EMPLOYEES"] = bool(settings.oidc_issuer and settings.oidc_employees)
    app.config["SSO_GROUPS"] = settings.admin_groups
    if settings.oidc_issuer:
        app.extensions["sso"] = register_client(app, settings)
    # Its DEBUG lines contain the secrets of each flow.
    logging.getLogger("authlib").setLevel(logging.INFO)


def refusal(reason: str | None) -> Refused | None:
    """Return the refusal of that name, or None."""
    kind = REFUSALS.get(reason or "")
    return kind() if kind else None


def begin(redirect_uri: str, slug: str = "", back: str = "") -> str:
    """Begin a sign-in in this browser and return the address of the provider's page.

    `back` is the page that an admin asked for. A flow begun before is dropped: a cookie has room
    for one. Raises `Away`, or `NotFound` where no provider is set.
    """
    state = f"{slug}.{secrets.token_urlsafe(16)}"
    with _provider() as client:
        made = client.create_authorization_url(redirect_uri, state=state)
    flow = Flow(
        state,
        slug,
        back,
        redirect_uri,
        made["nonce"],
        made["code_verifier"],
        utcnow().timestamp() + FLOW_SECONDS,
    )
    session["sso"] = asdict(flow)
    return str(made["url"])


def slug_of(state: str) -> str:
    """Return the event slug in `state`, unverified; empty for an admin."""
    return state.rpartition(".")[0]


def take_flow(state: str) -> Flow:
    """Return the sign-in that this browser began with `state`, once.

    Raises `Expired`, or `NoCookies` when the browser returned no cookie.
    """
    if not has_session_cookie():
        raise NoCookies(detail="the browser returned no cookie")
    waiting = session.get("sso")
    if not waiting or waiting["state"] != state:
        raise Expired(detail="a callback that this browser did not begin")
    del session["sso"]
    flow = Flow(**waiting)
    if flow.expires < utcnow().timestamp():
        raise Expired
    return flow


def identify(flow: Flow, answer: Mapping[str, str]) -> Person:
    """Return the person for whom the provider vouches.

    `answer` is the query of the callback. Raises `Denied`, `Expired` for a used code, `Away`, or
    `Refused` for an answer that cannot be trusted.
    """
    if "error" in answer:
        kind = Denied if answer["error"] == "access_denied" else Refused
        raise kind(detail=f"the provider says {answer['error'][:100]!r}")
    with _provider() as client:
        claims = read_claims(
            client, flow.redirect_uri, answer.get("code", ""), flow.code_verifier, flow.nonce
        )
        name = claims.get("name")
        name = one_line(name)[:NAME_LENGTH] if isinstance(name, str) else ""
        return Person(trusted_email(client, claims), name, groups_of(client, claims))


def role_of(person: Person) -> str | None:
    """Return the role that the groups of a person give, or None where groups give no roles.

    Of several roles it is the one that permits most. Raises `Unknown` for a person without any.
    """
    pairs = current_app.config["SSO_GROUPS"]
    if not pairs:
        return None
    given = {role for role, group in pairs if group in person.groups}
    for role in ROLES:
        if role in given:
            return role
    raise Unknown(detail=f"none of {len(person.groups)} groups is in OIDC_ADMIN_GROUPS")


@contextmanager
def _provider() -> Iterator[OpenIdClient]:
    """Yield the client, and raise a `Refused` for every error of it."""
    client: OpenIdClient | None = current_app.extensions.get("sso")
    if client is None:
        raise NotFound
    if client.breaker.open:
        raise Away
    try:
        yield client
    except RequestException as error:
        client.breaker.failed(error)
        raise Away from None
    except AuthlibBaseError as error:
        kind = Expired if error.error == "invalid_grant" else Refused
        raise kind(detail=f"the provider says {str(error.error)[:100]!r}") from None
    except (JoseError, LookupError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        # An answer that does not follow the protocol.
        raise Refused(detail=f"{type(error).__name__}: {str(error)[:200]!r}") from None
