"""The JSON API's shapes, with the words and examples that /docs shows."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Base64Bytes, BaseModel, ConfigDict, Field

from bot.core.message import FILE_MOST

CURSOR = "1042-1795692720000"


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Problem(Shape):
    error: str = Field(description="What went wrong, in one sentence.", examples=["There is no channel 'iraq' here."])


class Place(Shape):
    """A channel."""

    id: str = Field(description="Use it in paths, whole or without `web:`.", examples=["web:general"])
    name: str = Field(description="For people.", examples=["general"])
    last: int = Field(0, description="Id of the newest message; what is greater than the last one you read is unread.")


class Places(Shape):
    channels: list[Place]
    cursor: str = Field(description="Give it as `after` to `/api/events`: nothing is missed.", examples=[CURSOR])
    can_leave: bool = Field(description="Whether there is a session to end by `POST /api/logout`.")


class NewPlace(Shape):
    name: str = Field(min_length=1, max_length=40, description="Letters, digits, hyphens.", examples=["middle-east"])


class SpanShape(Shape):
    text: str
    bold: bool = Field(description="In an alert: the words that made it match.")
    url: str = Field(description="Makes it a link; trust no scheme but http and https.")
    at: datetime | None = Field(description="Makes it an instant, to be drawn in the reader's zone.")


class ParagraphShape(Shape):
    kind: Literal["text", "quote", "item", "note"]
    spans: list[SpanShape]
    number: int = Field(0, description="An item's place in a list that is counted; else 0.")


class FieldShape(Shape):
    name: str = Field(examples=["Topics"])
    value: str = Field(examples=["ISIL, Russia-Iraq"])
    at: datetime | None = Field(description="Where the value is an instant, to be drawn in the reader's zone.")


class ButtonShape(Shape):
    label: str = Field(examples=["Mute story"])
    command: str = Field(description="Send it as a command, without the slash.", examples=["mute 17"])
    url: str = Field(description="Instead of a command: a link to open.")
    style: Literal["plain", "primary", "danger"]


class RoleShape(Shape):
    id: str
    name: str


class MannerShape(Shape):
    """How the subscriptions behind an alert want it to arrive."""

    roles: list[RoleShape] = Field(description="Whom it calls; always empty in the web channel, which has no roles.")
    silent: bool = Field(description="Whether it is to make no sound.")
    thread: bool = Field(description="Whether its story has a thread, where the platform knows threads.")
    within: str = Field("", description="The alert in whose thread it goes, where the platform knows threads.")


class FileShape(Shape):
    name: str = Field(description="For whoever keeps it.", examples=["newsbell.opml"])
    text: str


class BarShape(Shape):
    label: str = Field(max_length=40, examples=["26 Nov"])
    count: int = Field(ge=0, examples=[12])


class ChartShape(Shape):
    """Counts over time. `/api/chart.svg` draws them."""

    title: str = Field(examples=["ISIL"])
    unit: str = Field(max_length=40, description="What is counted.", examples=["articles"])
    bars: list[BarShape] = Field(description="The oldest first.")
    alt: str = Field(
        description="What it shows, in words.", examples=["25 Nov to 26 Nov: 12 articles, most (12) 26 Nov"]
    )


class Said(Shape):
    """A message. All text is plain: nothing in it is markup."""

    title: str = Field(description="An alert's headline.", examples=["Raid on ISIL cell near Kirkuk"])
    url: str = Field(description="Where the headline leads.", examples=["https://example.org/kirkuk"])
    source: str = Field(description="The outlet; for a command, who typed it.", examples=["Tigris Post"])
    at: datetime | None = Field(description="When the article was published.")
    body: list[ParagraphShape]
    fields: list[FieldShape]
    buttons: list[ButtonShape]
    footer: str
    image: str
    tone: Literal["alert", "info", "success", "warning", "error"]
    manner: MannerShape
    chart: ChartShape | None
    file: FileShape | None = Field(None, description="Something to take away.")


class Line(Shape):
    """What was said in a channel."""

    id: int = Field(description="Grows in the order of posting, over all channels.", examples=[1042])
    channel: str = Field(examples=["web:general"])
    kind: Literal["alert", "ask", "reply"] = Field(
        description="An alert; a command that somebody typed and all may see; or its answer."
    )
    thread: str = Field(description="Shared by a command and its answer; empty for an alert.")
    at: datetime = Field(description="When it was posted.")
    edited_at: datetime | None = Field(description="When it was last changed.")
    message: Said
    text: str = Field(description="All of the message as plain lines.")


class Lines(Shape):
    messages: list[Line] = Field(description="Oldest first.")
    cursor: str = Field(description="Give it as `after` to this channel's events.", examples=[CURSOR])
    earlier: bool = Field(description="Whether the channel has messages before these; ask again with `before`.")


class Handed(Shape):
    """A file that goes with a command."""

    name: str = Field(min_length=1, max_length=200, examples=["feeds.opml"])
    content: Base64Bytes = Field(
        description="At most 1 MB, as base64.", max_length=FILE_MOST, examples=["PG9wbWwvPg=="]
    )


class Typed(Shape):
    text: str = Field(
        min_length=1, max_length=4000, description="The line as it is typed.", examples=["/subscribe ISIL"]
    )
    name: str = Field("", max_length=40, description="Who is asking, for the others to see.", examples=["Anna"])
    thread: str = Field(
        "",
        pattern=r"^([A-Za-z0-9_-]{8,64})?$",
        description="A token of your own, new for each command, by which you know your lines when they come in.",
        examples=["5f2b1c9e-0d7a"],
    )
    zone: str = Field("", max_length=64, description="The reader's time zone.", examples=["Europe/Berlin"])
    file: Handed | None = Field(None, description="For a command that wants one.")


class Heard(Said):
    private: bool = Field(description="For the asker only: it is in this answer and nowhere else.")


class Answer(Shape):
    reply: Heard = Field(description="The message, and whether it is private.")
    posted: list[int] = Field(description="Ids of the command and its reply in the channel, unless it is private.")


class Pick(Shape):
    value: str = Field(description="The whole line as it would be.", examples=["/subscribe ISIL"])
    text: str = Field(description="The part that is new.", examples=["ISIL"])
    label: str = Field(description="What it is.", examples=["Islamic State"])


class Picks(Shape):
    choices: list[Pick]
    usage: str = Field(description="How the command at hand is typed.", examples=["/subscribe topic [to channel]"])
    asks: str = Field(description="What the command wants next.", examples=["A topic, a relation, or words"])


class Known(Shape):
    """A command."""

    name: str = Field(examples=["subscribe"])
    usage: str = Field(examples=["/subscribe topic [to channel]"])
    description: str = Field(examples=["Follow a topic in this channel"])
    aliases: list[str] = Field(examples=[["sub"]])
    examples: list[str] = Field(examples=[["/subscribe ISIL"]])
    private: bool = Field(description="Whether its answer is for the asker only.")
    file: bool = Field(False, description="Whether it wants a file beside its words.")


class Commands(Shape):
    commands: list[Known]


class Login(Shape):
    password: str = Field("", max_length=1000)
    key: str = Field("", max_length=200, description="The one-time key of the link that is printed at the start.")
