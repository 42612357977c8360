"""A small but real OpenID provider: `python -m tests.support.oidc_provider` prints its address.

Each path in `KINDS` is an issuer that sends the claims of a well-known provider. Its sign-in page
takes the person's address (`login_as`) and the faults a test wants: `verified=no`,
`email_in=userinfo`, `verified_in=userinfo`, `mailbox=no`, `user_name=`, `groups=` with names
between commas, `groups_in=userinfo`, or `fault=` one of `FAULTS`.

With a folder as its argument it serves https, signed by the authority that it writes to `ca.pem`.
"""

import base64
import hashlib
import html
import secrets
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, jsonify, redirect, request
from flask.typing import ResponseReturnValue
from joserfc import jwt
from joserfc.jwk import RSAKey
from trustme import CA
from werkzeug.serving import make_server

CLIENT_ID = "townhall"
CLIENT_SECRET = "a secret of provider and site"
# Wrong parts of an answer; with `expired-code` the code came too late, `broken` is not JSON.
FAULTS = (
    "nonce",
    "audience",
    "issuer",
    "key",
    "unsigned",
    "expired-token",
    "expired-code",
    "no-token",
    "subject",
    "broken",
    "overloaded",
)
CODE_SECONDS = 60
TOKEN_SECONDS = 300
LOGIN_FORM = """<!doctype html>
<html lang="en"><head><title>Example ID</title></head><body><h1>Example ID</h1>
<form method="post" action="{action}">
<label for="login_as">E-mail</label><input id="login_as" name="login_as">
<button>Continue</button><button name="deny" value="yes">Cancel</button>
</form></body></html>"""
TENANT = "8d5a4b1c-7e0f-4c2e-9a3b-6f1d2e3c4b5a"

Claims = dict[str, Any]


@dataclass
class Grant:
    """The state behind a code or an access token."""

    issuer: str
    asked: dict[str, str]
    person: dict[str, str]
    made_at: float

    @property
    def fault(self) -> str:
        return self.person.get("fault", "")

    @property
    def verified(self) -> bool:
        return self.person.get("verified", "yes") == "yes"

    @property
    def email(self) -> str:
        return self.person["login_as"]


def plain(grant: Grant) -> Claims:
    """Return claims of a provider that keeps to the specification and sends nothing more."""
    return {"email": grant.email, "email_verified": grant.verified}


def entra(grant: Grant) -> Claims:
    """Return claims of Microsoft Entra ID, v2.0; an account without a mailbox has no `email`.

    https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference
    """
    claims = {
        "aio": "AVQAq/8TAAAA",
        "name": "Ada Lovelace",
        "oid": "f4e1c1a2-3b4c-4d5e-8f60-718293a4b5c6",
        "preferred_username": grant.email,
        "rh": "0.AXoA",
        "tid": TENANT,
        "uti": "kz0aJgP8bE2",
        "ver": "2.0",
    }
    return claims if grant.person.get("mailbox") == "no" else claims | {"email": grant.email}


def google(grant: Grant) -> Claims:
    """Return claims of Google; `hd` is the Workspace domain.

    https://developers.google.com/identity/openid-connect/reference
    """
    domain = {"hd": grant.email.rpartition("@")[2]} if grant.verified else {}
    return {"azp": CLIENT_ID, "name": "Ada Lovelace", **plain(grant), **domain}


def keycloak(grant: Grant) -> Claims:
    """Return claims of Keycloak with the default client scopes."""
    return {
        "typ": "ID",
        "azp": CLIENT_ID,
        "sid": "5d1d1f4e-0d4c-4a7e-9a57-2f0f3b1c9e6d",
        "acr": "1",
        "name": "Ada Lovelace",
        "preferred_username": grant.person.get("user_name", "ada"),
        "given_name": "Ada",
        "family_name": "Lovelace",
        **plain(grant),
    }


def authentik(grant: Grant) -> Claims:
    """Return claims of authentik, which sends `email_verified: false` by default since 2025.10.

    https://docs.goauthentik.io/add-secure-apps/providers/property-mappings
    """
    return {
        "acr": "goauthentik.io/providers/oauth2/default",
        "amr": ["pwd"],
        "sid": "0c1f8e7d6b5a",
        "email": grant.email,
        "email_verified": False,
        "name": "Ada Lovelace",
        "given_name": "Ada Lovelace",
        "preferred_username": "ada",
        "nickname": "ada",
        "groups": ["employees"],
    }


# The path of each issuer; authentik's own ends in a slash.
KINDS: dict[str, Callable[[Grant], Claims]] = {
    "": plain,
    "another": plain,
    f"{TENANT}/v2.0": entra,
    "google": google,
    "realms/company": keycloak,
    "application/o/townhall": authentik,
}

# The state of the one provider of this process.
app = Flask(__name__)
codes: dict[str, Grant] = {}
grants: dict[str, Grant] = {}
keys: list[RSAKey] = []


@app.get("/.well-known/openid-configuration", defaults={"path": ""})
@app.get("/<path:path>/.well-known/openid-configuration")
def describe(path: str) -> ResponseReturnValue:
    root = request.host_url.rstrip("/")
    base = f"{root}/{path}".rstrip("/")
    # `another` claims to be the issuer at the root.
    issuer = {"another": root, "application/o/townhall": f"{base}/"}.get(path, base)
    return jsonify(
        issuer=issuer,
        authorization_endpoint=f"{root}/authorize?{urlencode({'path': path, 'issuer': issuer})}",
        token_endpoint=f"{root}/token",
        userinfo_endpoint=f"{root}/userinfo",
        jwks_uri=f"{root}/keys",
        response_types_supported=["code"],
        subject_types_supported=["public"],
        id_token_signing_alg_values_supported=["RS256", "HS256", "none"],
        code_challenge_methods_supported=["S256"],
    )


@app.get("/keys")
def show_keys() -> ResponseReturnValue:
    return jsonify(keys=[key.as_dict(private=False) for key in keys])


@app.post("/keys")
def change_keys() -> ResponseReturnValue:
    keys[:] = [_new_key()]
    return "", 204


@app.route("/authorize", methods=["GET", "POST"])
def authorize() -> ResponseReturnValue:
    asked, person = request.args.to_dict(), request.values.to_dict()
    if asked.get("client_id") != CLIENT_ID or asked.get("code_challenge_method") != "S256":
        return "unknown client, or no PKCE", 400
    if person.get("deny"):
        return _send_back(asked, error="access_denied")
    if "error" in person:
        return _send_back(asked, error=person["error"])
    if not person.get("login_as"):
        return LOGIN_FORM.format(action=html.escape(request.full_path))
    code = secrets.token_urlsafe(16)
    codes[code] = Grant(asked["issuer"], asked, person, time.time())
    return _send_back(asked, code=code)


@app.post("/token")
def exchange() -> ResponseReturnValue:
    client = request.authorization
    if not client or (client.username, client.password) != (CLIENT_ID, CLIENT_SECRET):
        return jsonify(error="invalid_client"), 401
    # Removed before anything else: a code can be tried once.
    grant = codes.pop(request.form["code"], None)
    if grant is None or not _fits(grant):
        return jsonify(error="invalid_grant"), 400
    if grant.fault == "broken":
        return "<p>this is not JSON"
    if grant.fault == "overloaded":
        return Response("overloaded", 503)
    access_token = secrets.token_urlsafe(16)
    grants[access_token] = grant
    token = {"access_token": access_token, "token_type": "Bearer", "expires_in": TOKEN_SECONDS}
    if grant.fault != "no-token":
        key = _new_key(keys[0].kid) if grant.fault == "key" else keys[0]
        algorithm = "none" if grant.fault == "unsigned" else "RS256"
        header = {"alg": algorithm, "kid": key.kid}
        token["id_token"] = jwt.encode(header, _id_token(grant), key, algorithms=[algorithm])
    return jsonify(token)


@app.get("/userinfo")
def userinfo() -> ResponseReturnValue:
    grant = grants[(request.authorization.token or "") if request.authorization else ""]
    subject = "somebody else" if grant.fault == "subject" else _subject(grant)
    return jsonify(_tell(grant) | {"sub": subject})


@contextmanager
def running_provider(folder: Path | None = None) -> Iterator["Provider"]:
    """Run a provider in a process of its own, on a free port; with a `folder` over https."""
    command = [sys.executable, "-m", __name__, *([str(folder)] if folder else [])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().decode().strip()
            assert address, "the provider did not start"
            yield Provider(address, process)
        finally:
            process.kill()


@dataclass(frozen=True)
class Provider:
    """A running provider; a site with its `settings` uses it."""

    issuer: str
    process: subprocess.Popen[bytes]

    @property
    def settings(self) -> dict[str, str]:
        return {
            "OIDC_ISSUER": self.issuer,
            "OIDC_CLIENT_ID": CLIENT_ID,
            "OIDC_CLIENT_SECRET": CLIENT_SECRET,
            "OIDC_NAME": "Example ID",
            "OIDC_EMPLOYEES": "true",
        }


def _new_key(kid: str | None = None) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid or secrets.token_hex(4), "use": "sig"})


def _send_back(asked: dict[str, str], **answer: str) -> ResponseReturnValue:
    return redirect(f"{asked['redirect_uri']}?{urlencode(answer | {'state': asked['state']})}", 303)


def _fits(grant: Grant) -> bool:
    digest = hashlib.sha256(request.form.get("code_verifier", "").encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    in_time = time.time() < grant.made_at + CODE_SECONDS and grant.fault != "expired-code"
    same_place = request.form.get("redirect_uri") == grant.asked["redirect_uri"]
    return in_time and same_place and challenge == grant.asked["code_challenge"]


def _subject(grant: Grant) -> str:
    return hashlib.sha256(grant.email.encode()).hexdigest()


def _tell(grant: Grant) -> Claims:
    """Return what the kind of provider tells about the person, and the groups."""
    told = KINDS[grant.asked["path"]](grant)
    names = grant.person.get("groups")
    return told if names is None else told | {"groups": names.split(",")}


def _id_token(grant: Grant) -> Claims:
    now = int(time.time()) - (3600 if grant.fault == "expired-token" else 0)
    claims = {
        "iss": "https://elsewhere.example" if grant.fault == "issuer" else grant.issuer,
        "aud": "another site" if grant.fault == "audience" else CLIENT_ID,
        "azp": CLIENT_ID,
        "sub": _subject(grant),
        "iat": now,
        "exp": now + TOKEN_SECONDS,
        "nonce": "another" if grant.fault == "nonce" else grant.asked["nonce"],
    }
    told = _tell(grant)
    if grant.person.get("groups_in") == "userinfo":
        told.pop("groups", None)
    if grant.person.get("email_in") == "userinfo":
        told.pop("email", None)
    if "userinfo" in (grant.person.get("email_in"), grant.person.get("verified_in")):
        told.pop("email_verified", None)
    return claims | told


def _tls_of_own_authority(folder: Path) -> ssl.SSLContext:
    authority = CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context


def main() -> None:
    """Serve on a free port until killed; the address is the first line of standard output."""
    keys.append(_new_key())
    tls = _tls_of_own_authority(Path(sys.argv[1])) if len(sys.argv) > 1 else None
    server = make_server("127.0.0.1", 0, app, threaded=True, ssl_context=tls)
    scheme, host = ("https", "localhost") if tls else ("http", "127.0.0.1")
    print(f"{scheme}://{host}:{server.port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
