"""Settings are typed, checked at start, and documented where people look."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from bot.core.errors import SettingsError
from bot.settings import Settings, load

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)  # a developer's own .env must not decide about tests
    for name in [name for name in __import__("os").environ if name.startswith("NEWSBELL_")]:
        monkeypatch.delenv(name)


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "settings.toml"
    file.write_text(text)
    return file


def test_environment_beats_dotenv_beats_file_beats_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(tmp_path, '[web]\nport = 1\nhost = "a"\n[discord]\nguild_id = 5\n')
    (tmp_path / ".env").write_text("NEWSBELL_WEB__PORT=2\nNEWSBELL_WEB__HOST=b\n")
    monkeypatch.setenv("NEWSBELL_WEB__PORT", "3")
    settings = load(file)
    assert (settings.web.port, settings.web.host, settings.discord.guild_id) == (3, "b", 5)
    assert settings.slack.command == "/news"


def test_a_blank_line_of_dotenv_means_not_set(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("NEWSBELL_DISCORD__TOKEN=\nNEWSBELL_DISCORD__GUILD_ID=\n")
    settings = load(tmp_path / "none.toml")
    assert settings.discord.token is None
    assert settings.discord.guild_id is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[web]\nport = 'x'", "Setting 'web.port' is wrong"),
        ("[web]\nport = 70000", "less than or equal to 65535"),
        ("[web]\nprot = 1", "Setting 'web.prot' is wrong: there is no such setting"),
        ("[webb]\nport = 1", "Setting 'webb' is wrong: there is no such setting"),
        ("[feeds]\npreset = 'often'", "'fast', 'balanced' or 'gentle'"),
        ("[web\nport = 1", "is not valid TOML"),
    ],
)
def test_a_wrong_setting_names_the_key_and_the_file(tmp_path: Path, text: str, said: str) -> None:
    file = written(tmp_path, text)
    with pytest.raises(SettingsError, match=re.escape(said)) as caught:
        load(file)
    assert str(file) in str(caught.value)


def test_a_wrong_variable_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSBELL_FEEDS__MAX_AGE_HOURS", "soon")
    with pytest.raises(SettingsError, match="NEWSBELL_FEEDS__MAX_AGE_HOURS"):
        load(tmp_path / "none.toml")


def test_secrets_are_not_in_what_is_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSBELL_DISCORD__TOKEN", "canary-token")
    monkeypatch.setenv("NEWSBELL_DATABASE_URL", "postgresql://u:canary-token@h/d")
    assert "canary" not in repr(load(tmp_path / "none.toml"))


def test_the_shipped_file_says_the_defaults() -> None:
    assert load(ROOT / "config/settings.toml").model_dump() == load(ROOT / "config/none.toml").model_dump()


def keys(model: type[BaseModel], path: str = "") -> list[tuple[str, str | None]]:
    found: list[tuple[str, str | None]] = []
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            found += keys(inner, f"{path}{name}__")
        else:
            found.append((f"NEWSBELL_{path}{name}".upper(), field.description))
    return found


@pytest.mark.parametrize(("variable", "description"), keys(Settings))
def test_each_setting_is_in_the_readme(variable: str, description: str | None) -> None:
    assert description
    assert f"`{variable}`" in (ROOT / "README.md").read_text()
