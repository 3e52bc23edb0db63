"""Where the feeds of well-known kinds of sites are, told from the address alone: nobody should have to know them."""

from __future__ import annotations

import re

RULES = (
    (r"(?:www\.|m\.)?youtube\.com/channel/(UC[\w-]{22})", r"https://www.youtube.com/feeds/videos.xml?channel_id=\1"),
    (
        r"(?:www\.|m\.)?youtube\.com/playlist\?(?:[^#]*&)?list=([\w-]{10,60})",
        r"https://www.youtube.com/feeds/videos.xml?playlist_id=\1",
    ),
    (r"(?:www\.|old\.|new\.)?reddit\.com/((?:r|u|user)/[\w-]{2,30})/?$", r"https://www.reddit.com/\1/.rss"),
    (r"github\.com/([\w.-]+/[\w.-]+)(?:/releases)?/?$", r"https://github.com/\1/releases.atom"),
    (r"gitlab\.com/([\w.-]+/[\w.-]+)/?$", r"https://gitlab.com/\1/-/tags?format=atom"),
    (r"([\w-]+\.substack\.com)/?$", r"https://\1/feed"),
    (r"medium\.com/(@?[\w.-]+)/?$", r"https://medium.com/feed/\1"),
    (r"([\w-]+\.tumblr\.com)/?$", r"https://\1/rss"),
    (r"([\w-]+\.wordpress\.com)/?$", r"https://\1/feed/"),
    (r"([\w-]+\.blogspot\.[a-z]{2,3})/?$", r"https://\1/feeds/posts/default"),
    (r"bsky\.app/profile/([\w.:-]+)/?$", r"https://bsky.app/profile/\1/rss"),
    (r"((?:[\w-]+\.)+[a-z]{2,}/@\w+)/?$", r"https://\1.rss"),  # Mastodon and its kin
)


def known_feed(url: str) -> str:
    """The feed that a site of this kind has for this page; empty where no rule knows."""
    rest = url.partition("://")[2].partition("#")[0]
    for pattern, feed in RULES:
        if found := re.match(pattern, rest, re.IGNORECASE):
            return found.expand(feed)
    return ""
