"""A small but real OpenID provider: `python -m tests.support.oidc_provider` prints its address.

Whoever comes to its sign-in page says who they are (`login_as`), and may ask for a fault there:
`verified=no`, `email_in=userinfo`, or `fault=` one of `FAULTS`.
"""

import base64
import hashlib
import html
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, jsonify, redirect, request
from flask.typing import ResponseReturnValue
from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

CLIENT_ID = "townhall"
CLIENT_SECRET = "a secret of provider and site"
# What a token may be wrong in; `expired-code` is a code that came too late, `broken` no JSON.
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


@dataclass
class Grant:
    """What a code stands for."""

    asked: dict[str, str]
    person: dict[str, str]
    made_at: float

    @property
    def fault(self) -> str:
        return self.person.get("fault", "")

    @property
    def email_claims(self) -> dict[str, Any]:
        verified = self.person.get("verified", "yes") == "yes"
        return {"email": self.person["login_as"], "email_verified": verified}


# The state of the one provider of this process.
app = Flask(__name__)
codes: dict[str, Grant] = {}
grants: dict[str, Grant] = {}
keys: list[RSAKey] = []


@app.get("/.well-known/openid-configuration")
@app.get("/another/.well-known/openid-configuration")
def describe() -> ResponseReturnValue:
    issuer = request.host_url.rstrip("/")
    return jsonify(
        issuer=issuer,
        authorization_endpoint=f"{issuer}/authorize",
        token_endpoint=f"{issuer}/token",
        userinfo_endpoint=f"{issuer}/userinfo",
        jwks_uri=f"{issuer}/keys",
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
    codes[code] = Grant(asked, person, time.time())
    return _send_back(asked, code=code)


@app.post("/token")
def exchange() -> ResponseReturnValue:
    client = request.authorization
    if not client or (client.username, client.password) != (CLIENT_ID, CLIENT_SECRET):
        return jsonify(error="invalid_client"), 401
    # Taken out before anything else: a code is good for one try.
    grant = codes.pop(request.form["code"], None)
    if grant is None or not _fits(grant):
        return jsonify(error="invalid_grant"), 400
    if grant.fault == "broken":
        return "<p>this is no JSON"
    if grant.fault == "overloaded":
        return Response("overloaded", 503)
    access_token = secrets.token_urlsafe(16)
    grants[access_token] = grant
    token = {"access_token": access_token, "token_type": "Bearer", "expires_in": TOKEN_SECONDS}
    if grant.fault != "no-token":
        key = _new_key(keys[0].kid) if grant.fault == "key" else keys[0]
        algorithm = "none" if grant.fault == "unsigned" else "RS256"
        header = {"alg": algorithm, "kid": key.kid}
        token["id_token"] = jwt.encode(header, _claims(grant), key, algorithms=[algorithm])
    return jsonify(token)


@app.get("/userinfo")
def userinfo() -> ResponseReturnValue:
    grant = grants[(request.authorization.token or "") if request.authorization else ""]
    subject = "somebody else" if grant.fault == "subject" else _subject(grant)
    return jsonify(sub=subject, **grant.email_claims)


@contextmanager
def running_provider() -> Iterator["Provider"]:
    """A provider in a process of its own, on a free port."""
    command = [sys.executable, "-m", __name__]
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
    """A provider that runs; `settings` make a site use it."""

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
    return hashlib.sha256(grant.person["login_as"].encode()).hexdigest()


def _claims(grant: Grant) -> dict[str, Any]:
    now = int(time.time()) - (3600 if grant.fault == "expired-token" else 0)
    claims = {
        "iss": "https://elsewhere.example"
        if grant.fault == "issuer"
        else request.host_url.rstrip("/"),
        "aud": "another site" if grant.fault == "audience" else CLIENT_ID,
        "azp": CLIENT_ID,
        "sub": _subject(grant),
        "iat": now,
        "exp": now + TOKEN_SECONDS,
        "nonce": "another" if grant.fault == "nonce" else grant.asked["nonce"],
    }
    return claims if grant.person.get("email_in") == "userinfo" else claims | grant.email_claims


def main() -> None:
    """Serve on a free port until killed; the address is the first line of standard output."""
    keys.append(_new_key())
    server = make_server("127.0.0.1", 0, app, threaded=True)
    print(f"http://127.0.0.1:{server.port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
