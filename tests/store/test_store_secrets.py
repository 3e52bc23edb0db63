"""Secrets at rest: sealed, bound to their tenant, and opened by any key that is still in the settings."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from bot.core.errors import SealBroken, SettingsError
from bot.store import Seal, Store, Vault, new_key

KEY, OLD = new_key(), new_key()
TOKEN = "xoxb-canary-of-the-workspace"


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])), st.text(max_size=30))
@settings(max_examples=50)
def test_what_is_sealed_opens_again_and_shows_nothing(plain: str, tenant: str) -> None:
    seal = Seal(KEY)
    sealed = seal.seal(plain, tenant)
    assert seal.open(sealed, tenant) == plain
    assert len(plain) < 8 or plain not in sealed
    assert seal.seal(plain, tenant) != sealed, "the same text never looks the same twice"


def test_a_secret_of_one_tenant_does_not_open_for_another() -> None:
    seal = Seal(KEY)
    with pytest.raises(SealBroken, match="another server"):
        seal.open(seal.seal(TOKEN, "slack:T1"), "slack:T2")


def test_one_changed_bit_anywhere_is_noticed() -> None:
    seal = Seal(KEY)
    version, key, body = seal.seal(TOKEN, "slack:T1").split(".")
    raw = urlsafe_b64decode(body + "=" * (-len(body) % 4))
    for at in range(len(raw)):
        changed = bytes([*raw[:at], raw[at] ^ 1, *raw[at + 1 :]])
        with pytest.raises(SealBroken):
            seal.open(f"{version}.{key}.{urlsafe_b64encode(changed).decode()}", "slack:T1")


@pytest.mark.parametrize("damaged", ["", "1", "2.aa.bb", TOKEN, "1..", "0.x.y"])
def test_what_we_never_sealed_is_one_sentence(damaged: str) -> None:
    with pytest.raises((SealBroken, SettingsError)) as caught:
        Seal(KEY).open(damaged, "slack:T1")
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("body", ["", "!!!", "AA", "é"])
def test_a_damaged_body_is_broken_and_not_a_crash(body: str) -> None:
    name = Seal(KEY).seal("", "t").split(".")[1]
    with pytest.raises(SealBroken):
        Seal(KEY).open(f"1.{name}.{body}", "t")


def test_without_a_key_the_error_says_how_to_make_one() -> None:
    assert not Seal().ready
    with pytest.raises(SettingsError, match=r"NEWSBELL_SECRETS_KEY is missing.*newsbell secret new"):
        Seal(" , ").seal(TOKEN, "slack:T1")


@pytest.mark.parametrize(
    "wrong",
    ["hunter2", KEY[:-1], KEY + "A", f"{KEY},hunter2", "é" * 43],
    ids=["a word", "cut", "longer", "a second", "letters"],  # the key is random, and workers go by the names of tests
)
def test_a_wrong_key_names_the_setting_and_not_the_key(wrong: str) -> None:
    with pytest.raises(SettingsError, match="NEWSBELL_SECRETS_KEY holds something that is no key") as caught:
        Seal(wrong)
    assert wrong not in str(caught.value)
    assert KEY not in str(caught.value)


def test_a_key_that_is_gone_is_asked_for_by_name() -> None:
    sealed = Seal(OLD).seal(TOKEN, "slack:T1")
    with pytest.raises(SettingsError, match=f"the key {sealed.split('.')[1]}, and .* Put the key") as caught:
        Seal(KEY).open(sealed, "slack:T1")
    assert OLD not in str(caught.value)
    assert Seal(f"{KEY}, {OLD}").open(sealed, "slack:T1") == TOKEN


async def test_the_vault_keeps_nothing_in_plain_text(store: Store) -> None:
    vault = Vault(store.begin, store.read, Seal(KEY))
    await vault.put("slack:T1", "installation", "xoxb-first")
    await vault.put("slack:T1", "installation", TOKEN)
    await vault.put("slack:T2", "installation", "other")
    assert await vault.get("slack:T1", "installation") == TOKEN
    assert await vault.get("slack:T3", "installation") is None
    assert await vault.tenants("installation") == ["slack:T1", "slack:T2"]
    async with store.read() as tx:
        rows = await tx.rows(text("SELECT sealed FROM secret"))
    assert len(rows) == 2
    assert not any("canary" in row.sealed for row in rows)
    async with store.begin() as tx:
        await tx.channels.erase_tenant("slack:T1")
    assert await vault.get("slack:T1", "installation") is None


async def test_a_row_that_is_moved_to_another_tenant_does_not_open(store: Store) -> None:
    vault = Vault(store.begin, store.read, Seal(KEY))
    await vault.put("slack:T1", "installation", TOKEN)
    async with store.begin() as tx:
        await tx.execute(text("UPDATE secret SET tenant = 'slack:T2'"))
    with pytest.raises(SealBroken):
        await vault.get("slack:T2", "installation")


async def test_keys_are_changed_without_losing_a_secret(store: Store) -> None:
    await Vault(store.begin, store.read, Seal(OLD)).put("slack:T1", "installation", TOKEN)
    both = Vault(store.begin, store.read, Seal(f"{KEY},{OLD}"))
    await both.put("slack:T2", "installation", "new")
    assert await both.rotate() == 1
    assert await both.rotate() == 0
    only = Vault(store.begin, store.read, Seal(KEY))
    assert await only.check() == 2
    assert await only.get("slack:T1", "installation") == TOKEN


async def test_a_change_of_keys_that_lacks_one_changes_nothing(store: Store) -> None:
    old = Vault(store.begin, store.read, Seal(OLD))
    await old.put("slack:T1", "installation", TOKEN)
    with pytest.raises(SettingsError):
        await Vault(store.begin, store.read, Seal(KEY)).rotate()
    assert await old.check() == 1
