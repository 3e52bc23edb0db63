"""What of a feed's address may be seen: an address that is itself a key is masked wherever people or logs read it."""

from __future__ import annotations

import re
from itertools import pairwise
from urllib.parse import parse_qsl, quote, urlsplit

# Query names whose value is a secret whatever it looks like, and names whose value looks like one but is public.
SECRET_NAME = re.compile(
    r"(?i)(^|[_\-.])(token|key|apikey|auth|secret|pass|passwd|password|pwd|sig|signature|hmac|session|sid|ticket"
    r"|credential|jwt|private|user|username|uid|email|login|access|hash)([_\-.]|$)|token$|apikey$|secret$|passw"
)
PUBLIC_NAME = re.compile(r"(?i)^(channel_id|playlist_id|q|query|search|topic|oc|hl|gl|ceid)$")
UUID = re.compile(r"(?i)[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}")
HIDDEN = "…"


def is_private(url: str) -> bool:
    """Whether the URL itself is a key: it carries a password, a token, or a path nobody could guess.

    Such an address is shown masked and never shared between tenants. When in doubt, the answer is yes.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return True
    return (
        "@" in parts.netloc
        or any(_is_secret(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True))
        or any(_is_token(segment) for segment in parts.path.split("/"))
    )


def shown(url: str) -> str:
    """The URL as it may be seen in logs and messages: without user, password, tokens and fragment."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return HIDDEN
    host = f"[{host}]" if ":" in host else host
    path = "/".join(HIDDEN if _is_token(segment) else segment for segment in parts.path.split("/"))
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    query = "&".join(
        f"{HIDDEN if _is_token(name) else quote(name, safe='')}="
        + (HIDDEN if _is_secret(name, value) else quote(value, safe="/:,"))
        for name, value in pairs
    )
    if parts.query and not pairs:
        query = HIDDEN
    text = f"{parts.scheme}://{host}{port}{path}" + (f"?{query}" if query else "")
    return text if len(text) <= 200 else f"{text[:199]}{HIDDEN}"


def _is_secret(name: str, value: str) -> bool:
    if PUBLIC_NAME.search(name):
        return False
    return bool(value and SECRET_NAME.search(name)) or _is_token(value) or (not value and _is_token(name))


def _is_token(text: str) -> bool:
    """Random-looking: a UUID, or a run of 16 and more letters and digits that no word or date makes."""
    if UUID.search(text):
        return True
    for run in re.findall(r"[A-Za-z0-9]{16,}", text):
        digits = sum(char.isdigit() for char in run)
        turns = sum(a.isdigit() != b.isdigit() or (a.islower() and b.isupper()) for a, b in pairwise(run))
        if (digits and turns >= 4) or (turns >= 8) or (digits >= 16):
            return True
    return False
