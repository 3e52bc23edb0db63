"""A workspace takes the app in: Bolt's OAuth flow, with the house's vault and marks as its stores.

    /slack/install          -> Slack asks the person which rights the app may have, with a state that works once
    /slack/oauth_redirect   -> the code is traded for the workspace's token, which goes into the vault, sealed

The flow checks that the browser which comes back is the one that left (a cookie), and the state store that its state
is ours, fresh and unused. Only bot tokens are kept: the app asks for no person's.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import re
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from html import escape
from typing import Any, Protocol
from urllib.parse import urljoin

import structlog
from slack_bolt import BoltResponse
from slack_bolt.error import BoltError
from slack_bolt.oauth.async_callback_options import AsyncCallbackOptions, AsyncFailureArgs, AsyncSuccessArgs
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.oauth.installation_store import Bot, Installation
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore
from slack_sdk.web.async_client import AsyncWebClient

from bot.asgi import Receive, Scope, Send, answer, headers_of
from bot.platforms.slack.door import INSTALL, REDIRECT
from bot.platforms.slack.manifest import SCOPES
from bot.platforms.slack.once import Marks
from bot.platforms.slack.outcome import TIMEOUT

log = structlog.get_logger(__name__)

SECRET = "installation"  # noqa: S105  (the name of the secret in the vault)
STATE = re.compile(r"([0-9]{1,12})\.([\w-]{32})\.([0-9a-f]{64})", re.ASCII)
STATE_LIVES = timedelta(minutes=10)

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Newsbell</title>
<h1>{title}</h1>
<p>{text}</p>
<p><a href="{link}">{label}</a></p>
"""
WHY_NOT = {
    "access_denied": "Nothing was installed: it was not allowed.",
    "invalid_browser": "This browser did not begin the installation, or it keeps no cookies. Begin again here.",
    "invalid_state": "This link was used already, or it is older than ten minutes. Begin again.",
    "invalid_code": "Slack did not confirm the installation. Begin again.",
    "storage_error": "The app is installed in single workspaces: choose one, not the whole organization.",
}


class Vault(Protocol):
    """Where the house keeps what must not be read in the database."""

    async def put(self, tenant: str, name: str, plain: str) -> None: ...

    async def get(self, tenant: str, name: str) -> str | None: ...

    async def tenants(self, name: str) -> list[str]: ...


class Installations(AsyncInstallationStore):
    """The workspaces that took the app in, each with its token; erased with everything else of theirs."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    async def async_save(self, installation: Installation) -> None:
        await self.async_save_bot(installation.to_bot())

    async def async_save_bot(self, bot: Bot) -> None:
        """Raises BoltError for an installation in a whole organization, and as the vault does."""
        if bot.is_enterprise_install or not bot.team_id or not bot.bot_token:
            raise BoltError("not a workspace's installation")
        kept = {**bot.to_dict_for_copying(), "bot_token_expires_at": bot.bot_token_expires_at}
        kept["installed_at"] = bot.installed_at
        await self._vault.put(f"slack:{bot.team_id}", SECRET, json.dumps(kept))

    async def async_find_bot(
        self, *, enterprise_id: str | None = None, team_id: str | None, is_enterprise_install: bool | None = False
    ) -> Bot | None:
        """Raises as the vault does."""
        kept = await self._vault.get(f"slack:{team_id}", SECRET) if team_id else None
        return Bot(**json.loads(kept)) if kept else None

    async def teams(self) -> list[str]:
        """The ids of all workspaces."""
        return [tenant.removeprefix("slack:") for tenant in await self._vault.tenants(SECRET)]


class States(AsyncOAuthStateStore):
    """States are signed, so that whoever opens the page leaves nothing with us; one that was used is marked."""

    def __init__(self, secret: str, marks: Marks, clock: Callable[[], datetime]) -> None:
        self._secret = secret.encode()
        self._marks = marks
        self._clock = clock

    async def async_issue(self, *_: Any, **__: Any) -> str:
        state = f"{int((self._clock() + STATE_LIVES).timestamp())}.{secrets.token_urlsafe(24)}"
        return f"{state}.{self._signature(state)}"

    async def async_consume(self, state: str) -> bool:
        known = STATE.fullmatch(state)
        if not known or not hmac.compare_digest(known[3], self._signature(f"{known[1]}.{known[2]}")):
            return False
        if int(known[1]) <= self._clock().timestamp():
            return False
        return await self._marks.put(f"slack state {known[2]}", STATE_LIVES)

    def _signature(self, state: str) -> str:
        return hmac.new(self._secret, f"newsbell state {state}".encode(), hashlib.sha256).hexdigest()


class Installer:
    """An ASGI application for the two pages of the flow."""

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        *,
        api_url: str,
        installations: Installations,
        marks: Marks,
        clock: Callable[[], datetime],
    ) -> None:
        quiet = logging.getLogger(f"{__name__}.flow")
        quiet.addFilter(_without_codes)
        self._flow = AsyncOAuthFlow(
            client=AsyncWebClient(base_url=api_url, timeout=int(TIMEOUT), retry_handlers=[]),
            logger=quiet,
            settings=AsyncOAuthSettings(
                client_id=client_id,
                client_secret=client_secret,
                scopes=list(SCOPES),
                user_scopes=[],
                authorization_url=urljoin(api_url, "/oauth/v2/authorize"),
                install_path=INSTALL,
                redirect_uri_path=REDIRECT,
                install_page_rendering_enabled=False,
                installation_store=installations,
                installation_store_bot_only=True,
                state_store=States(client_secret, marks, clock),
                state_expiration_seconds=int(STATE_LIVES.total_seconds()),
                callback_options=AsyncCallbackOptions(success=self._succeeded, failure=self._failed),
            ),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await answer(send, 405)
            return
        handle = self._flow.handle_installation if scope["path"] == INSTALL else self._flow.handle_callback
        try:
            request = AsyncBoltRequest(
                body="",
                query=scope.get("query_string", b"").decode("latin-1"),
                headers={
                    name: [value.decode("latin-1") for value in values]
                    for name, values in headers_of(scope["headers"]).items()
                },
            )
            response = await handle(request)
        except Exception:
            log.exception("an installation failed")
            response = _page(503, "That did not work", "Newsbell or Slack did not answer. Begin again in a minute.")
        kind = (response.headers.get("content-type") or [""])[0]
        more = [(name, value) for name in ("location", "set-cookie") for value in response.headers.get(name, ())]
        more.append(("cache-control", "no-store"))
        await answer(send, response.status, (response.body or "").encode(), kind, more)

    async def _succeeded(self, args: AsyncSuccessArgs) -> BoltResponse:
        installed = args.installation
        log.info("a workspace took the app in", team=installed.team_id, name=installed.team_name)
        return _page(
            200,
            f"Newsbell is in {installed.team_name or 'your workspace'}",
            "In any channel, type /news, or open the app's Home tab. In a private channel invite it first.",
            link=f"https://app.slack.com/client/{installed.team_id}",
            label="Open Slack",
            cookie=args.settings.state_utils.build_set_cookie_for_deletion(),
        )

    async def _failed(self, args: AsyncFailureArgs) -> BoltResponse:
        log.warning("an installation was not finished", reason=args.reason[:100], error=repr(args.error)[:200])
        text = WHY_NOT.get(args.reason, "Slack answered with an error. Begin again.")
        cookie = args.settings.state_utils.build_set_cookie_for_deletion()
        return _page(args.suggested_status_code, "That did not work", text, cookie=cookie)


def _page(
    status: int, title: str, text: str, *, link: str = INSTALL, label: str = "Begin again", cookie: str = ""
) -> BoltResponse:
    """Without a style: a proxy may let nothing else than Slack's paths through to us."""
    body = PAGE.format(title=escape(title), text=escape(text), link=escape(link), label=escape(label))
    response = BoltResponse(status=status, body=body, headers={"Content-Type": "text/html; charset=utf-8"})
    response.headers |= {"set-cookie": [cookie]} if cookie else {}
    return response


def _without_codes(record: logging.LogRecord) -> bool:
    """Bolt writes the code of a failed trade into its warning; until it ends, a code is as good as a token."""
    record.msg = re.sub(r"(with code: )\S+", r"\1…", str(record.msg))
    return True
