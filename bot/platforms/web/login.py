"""Who may come in: a password or a one-time key is exchanged for a session, and guessing is slow."""

from __future__ import annotations

import hmac
import secrets
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

COOKIE = "newsbell_session"
STAY = timedelta(days=30)
MOST_SESSIONS = 1000
"""The oldest session ends when one more begins, so that logging in can fill no memory."""

TRIES = 5
"""Wrong guesses per address in WINDOW; ten times as many for all addresses together."""
WINDOW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Session:
    """`person` names the browser to the commands; it is no secret, unlike the cookie's value."""

    person: str
    ends: datetime


@dataclass
class Doorkeeper:
    """Sessions live in memory and on the server's side: they end at log-out, and with the program.

    With no password, `key` is the only way in: it works once, and is printed where the program was started.
    """

    password: str | None
    clock: Callable[[], datetime]
    key: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    _sessions: OrderedDict[str, Session] = field(default_factory=OrderedDict, repr=False)
    _wrong: dict[str, deque[datetime]] = field(default_factory=dict, repr=False)

    def is_password(self, guess: str) -> bool:
        return bool(self.password) and hmac.compare_digest(guess.encode(), (self.password or "").encode())

    def take_key(self, guess: str) -> bool:
        """True once, for the right key; never where a password is the way in."""
        if self.password is not None or not self.key or not hmac.compare_digest(guess.encode(), self.key.encode()):
            return False
        self.key = ""
        return True

    def begin(self) -> str:
        """A new session; the value of its cookie."""
        value = secrets.token_urlsafe(32)
        self._sessions[value] = Session(f"web:{secrets.token_hex(4)}", self.clock() + STAY)
        while len(self._sessions) > MOST_SESSIONS:
            self._sessions.popitem(last=False)
        return value

    def session(self, value: str) -> Session | None:
        found = self._sessions.get(value) if value else None
        if found and found.ends <= self.clock():
            del self._sessions[value]
            return None
        return found

    def end(self, value: str) -> None:
        self._sessions.pop(value, None)

    def wait(self, address: str) -> timedelta | None:
        """How long this address must wait before it may guess again."""
        now = self.clock()
        for key, most in ((address, TRIES), ("", TRIES * 10)):
            times = self._wrong.get(key, deque())
            while times and times[0] <= now - WINDOW:
                times.popleft()
            if not times:
                self._wrong.pop(key, None)
            elif len(times) >= most:
                return times[0] + WINDOW - now
        return None

    def wrong(self, address: str) -> None:
        """Somebody guessed wrong."""
        old = self.clock() - WINDOW
        self._wrong = {key: times for key, times in self._wrong.items() if times[-1] > old}
        for key in (address, ""):
            self._wrong.setdefault(key, deque(maxlen=TRIES * 10)).append(self.clock())
