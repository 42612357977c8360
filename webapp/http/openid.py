"""The client of the organisation's OpenID provider: Authlib's, with further checks."""

from collections.abc import Mapping
from typing import Any

from authlib.integrations.flask_client import FlaskOAuth2App, OAuth
from authlib.integrations.requests_client import OAuth2Session
from flask import Flask
from requests import Response

from webapp.infra.circuit_breaker import Breaker
from webapp.infra.settings import Settings

# Seconds to connect and to answer. Each request to the provider holds a thread of the site.
TIMEOUTS = (2, 3)
# The asymmetric algorithms: only the provider has the key that signs.
ALGORITHMS = {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"}

Claims = Mapping[str, Any]


class _Session(OAuth2Session):
    """A session whose own authority wins over the one in REQUESTS_CA_BUNDLE."""

    def request(self, method: str, url: str, **options: Any) -> Response:
        options.setdefault("verify", self.verify)
        response: Response = super().request(method, url, **options)
        return response


class OpenIdClient(FlaskOAuth2App):
    """Authlib's client with the expected `issuer`; `breaker` pauses requests after a failure.

    `trusts_email` accepts the provider's e-mail addresses without `email_verified`. `groups_claim`
    names the claim with the groups of a person; it is empty where no setting asks for them.
    """

    client_cls = _Session
    issuer: str
    trusts_email: bool
    groups_claim: str
    breaker: Breaker

    def load_server_metadata(self) -> dict[str, Any]:
        """Return the discovery document, fetched once. Raises `ValueError` for another issuer."""
        metadata: dict[str, Any] = super().load_server_metadata()
        if metadata["issuer"].rstrip("/") != self.issuer:
            del metadata["_loaded_at"]  # fetch it again next time
            raise ValueError(f"the provider calls itself {metadata['issuer']!r}")
        announced = metadata.get("id_token_signing_alg_values_supported", [])
        usable = sorted(ALGORITHMS.intersection(announced)) or ["RS256"]
        metadata["id_token_signing_alg_values_supported"] = usable
        return metadata


def register_client(app: Flask, settings: Settings) -> OpenIdClient:
    """Create the client for `settings.oidc_issuer`; it sends nothing before the first sign-in."""
    issuer = settings.oidc_issuer.rstrip("/")
    client: OpenIdClient = OAuth(app).register(
        "sso",
        client_cls=OpenIdClient,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret,
        server_metadata_url=f"{issuer}/.well-known/openid-configuration",
        client_kwargs={
            # Entra ID needs `profile` to send `tid` and `preferred_username`.
            "scope": "openid email profile",
            "code_challenge_method": "S256",
            "default_timeout": TIMEOUTS,
            "verify": str(settings.oidc_ca_file) if settings.oidc_ca_file else True,
        },
    )
    client.issuer = issuer
    client.trusts_email = settings.oidc_trust_email
    client.groups_claim = settings.oidc_groups_claim if settings.oidc_admin_groups else ""
    client.breaker = Breaker("the provider of single sign-on")
    return client


def read_claims(
    client: OpenIdClient, redirect_uri: str, code: str, code_verifier: str, nonce: str
) -> Claims:
    """Exchange `code` for the provider's claims about the person.

    Claims about the e-mail address and the groups come from the ID token and, where it lacks them,
    from userinfo.
    Raises the errors of Authlib, joserfc and requests, and `ValueError`.
    """
    token = client.fetch_access_token(redirect_uri, code=code, code_verifier=code_verifier)
    # Authlib would accept a token whose `aud` is another client as long as `azp` is this one.
    expected = {
        "iss": {"essential": True, "value": client.load_server_metadata()["issuer"]},
        "aud": {"essential": True, "value": client.client_id},
    }
    claims: Claims | None = client.parse_id_token(token, nonce, expected)
    if claims is None:
        raise ValueError("the provider sent no id_token")
    lacks_email = not _about_email(client) <= claims.keys()
    lacks_groups = client.groups_claim and client.groups_claim not in claims
    if not lacks_email and not lacks_groups:
        return claims
    info = _userinfo(client, token, claims)
    # An address from userinfo needs its verification from there too.
    names = {"email", "email_verified"} if "email" in info else {"email_verified"}
    found = {name: info.get(name) for name in names} if lacks_email and info else {}
    groups = {client.groups_claim: info.get(client.groups_claim)} if lacks_groups else {}
    return {**claims, **found, **groups}


def trusted_email(client: OpenIdClient, claims: Claims) -> str | None:
    """Return the e-mail address that the provider vouches for, or None."""
    email = claims.get("email")
    if email is None and client.trusts_email and "tid" in claims:
        # Entra ID has no `email` for accounts without a mailbox; its user names are addresses that
        # only an administrator of the tenant assigns.
        email = claims.get("preferred_username") or claims.get("upn")
    vouched = client.trusts_email or claims.get("email_verified") in (True, "true")
    return email if vouched and isinstance(email, str) else None


def groups_of(client: OpenIdClient, claims: Claims) -> frozenset[str]:
    """Return the groups in the claims: those of a list, or a single one."""
    found = claims.get(client.groups_claim) if client.groups_claim else None
    names = found if isinstance(found, list) else [found]
    return frozenset(name for name in names if isinstance(name, str))


def _userinfo(client: OpenIdClient, token: Any, claims: Claims) -> Claims:
    if "userinfo_endpoint" not in client.load_server_metadata():
        return {}
    info: Claims = client.userinfo(token=token)
    if info["sub"] != claims["sub"]:
        raise ValueError("the provider's userinfo is about somebody else")
    return info


def _about_email(client: OpenIdClient) -> set[str]:
    return {"email"} if client.trusts_email else {"email", "email_verified"}
