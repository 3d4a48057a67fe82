"""A caller of the API who has a key."""

from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from bot import api_keys
from bot.services import Services


class Caller:
    """One of the shop's other systems."""

    def __init__(self, app: Flask, key: str) -> None:
        self._client = app.test_client()
        self._headers = {"Authorization": f"Bearer {key}"}

    def post(self, path: str, body: Any = None, **headers: str) -> TestResponse:
        """Send a JSON body."""
        return self._client.post(f"/api/v1{path}", json=body, headers=self._headers | headers)

    def get(self, path: str) -> TestResponse:
        """Ask for something."""
        return self._client.get(f"/api/v1{path}", headers=self._headers)

    def put(self, path: str, body: Any = None) -> TestResponse:
        """Have something be so."""
        return self._client.put(f"/api/v1{path}", json=body, headers=self._headers)

    def delete(self, path: str) -> TestResponse:
        """Have something be gone."""
        return self._client.delete(f"/api/v1{path}", headers=self._headers)


@pytest.fixture
def key(services: Services) -> str:
    with services.database.begin() as session:
        return api_keys.add(session, "till", services.clock.now())


@pytest.fixture
def caller(app: Flask, key: str) -> Caller:
    return Caller(app, key)
