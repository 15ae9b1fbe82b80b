"""
Every knob, validated once at start; only `app.py` and the command line read it.

Where a value comes from, the first wins: the command line, the environment (`GATECRIER_…`), the
file `.env`, the file `gatecrier.toml`, the default. A secret may also lie in a file of its own:
`GATECRIER_BOT_TOKEN_FILE=/run/secrets/token`.
"""

import os
from datetime import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from gatecrier.kernel.errors import Misconfigured

PREFIX = "GATECRIER_"


class Environment(StrEnum):
    """Where this runs: production asks for more care (colour-free logs, no debug texts)."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class Role(StrEnum):
    """What a process does."""

    ALL = "all"
    #: Takes what Telegram posts, and people's clicks; has no state of its own.
    WEB = "web"
    #: Acts: enforces gates, sends campaigns, mends.
    WORKER = "worker"


Category = Annotated[str, Field(pattern=r"^[\w-]([\w -]{0,30}[\w-])?$")]
LONGEST_CATEGORY = 48  # bytes: a button's data has 64, and says what to do with it besides


class BroadcastSettings(BaseModel):
    """How campaigns are sent."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: Messages a second from one bot, all its campaigns together. Telegram allows about 30;
    #: 25 leaves room for replies.
    rate: float = Field(default=25.0, gt=0, le=30)
    #: The same for campaigns that pay Stars for what is above the free 30; Telegram's most is 1000.
    paid_rate: float = Field(default=1000.0, gt=0, le=1000)
    #: Calls of one campaign in flight at once, at most: what a crash may leave unknown.
    window: int = Field(default=25, ge=1, le=100)
    #: Deliveries whose outcome is awaited before the rest goes out; 0 sends all at once.
    canary: int = Field(default=5, ge=0, le=1000)
    #: Deliveries after which the status message in Telegram is renewed; five seconds renew it, too.
    progress_interval: int = Field(default=100, ge=1)
    #: Seconds an operator has to send the message after /broadcast.
    compose_seconds: float = Field(default=60.0, ge=10, le=3600)
    #: A chat where the bot keeps a copy of what operators compose, so that deleting it there harms no
    #: campaign; 0: their private chat with the bot is the only place.
    storage_chat_id: int = 0
    #: Terms that people accept by a button before they get campaigns; empty: there are none.
    terms: str = Field(default="", max_length=3000)
    #: What campaigns may be about, for people to choose from by /settings, such as ["news", "offers"].
    categories: tuple[Category, ...] = Field(default=(), max_length=20)
    #: End every campaign of a category with a button by which people end that category for themselves.
    unsubscribe_row: bool = True
    #: At most so many messages to one person in `frequency_days` days; 0: no cap.
    frequency_cap: int = Field(default=0, ge=0, le=1000)
    frequency_days: int = Field(default=7, ge=1, le=90)
    #: Nothing is sent between these times of the person's clock, such as 22:00 and 08:00; both empty: at any.
    quiet_from: time | None = None
    quiet_to: time | None = None
    #: The time zone of people who have not told theirs (IANA).
    time_zone: str = "UTC"
    #: What /privacy answers; empty: what this software keeps, in general words.
    privacy: str = Field(default="", max_length=3000)
    #: Campaigns reach `test_subscribers` only, whoever makes them.
    test_mode: bool = False
    #: Telegram's ids of those who get campaigns in test mode.
    test_subscribers: tuple[int, ...] = Field(default=(), max_length=100)
    #: An audience larger than this needs a second operator's yes; 0: none does.
    approval_over: int = Field(default=0, ge=0)

    @field_validator("categories")
    @classmethod
    def _fit_in_buttons(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for category in value:
            if len(category.encode()) > LONGEST_CATEGORY:
                raise ValueError(f"{category!r} takes more than {LONGEST_CATEGORY} bytes")
        return value

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError('must be a time zone such as "Europe/Berlin"') from None
        return value

    @model_validator(mode="after")
    def _has_both_ends(self) -> Self:
        if (self.quiet_from is None) != (self.quiet_to is None):
            raise ValueError("quiet_from and quiet_to belong together")
        return self


class GateSettings(BaseModel):
    """How long the gate trusts what it knows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: Seconds a verified member may write before Telegram is asked again; an update tells of leaving.
    member_ttl: float = Field(default=600.0, ge=10)
    #: Seconds a person who lacks membership stays known as such: short, because they are about to join.
    not_member_ttl: float = Field(default=60.0, ge=1)
    #: Questions a second by which a sweep heals what lost updates would have told, the oldest knowledge
    #: first; 0 switches it off. At 5 a second 100,000 people in one channel are seen to in six hours.
    sweep_rate: float = Field(default=5.0, ge=0, le=50)


class Settings(BaseSettings):
    """All settings of one process; frozen after start."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        env_file=".env",
        toml_file="gatecrier.toml",
        extra="ignore",
        frozen=True,
    )

    #: The bot's token from @BotFather. None: commands that need a bot refuse.
    bot_token: SecretStr | None = None
    #: Which bot commands mean when several are hosted: its id; 0: the one of bot_token, or the only one.
    bot: int = Field(default=0, ge=0)
    #: The Bot API server: Telegram's, your own, or the sandbox's.
    telegram_api_url: str = "https://api.telegram.org"
    #: Telegram's id of the owner, who steers from Telegram; 0: nobody does. @userinfobot tells yours.
    owner_id: int = Field(default=0, ge=0)
    #: Ids of others who may.
    operator_ids: tuple[int, ...] = ()
    #: "sqlite:///file.db" (one machine) or "postgresql://user:password@host/name".
    database_url: SecretStr = SecretStr("sqlite:///gatecrier.db")
    #: Where Telegram reaches us, such as https://bots.example.org: updates come by webhook. Empty: we poll.
    public_url: str = ""
    #: What Telegram sends along with each update, so that nobody else can: 1 to 256 of A-Z a-z 0-9 _ -.
    webhook_secret: SecretStr = SecretStr("")
    #: Seals the tokens of bots that are added, and keeps what we sign (counted links) from being made by
    #: others: openssl rand -hex 32. To change it, put the new one before the old: "new,old".
    #: Empty: no bot can be added, and the bot's token signs.
    secret_key: SecretStr = SecretStr("")
    #: Where we listen, behind whatever serves `public_url`.
    http_host: str = "127.0.0.1"
    http_port: int = Field(default=8000, ge=0, le=65535)
    environment: Environment = Environment.DEVELOPMENT
    #: debug, info, warning or error.
    log_level: str = Field(default="info", pattern="^(debug|info|warning|error)$")
    broadcast: BroadcastSettings = BroadcastSettings()
    gate: GateSettings = GateSettings()

    @field_validator("telegram_api_url", "public_url")
    @classmethod
    def _is_http(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return value.rstrip("/")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The order of the module's docstring; a secret's own file counts as the environment does."""
        del file_secret_settings
        toml = TomlConfigSettingsSource(settings_cls)
        return init_settings, env_settings, _SecretFiles(settings_cls), dotenv_settings, toml

    @property
    def token(self) -> str:
        """
        The bot's token.

        Raises:
            Misconfigured: none is set.
        """
        if self.bot_token is None or not self.bot_token.get_secret_value():
            raise Misconfigured(
                "No bot token is set.",
                remedy="Get one from @BotFather and set it in the environment, in .env, or as "
                "GATECRIER_BOT_TOKEN_FILE. To try Gatecrier without one: gatecrier demo.",
                field="GATECRIER_BOT_TOKEN",
            )
        return self.bot_token.get_secret_value()


class _SecretFiles(PydanticBaseSettingsSource):
    """Values of secret fields from the files that `GATECRIER_…_FILE` names."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        name = f"{PREFIX}{field_name.upper()}_FILE"
        path = os.environ.get(name)
        if not path or "SecretStr" not in str(field.annotation):
            return None, field_name, False
        try:
            return Path(path).read_text(encoding="utf-8").strip(), field_name, False
        except (OSError, UnicodeDecodeError) as error:
            raise Misconfigured(
                f"The file {path} cannot be read.", remedy="Check its path and rights.", field=name
            ) from error

    def __call__(self) -> dict[str, Any]:
        fields = self.settings_cls.model_fields
        found = {name: self.get_field_value(info, name)[0] for name, info in fields.items()}
        return {name: value for name, value in found.items() if value is not None}


def load(**overrides: Any) -> Settings:
    """
    Read the settings; `overrides` come from the command line.

    Raises:
        Misconfigured: a value is wrong; the error names the variable, never a secret's value.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        variable = PREFIX + "__".join(str(part).upper() for part in first["loc"])
        raise Misconfigured(
            f"{first['msg']}.", field=variable, remedy="See: gatecrier config show."
        ) from None
