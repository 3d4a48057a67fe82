"""What our webhook is compared with: a Flask view that checks the signature and does nothing else."""

from flask import Flask, Response, request

from bot.line.signature import HEADER, is_genuine
from tests.processes import SECRET


def application() -> Flask:
    """Make it; granian calls this in each process."""
    app = Flask("bare")

    @app.post("/webhook")
    def receive() -> Response:  # pyright: ignore[reportUnusedFunction] — Flask calls it
        genuine = is_genuine(SECRET, request.get_data(), request.headers.get(HEADER))
        return Response("OK" if genuine else "Unauthorized", 200 if genuine else 401)

    return app
