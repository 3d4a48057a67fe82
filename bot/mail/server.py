"""Where the shop's mail server is, and how it is to be spoken to."""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit


class Security(StrEnum):
    """How the way to the server is closed to others."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


class BadServerAddress(ValueError):
    """KOKYAKU_SMTP_URL cannot be used; the first argument says why, as a code, and never holds the password."""


@dataclass(frozen=True, repr=False)
class Server:
    """Where mail is handed over."""

    host: str
    port: int
    security: Security
    user: str = ""
    password: str = ""

    @classmethod
    def from_url(cls, url: str) -> "Server":
        """Read smtps://user:password@host:465 or smtp://user:password@host:587.

        Over smtp:// the server has to offer STARTTLS, unless it runs on this machine. Raises BadServerAddress.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise BadServerAddress("unreadable") from error
        if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
            raise BadServerAddress("unreadable")
        secure = Security.TLS if parts.scheme == "smtps" else Security.STARTTLS
        if parts.scheme == "smtp" and _is_here(parts.hostname):
            secure = Security.NONE
        default = 465 if secure is Security.TLS else 587
        return cls(parts.hostname, port or default, secure, unquote(parts.username or ""), unquote(parts.password or ""))  # fmt: skip


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
