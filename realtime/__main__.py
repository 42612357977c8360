"""One node of the socket tier: `python -m realtime`."""

# ruff: noqa: E402 - patching comes before every other import
from realtime.transport.eventlet_runtime import patch

patch()

from realtime.app import create_node
from realtime.server import listen, serve
from webapp.infra.settings import load_or_exit
from webapp.startup import wait_for_services

DEFAULT_PORT = 5000

settings = load_or_exit()
node = create_node(settings)
wait_for_services(node.app)
serve(node, settings, listen(settings, settings.port or DEFAULT_PORT))
