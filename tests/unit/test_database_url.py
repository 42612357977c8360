"""DATABASE_URL in the spellings of hosted databases and other drivers."""

from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from tests.support.certificates import Authority
from webapp.infra.database_url import complete_database_url, connect_options, without_tls_options

HOST = "mysql://user:p%40ss@db.example.com:25060/townhall"
OURS = "mysql+pymysql://user:p%40ss@db.example.com:25060/townhall?charset=utf8mb4"


def mode_of(query: str) -> object:
    return make_url(complete_database_url(f"{HOST}?{query}")).query.get("ssl_mode")


@pytest.mark.parametrize(
    ("query", "mode"),
    [
        ("", None),
        ("charset=latin1&connect_timeout=10", None),
        ("ssl-mode=REQUIRED", "REQUIRED"),
        ("ssl_mode=required", "REQUIRED"),
        ("sslmode=require", "REQUIRED"),
        ("sslMode=VERIFY_IDENTITY", "VERIFY_IDENTITY"),
        ("sslmode=verify-full", "VERIFY_IDENTITY"),
        ("ssl-mode=PREFERRED", "PREFERRED"),
        ("ssl-mode=DISABLED", "DISABLED"),
        ("ssl=true", "REQUIRED"),
        ("ssl=1", "REQUIRED"),
        ("ssl=false", "DISABLED"),
        ('ssl={"rejectUnauthorized":true}', "VERIFY_IDENTITY"),
        ('ssl={"rejectUnauthorized":false}', "REQUIRED"),
        ("sslaccept=strict", "VERIFY_IDENTITY"),
        ("useSSL=true&requireSSL=true", "REQUIRED"),
        ("tls=skip-verify", "REQUIRED"),
        ("ssl_disabled=true", "DISABLED"),
        ("ssl_verify_cert=true", "VERIFY_CA"),
        ("ssl_verify_cert=true&ssl_verify_identity=true", "VERIFY_IDENTITY"),
        ("ssl_check_hostname=false", "REQUIRED"),
    ],
)
def test_tls_is_asked_for_in_any_spelling(query: str, mode: str | None) -> None:
    assert mode_of(query) == mode


@pytest.mark.parametrize(
    ("query", "mode"),
    [
        ("ssl_ca={ca}", "VERIFY_IDENTITY"),
        ("ssl-ca={ca}", "VERIFY_IDENTITY"),
        ("sslrootcert={ca}", "VERIFY_IDENTITY"),
        ("ssl_ca={ca}&ssl_check_hostname=false", "VERIFY_CA"),
        ("ssl-mode=REQUIRED&ssl-ca={ca}", "VERIFY_CA"),
        ("ssl-mode=VERIFY_IDENTITY&ssl-ca={ca}", "VERIFY_IDENTITY"),
        ("ssl_ca={ca}&ssl_verify_cert=false", "REQUIRED"),
        ("ssl_cert={cert}&ssl_key={key}", "REQUIRED"),
    ],
)
def test_a_certificate_implies_that_it_is_used(tmp_path: Path, query: str, mode: str) -> None:
    authority = Authority(tmp_path)
    cert, key = authority.issue("townhall")
    query = query.format(ca=authority.path, cert=cert, key=key)
    assert mode_of(query) == mode
    completed = complete_database_url(f"{HOST}?{query}")
    assert complete_database_url(completed) == completed
    context = connect_options(make_url(completed))["ssl"]
    assert context.check_hostname == (mode == "VERIFY_IDENTITY")
    plain = without_tls_options(make_url(completed))
    assert plain.render_as_string(hide_password=False) == OURS


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        (f"{HOST}?ssl-mode=SOMETIMES", "ssl-mode is one of DISABLED"),
        (f"{HOST}?ssl_verify_cert=perhaps", "ssl_verify_cert is true or false"),
        (f"{HOST}?ssl_ca=/no/such/file", "ssl_ca that cannot be read (No such file"),
        (f"{HOST}?ssl_ca=/dev/null", "ssl_ca that does not name a PEM file"),
        (f"{HOST}?ssl_cert=/dev/null", "ssl_cert that does not name a PEM file"),
        (f"{HOST}?pool_size=5", "does not know: pool_size"),
        (f"{HOST}?autocommit=true", "does not know: autocommit"),
        ("mysql://user:secret@db.example.com/", "names no database"),
        ("mysql://user:secret@db.example.com", "names no database"),
    ],
)
def test_an_option_that_cannot_work_is_named(url: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=r"has an option|names no database") as caught:
        complete_database_url(url)
    message = str(caught.value)
    assert complaint in message
    assert "\n" not in message
    assert "secret" not in message


def test_the_options_of_compose_are_kept() -> None:
    own = "mysql+pymysql://townhall@mysql:3306/townhall?read_default_file=/run/townhall/mysql.cnf"
    url = make_url(complete_database_url(own))
    assert url.query["read_default_file"] == "/run/townhall/mysql.cnf"
    assert connect_options(url) == {}
