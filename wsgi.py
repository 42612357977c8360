"""The web tier for a WSGI server (`wsgi:app`); run directly, the embedded default."""

# ruff: noqa: E402 - when run directly, patching comes before every other import
EMBEDDED = __name__ == "__main__"

if EMBEDDED:
    from realtime.transport.eventlet_runtime import patch

    patch()

from webapp.app import create_app
from webapp.infra.settings import load_or_exit

settings = load_or_exit()
app = create_app(settings)

if EMBEDDED:
    from realtime.embedded import serve_embedded

    serve_embedded(app, settings)
