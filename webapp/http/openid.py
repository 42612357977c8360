"""The client of the organisation's OpenID provider: Authlib's, with further checks."""

from collections.abc import Mapping
from typing import Any

from authlib.integrations.flask_client import FlaskOAuth2App, OAuth
from flask import Flask

from webapp.infra.circuit_breaker import Breaker
from webapp.infra.settings import Settings

# Seconds to connect and to answer. Each request to the provider holds a thread of the site.
TIMEOUTS = (2, 3)
# The asymmetric algorithms: only the provider has the key that signs.
ALGORITHMS = {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"}


class OpenIdClient(FlaskOAuth2App):
    """Authlib's client with the expected `issuer`; `breaker` pauses requests after a failure."""

    issuer: str
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
            "scope": "openid email",
            "code_challenge_method": "S256",
            "default_timeout": TIMEOUTS,
        },
    )
    client.issuer = issuer
    client.breaker = Breaker("the provider of single sign-on")
    return client


def read_claims(
    client: OpenIdClient, redirect_uri: str, code: str, code_verifier: str, nonce: str
) -> Mapping[str, Any]:
    """Exchange `code` for the provider's claims about the person, including `email` if it has one.

    Raises the errors of Authlib, joserfc and requests, and `ValueError`.
    """
    token = client.fetch_access_token(redirect_uri, code=code, code_verifier=code_verifier)
    # Authlib would accept a token whose `aud` is another client as long as `azp` is this one.
    expected = {
        "iss": {"essential": True, "value": client.load_server_metadata()["issuer"]},
        "aud": {"essential": True, "value": client.client_id},
    }
    claims: Mapping[str, Any] | None = client.parse_id_token(token, nonce, expected)
    if claims is None:
        raise ValueError("the provider sent no id_token")
    return claims if "email" in claims else _userinfo(client, token, claims["sub"])


def _userinfo(client: OpenIdClient, token: Any, subject: str) -> Mapping[str, Any]:
    info: Mapping[str, Any] = client.userinfo(token=token)
    if info["sub"] != subject:
        raise ValueError("the provider's userinfo is about somebody else")
    return info
