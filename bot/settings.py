"""Settings: the only reader of the environment and of `.env`."""

from functools import cached_property
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from scheduler.pacing import RATES
from segments import zone_names

LINE_API = "https://api.line.me"
LINE_DATA_API = "https://api-data.line.me"


class Settings(BaseSettings):
    """What a process is told when it starts. Names are those of the environment, see README."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", extra="ignore")

    channel_secret: SecretStr = Field(SecretStr(""), validation_alias="LINE_CHANNEL_SECRET")
    channel_access_token: SecretStr = Field(SecretStr(""), validation_alias="LINE_CHANNEL_ACCESS_TOKEN")
    channel_id: str = Field("", validation_alias="LINE_CHANNEL_ID")
    """When set, stateless tokens (15 minutes) are drawn with it instead of the long-lived token."""
    line_api_base_url: str = Field(LINE_API, validation_alias="LINE_API_BASE_URL")

    data: Path = Field(Path("var"), validation_alias="KOKYAKU_DATA")
    database_url: str = Field("", validation_alias="KOKYAKU_DATABASE_URL")
    secret_key: SecretStr = Field(SecretStr(""), validation_alias="KOKYAKU_SECRET_KEY")
    timezone: str = Field("Asia/Tokyo", validation_alias="KOKYAKU_TIMEZONE")
    public_url: str = Field("", validation_alias="KOKYAKU_PUBLIC_URL")
    language: str = Field("ja", validation_alias="KOKYAKU_LANGUAGE")
    host: str = Field("127.0.0.1", validation_alias="KOKYAKU_HOST")
    port: int = Field(8000, validation_alias="KOKYAKU_PORT")
    simulator_port: int = Field(8100, validation_alias="KOKYAKU_SIMULATOR_PORT")
    push_rate: float = Field(RATES["push"], gt=0, validation_alias="KOKYAKU_PUSHES_PER_SECOND")
    multicast_rate: float = Field(RATES["multicast"], gt=0, validation_alias="KOKYAKU_MULTICASTS_PER_SECOND")
    """For a channel with which LINE agreed on other rates than it publishes."""
    smtp_url: SecretStr = Field(SecretStr(""), validation_alias="KOKYAKU_SMTP_URL")
    """The mail server: smtps://user:password@host:465 or smtp://…:587 (STARTTLS); empty = no mail."""
    mail_from: str = Field("", validation_alias="KOKYAKU_MAIL_FROM")
    mails_per_minute: float = Field(60, gt=0, validation_alias="KOKYAKU_MAILS_PER_MINUTE")

    @model_validator(mode="before")
    @classmethod
    def _empty_is_unset(cls, given: Any) -> Any:
        """Let an empty value mean the default: a compose file hands on `NAME: ${NAME:-}` for what nobody set."""
        if not isinstance(given, dict):
            return given
        values = cast("dict[str, Any]", given)
        return {name: value for name, value in values.items() if not _is_empty(value)}

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        zone = zone_names.find(value)
        if zone is None:
            raise ValueError("no such time zone")
        return zone.key

    @property
    def has_line_credentials(self) -> bool:
        """Whether a real channel was named; without one the simulator stands in."""
        secret = self.channel_secret.get_secret_value()
        token = self.channel_access_token.get_secret_value() or self.channel_id
        return bool(secret and token)

    @property
    def line_data_base_url(self) -> str:
        """Where images go: LINE has a host of its own for them, the simulator does not."""
        return LINE_DATA_API if self.line_api_base_url == LINE_API else self.line_api_base_url

    @property
    def effective_database_url(self) -> str:
        """The database named, or an SQLite file under the data folder; plain postgresql:// means psycopg."""
        if not self.database_url:
            return f"sqlite:///{(self.data / 'kokyaku.sqlite').absolute()}"
        return self.database_url.replace("postgresql://", "postgresql+psycopg://", 1)

    @property
    def base_url(self) -> str:
        """Where friends and operators reach the web process."""
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"

    @cached_property
    def zone(self) -> ZoneInfo:
        """The shop's time zone."""
        return ZoneInfo(self.timezone)


def _is_empty(value: Any) -> bool:
    return isinstance(value, str) and not value.strip()
