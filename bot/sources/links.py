"""Links as a reader may open them, and their canonical form, which only serves to recognise the same article."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from binascii import Error as Base64Error
from urllib.parse import parse_qs, parse_qsl, unquote, urlencode, urljoin, urlsplit, urlunsplit

from w3lib.url import canonicalize_url

from bot.sources.text import INVISIBLE

LONGEST = 2048

# Parameters that say where the reader came from, not what is read. Bare words such as `ref`, `id` or `cid` are not
# here: on some site each of them is the article itself.
TRACKING = re.compile(
    r"(?i)^(utm_\w+|mtm_\w+|pk_\w+|piwik_\w+|hsa_\w+|at_(medium|campaign|custom\d|link\w*|ptr_name|format|bbc_team)"
    r"|ns_(mchannel|source|campaign|linkname|fee)|mc_[ce]id|_hs(enc|mi)|__s|__hs\w+|ga_\w+|_ga|_gl|[gdf]clid|gbraid|wbraid"
    r"|gclsrc|fbclid|msclkid|yclid|twclid|ttclid|igshid|igsh|li_fat_id|vero_\w+|oly_(anon|enc)_id|rb_clickid"
    r"|s_cid|s_kwcid|wickedid|xtor|cmpid|cmp|ito|ocid|icid|smid|smtyp|maca|traffic_source|sh(are)?token|spm"
    r"|soc_(src|trk)|ncid|sr_share|ref_?src|refurl|feature|output_?type|amp|guccounter|guce_\w+|wt\.?(mc|rss)\w*)$"
)
RSS_VALUE = re.compile(r"(?i)^(rss|rss\d|feed|atom)$")
RSS_NAME = re.compile(r"(?i)^(source|src|from|partner|emc|feed|ref|medium|channel|via|cid)$")

MOBILE_HOST = re.compile(r"^(?:www\d?|m|mobile|amp|mobil|touch)\.(?=[^.]+\.[^.])")
AMP_PATH = re.compile(r"(?i)(?:/amp/?|\.amp|/amp\.html|\.amp\.html)$")
AMP_START = re.compile(r"(?i)^/amp/(?=.)")
AMP_CACHE = re.compile(r"(?i)^/(?:v|c|i|wp)/(?:s/)?(.+)")
GOOGLE_AMP = re.compile(r"(?i)^/amp/(?:s/)?(.+)")
WEB = re.compile(rb"https?://[\x21-\x7e]{4,2000}")


def web_link(link: str, base: str = "") -> str:
    """The absolute http or https URL, without user name; an empty text for anything else (`javascript:`, `file:`)."""
    link = INVISIBLE.sub("", link).strip()
    if not link or len(link) > LONGEST:
        return ""
    try:
        parts = urlsplit(urljoin(base, link) if base else link)
        host = parts.hostname
        _ = parts.port  # raises ValueError where it is no number
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not host or re.search(r"[\s<>\"\\^`{|}\x00-\x20]", parts.netloc):
        return ""
    url = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    return re.sub(r"[\s<>\"`\\]", lambda found: "".join(f"%{byte:02X}" for byte in found.group().encode()), url)


def link_key(url: str) -> str:
    """The canonical link: the same for all the ways in which one article is linked. Never shown, never fetched."""
    try:
        parts = urlsplit(_unwrapped(url))
        host = MOBILE_HOST.sub("", (parts.hostname or "").rstrip("."))
        if not host:
            return ""
        port = f":{parts.port}" if parts.port not in (None, 80, 443) else ""
        path = AMP_START.sub("/", AMP_PATH.sub("", parts.path)).rstrip("/")
        pairs = [
            (name, value)
            for name, value in parse_qsl(parts.query, keep_blank_values=True)
            if not TRACKING.match(name) and not (RSS_NAME.match(name) and RSS_VALUE.match(value))
        ]
        fragment = parts.fragment if parts.fragment.startswith("!") else ""
        plain = urlunsplit(("https", host + port, path or "/", urlencode(pairs), fragment))
        return canonicalize_url(plain, keep_fragments=bool(fragment))[:LONGEST]
    except ValueError:
        return ""


def _unwrapped(url: str) -> str:
    """The article's own address out of the redirect forms that carry it: AMP caches, Google, Bing, Facebook."""
    for _ in range(3):
        parts = urlsplit(url)
        host = (parts.hostname or "").removeprefix("www.")
        inner = ""
        if host.endswith(".cdn.ampproject.org") and (found := AMP_CACHE.match(parts.path)):
            inner = f"https://{unquote(found[1])}" + (f"?{parts.query}" if parts.query else "")
        elif host.startswith("google.") and (found := GOOGLE_AMP.match(parts.path)):
            inner = f"https://{found[1]}" + (f"?{parts.query}" if parts.query else "")
        elif host == "news.google.com" and "/articles/" in parts.path:
            inner = _google_news(parts.path.rsplit("/", 1)[1])
        elif (host.startswith("google.") and parts.path == "/url") or host in (
            "l.facebook.com",
            "bing.com",
            "news.url.google.com",
        ):
            wrapped = parse_qs(parts.query)
            inner = next((wrapped[name][0] for name in ("url", "q", "u") if name in wrapped), "")
        if not inner.startswith(("http://", "https://")):
            return url
        url = inner
    return url


def _google_news(code: str) -> str:
    """The older form of Google News links holds the article's URL in base64; the newer one cannot be read offline."""
    try:
        found = WEB.search(urlsafe_b64decode(code[:LONGEST] + "=" * (-len(code) % 4)))
    except (Base64Error, ValueError):
        return ""
    return found[0].decode("ascii") if found else ""
