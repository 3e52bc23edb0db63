"""The app's manifest as Slack takes it, made from what the platform hears, needs and offers.

config/slack-manifest.yaml is this for Socket Mode and /news; `newsbell manifest slack` prints it for other settings.
"""

from __future__ import annotations

from bot.platforms.slack.door import PATH, REDIRECT
from bot.platforms.slack.windows import FIRST, MORE, WHY
from bot.platforms.slack.workspace import CLOSED, OPENED, PUT_OUT

SCOPES = {
    "app_mentions:read": 'hear "@Newsbell help"',
    "channels:history": "find its own alert again after an interrupted post, so that none is posted twice",
    "channels:join": "join a public channel for that",
    "channels:read": "names of public channels, and which of them a person may choose",
    "chat:write": "post alerts and answers",
    "chat:write.public": "post in public channels without an invitation",
    "commands": "the slash command and the shortcuts",
    "files:read": "read the list of feeds that somebody hands over with a command",
    "groups:history": "as channels:history, in private channels it was invited to",
    "groups:read": "as channels:read, for private channels it was invited to",
    "im:history": "as channels:history, in the app's own conversation with a person",
    "im:write": "tell a person once when their channel closes, and find that message again",
    "usergroups:read": "names of the user groups that a subscription may mention",
    "users:read": "who is an admin or a guest, and a person's time zone",
}
"""What the bot token needs, and what for."""

HEAD = """\
# Newsbell's Slack app: https://api.slack.com/apps > Create New App > From a manifest, and paste this.
{steps}
# `newsbell manifest slack` prints it for the command and the transport of your settings.
display_information:
  name: Newsbell
  description: Rings the right channel when the news is about your topics
  long_description: >-
    Newsbell watches news feeds, matches every new article against the topics that your channels follow, and posts an
    alert with the sentence that made it match and a short summary. Subscribe with {command} subscribe, search the
    archive with {command} {search}, and ask for everything else with {command} help. It reads the messages of a channel
    only to find its own alert again after an interrupted post.
  background_color: "#1f2d3d"
features:
  app_home:
    home_tab_enabled: true # what your channels follow, with buttons
    messages_tab_enabled: true
    # Commands can be typed in the app's own conversation; other messages there are not read.
    messages_tab_read_only_enabled: true
  bot_user:
    display_name: Newsbell
    always_online: true
  slash_commands:
    - command: {command}
      description: Follow topics, search the news, see the feeds
      usage_hint: "subscribe ISIL | {search} Russia-Iraq 7d | topics | feeds | help"
      # Channels and people arrive as ids, so that a renamed channel cannot be taken for another.
      should_escape: true
"""
SHORTCUTS = f"""\
  shortcuts:
    - name: Subscribe to a topic
      type: global
      callback_id: {FIRST}
      description: Have a channel follow a topic
    - name: More like this
      type: message
      callback_id: {MORE}
      description: What else the archive has on what a message is about
    - name: Why did this ring?
      type: message
      callback_id: {WHY}
      description: The topics and sentences that made an alert ring here
"""
SOCKET_STEPS = """\
# Then: Install to Workspace, copy the Bot User OAuth Token (xoxb-), and make an app-level token (xapp-) with the
# scope connections:write under Basic Information > App-Level Tokens."""
HTTP_STEPS = """\
# Then: Install to Workspace, copy the Bot User OAuth Token (xoxb-), and the Signing Secret under Basic Information >
# App Credentials; start Newsbell, and let Slack verify the address (Event Subscriptions)."""
MANY_STEPS = """\
# Then: copy Client ID, Client Secret and Signing Secret under Basic Information > App Credentials; start Newsbell, let
# Slack verify the address (Event Subscriptions), and let other workspaces in under Manage Distribution."""


def manifest(command: str = "/news", url: str = "", *, many: bool = False) -> str:
    """As YAML. With the public `url` of the web port for HTTP, where `many` workspaces may install it; without one for
    Socket Mode.
    """
    address = f"{url.rstrip('/')}{PATH}" if url else ""
    lines = [
        HEAD.format(
            command=command,
            search="search" if command == "/news" else "news",
            steps=(MANY_STEPS if many else HTTP_STEPS) if url else SOCKET_STEPS,
        )
    ]
    lines += [f"      url: {address}\n"] if url else []
    lines += [SHORTCUTS, "oauth_config:\n"]
    lines += [f"  redirect_urls:\n    - {url.rstrip('/')}{REDIRECT}\n"] if url and many else []
    lines.append("  scopes:\n    bot:\n")
    lines += [f"      - {scope} # {why}\n" for scope, why in SCOPES.items()]
    lines.append("settings:\n  event_subscriptions:\n")
    lines += [f"    request_url: {address}\n"] if url else []
    lines += ["    bot_events:\n", _events("app_home_opened", "app_mention")]
    lines += ["      # The app was removed: everything of the workspace is erased.\n", _events(*PUT_OUT)]
    lines += ["      # A channel closes or opens to the app: its subscriptions pause or go on.\n"]
    lines += [_events(*sorted((*CLOSED, *OPENED))), "  interactivity:\n    is_enabled: true\n"]
    lines += [f"    request_url: {address}\n    message_menu_options_url: {address}\n"] if url else []
    lines.append(
        "  org_deploy_enabled: false\n"
        f"  socket_mode_enabled: {'false' if url else 'true'}\n"
        f"  token_rotation_enabled: {'true' if url and many else 'false'}\n"
    )
    return "".join(lines)


def _events(*kinds: str) -> str:
    return "".join(f"      - {kind}\n" for kind in kinds)
