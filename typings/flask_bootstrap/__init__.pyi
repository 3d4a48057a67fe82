"""Types of the part of Bootstrap-Flask that we use: it ships none."""

from flask import Flask

class Bootstrap5:
    def __init__(self, app: Flask | None = None) -> None: ...
    def init_app(self, app: Flask) -> None: ...
