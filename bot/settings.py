"""Settings: environment > .env > config/settings.toml > defaults. Read by cli.py and app.py alone.

Each key is documented here, in config/settings.toml and in the README (a test holds them together).
As an environment variable a key is NEWSBELL_ and its path with two underscores: NEWSBELL_WEB__PORT=9000.
"""

from __future__ import annotations

import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from bot.core.errors import SettingsError

Port = Annotated[int, Field(ge=0, le=65535)]
Days = Annotated[int, Field(ge=1, le=3650)]


class Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Web(Table):
    """The local web channel."""

    enabled: bool = Field(True, description="Serve the web channel.")
    host: str = Field("127.0.0.1", description="Address to listen on; any but loopback asks for a login.")
    port: Port = Field(8080, description="Port to listen on.")
    password: SecretStr | None = Field(
        None, description="Asked for off loopback; without one, a link that works once is printed."
    )
    public_url: str = Field(
        "",
        pattern=r"^(?:https?://[^\s/?#@]+(?:/[^\s?#]*)?)?$",
        description="How the internet reaches this port; then hubs push news of feeds (WebSub). Empty: all are pulled.",
    )
    hosts: tuple[str, ...] = Field((), description="More names the page may be called by (behind a proxy).")


class Discord(Table):
    """Discord; on as soon as the token is set."""

    token: SecretStr | None = Field(None, description="Bot token from the Discord developer portal.")
    guild_id: int | None = Field(None, description="Sync commands to this one server at once (development).")
    alerts: Literal["card", "embed"] = Field("card", description="Alerts as cards, or as classic embeds.")
    api_url: str = Field("https://discord.com/api/v10", description="Base of Discord's HTTP API.")
    gateway_url: str = Field("wss://gateway.discord.gg/", description="Discord's gateway.")
    cdn_url: str = Field("https://cdn.discordapp.com", description="Discord's CDN.")


class Slack(Table):
    """Slack; on as soon as the bot token is set, or the client id."""

    bot_token: SecretStr | None = Field(None, description="Bot token, xoxb-...")
    app_token: SecretStr | None = Field(None, description="App token for Socket Mode, xapp-...")
    transport: Literal["socket", "http"] = Field(
        "socket", description="How Slack reaches us: socket needs no public address, http is served on the web port."
    )
    signing_secret: SecretStr | None = Field(None, description="Signing secret of the app; http wants it.")
    client_id: str = Field("", description="Client ID of the app, so that many workspaces can install it (http).")
    client_secret: SecretStr | None = Field(None, description="Client secret of the app, beside its client ID.")
    api_url: str = Field("https://slack.com/api/", description="Base of Slack's Web API.")
    command: str = Field("/news", pattern=r"^/[a-z0-9_-]{1,31}$", description="The slash command in Slack.")


class Console(Table):
    """The terminal as a channel."""

    enabled: bool = Field(False, description="Read commands from the terminal and print alerts there.")


class Feeds(Table):
    """What is polled and how politely."""

    pack: Path = Field(Path("config/feeds.toml"), description="The feeds that every channel hears.")
    preset: Literal["fast", "balanced", "gentle"] = Field("balanced", description="How often feeds are polled.")
    allow_private_networks: bool = Field(False, description="Let feeds live on private addresses (an intranet).")
    host_gap_seconds: float = Field(1.0, ge=0, le=60, description="Pause between two requests to one host.")
    contact_url: str = Field(
        "https://github.com/newsbell/newsbell", description="Where a publisher finds who polls; in the User-Agent."
    )
    maintainers_channel: str = Field(
        "",
        pattern=r"^(?:(?:web|console|discord|slack):\S+)?$",
        description="A channel (discord:123) that hears when a feed goes dark and when it is back; empty: nobody.",
    )
    full_text: bool = Field(
        False, description="Read the pages of articles where feeds give only summaries (needs the extra fulltext)."
    )
    max_age_hours: int = Field(48, ge=1, le=720, description="An article older than this is stored, not alerted.")


class Topics(Table):
    """What can be followed by name."""

    catalogue: Path = Field(Path("config/topics.toml"), description="The alias catalogue.")


class Stories(Table):
    """What counts as the same story."""

    careful: bool = Field(False, description="Rather alert twice than merge two stories: half as many merged wrongly.")


class Alerts(Table):
    """What goes out."""

    sentences: int = Field(2, ge=1, le=5, description="Sentences of an alert's summary.")
    shelf_life_hours: int = Field(24, ge=1, le=168, description="An alert not delivered by then expires.")


class Keep(Table):
    """How long things are kept."""

    articles_days: Days = Field(30, description="Days that an article stays in the archive.")
    deliveries_days: Days = Field(90, description="Days that the record of a delivery stays.")
    audit_days: Days = Field(90, description="Days that `/audit` can look back.")


class Limits(Table):
    """What one server may have; a workspace or a person in direct messages is one too."""

    subscriptions: int = Field(100, ge=1, description="Topics that one server follows, over all its channels.")
    feeds: int = Field(50, ge=0, description="Feeds of its own, besides the pack.")
    topics: int = Field(200, ge=0, description="Topics that one server names.")
    commands_per_minute: int = Field(60, ge=1, description="Commands that one server gives within a minute.")


class Llm(Table):
    """Optional summaries by any OpenAI-compatible endpoint; off while base_url is empty."""

    base_url: str = Field("", description="Base URL of the endpoint, for example http://127.0.0.1:11434/v1.")
    api_key: SecretStr | None = Field(None, description="Key of the endpoint, if it wants one.")
    model: str = Field("", description="Name of the model.")
    timeout_seconds: float = Field(10.0, gt=0, le=60, description="Then the extractive summary is used.")
    daily_limit: int = Field(500, ge=1, description="Requests a day; then the extractive summary is used.")


class Logs(Table):
    """What is logged, and how."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="The least that is logged.")
    format: Literal["auto", "text", "json"] = Field("auto", description="auto: text on a terminal, else JSON.")


class Settings(BaseSettings):
    """Everything that can be set; frozen once read."""

    model_config = SettingsConfigDict(
        env_prefix="NEWSBELL_",
        env_nested_delimiter="__",
        env_file=".env",
        env_ignore_empty=True,  # a line left blank in .env means: not set
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    data_dir: Path = Field(Path("data"), description="Folder of the database and what else must survive.")
    database_url: SecretStr = Field(
        SecretStr(""), description="PostgreSQL by URL; empty means SQLite in the data folder."
    )
    secrets_key: SecretStr = Field(
        SecretStr(""),
        description="Key, of `newsbell secret new`, that seals stored tokens; older ones behind it, with commas.",
    )
    web: Web = Web()
    discord: Discord = Discord()
    slack: Slack = Slack()
    console: Console = Console()
    feeds: Feeds = Feeds()
    topics: Topics = Topics()
    stories: Stories = Stories()
    alerts: Alerts = Alerts()
    keep: Keep = Keep()
    limits: Limits = Limits()
    llm: Llm = Llm()
    logs: Logs = Logs()

    @property
    def database(self) -> str:
        """The URL of the store: as set, or SQLite in the data folder."""
        url = self.database_url.get_secret_value()
        return url or f"sqlite+aiosqlite:///{(self.data_dir / 'newsbell.db').resolve()}"

    @property
    def max_age(self) -> timedelta:
        return timedelta(hours=self.feeds.max_age_hours)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings, env_settings, dotenv_settings, TomlConfigSettingsSource(settings_cls))


def load(file: Path = Path("config/settings.toml"), **overrides: object) -> Settings:
    """Read the settings. Raises SettingsError naming the key, and the file or variable it was read from."""

    class FromFile(Settings):
        model_config = SettingsConfigDict(toml_file=file)

    try:
        return FromFile(**overrides)  # type: ignore[arg-type]  # the keys are checked by the model itself
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file} is not valid TOML: {error}.") from error
    except ValidationError as error:
        raise SettingsError(_explained(error, file)) from error


def _explained(error: ValidationError, file: Path) -> str:
    problem = error.errors(include_url=False, include_input=False)[0]
    path = [str(part) for part in problem["loc"]]
    key, variable = ".".join(path), "NEWSBELL_" + "__".join(path).upper()
    what = "there is no such setting" if problem["type"] == "extra_forbidden" else problem["msg"]
    return f"Setting {key!r} is wrong: {what}. It is read from {variable}, .env or {file}."
