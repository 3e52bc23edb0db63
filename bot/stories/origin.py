"""Who reported it first: the news agency that a text is credited to, else the outlet itself.

"7 outlets, 2 origins": a wire story that five papers reprint is one voice, and a count of outlets would call it five.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from bot.core.model import Article

# Canonical name -> how it is written. What is short enough to be another word or somebody's initials counts only in
# the places where agencies sign: a dateline, brackets, the end of the text.
_AGENCIES = {
    "Reuters": "Reuters|Thomson Reuters|Рейтер|Рейтерс|رويترز|路透社|路透|ロイター|로이터",
    "AP": "Associated Press|The Associated Press|美联社|美聯社|أسوشيتد برس|AP通信",
    "AFP": "Agence France-Presse|Agence France Presse|法新社|فرانس برس|AFPBB",
    "TASS": "TASS|ITAR-TASS|Itar-Tass|ТАСС|ИТАР-ТАСС|塔斯社|تاس",
    "RIA Novosti": "RIA Novosti|РИА Новости",
    "Interfax": "Interfax|Интерфакс|Interfax-Ukraine|Интерфакс-Украина",
    "Xinhua": "Xinhua|新华社|新華社|شينخوا",
    "dpa": "dpa|DPA|Deutsche Presse-Agentur|dpa-AFX|د ب أ",
    "ANSA": "ANSA",
    "EFE": "EFE|Agencia EFE",
    "Europa Press": "Europa Press|EUROPA PRESS",
    "Lusa": "Lusa|LUSA",
    "Kyodo": "Kyodo|Kyodo News|共同|共同通信",
    "Jiji": "Jiji Press|時事|時事通信",
    "Yonhap": "Yonhap|연합뉴스",
    "Press Trust of India": "PTI|Press Trust of India",
    "ANI": "Asian News International",
    "IANS": "IANS",
    "Anadolu": "Anadolu|Anadolu Agency|Anadolu Ajansı|الأناضول",
    "IRNA": "IRNA|ایرنا|إرنا",
    "Tasnim": "Tasnim|تسنیم",
    "Ukrinform": "Ukrinform|Укринформ|Укрінформ",
    "BelTA": "BelTA|БелТА",
    "Bloomberg": "Bloomberg|Bloomberg News",
    "UPI": "UPI|United Press International",
    "PA": "PA Media|Press Association",
    "The Canadian Press": "Canadian Press|The Canadian Press",
    "AAP": "AAP|Australian Associated Press",
    "Bernama": "Bernama|BERNAMA",
    "Antara": "Antara|ANTARA",
    "PAP": "Polska Agencja Prasowa",
    "PR Newswire": "PRNewswire|PR Newswire|PRNewsfoto",
    "Business Wire": "BUSINESS WIRE|Business Wire",
    "GlobeNewswire": "GLOBE NEWSWIRE|GlobeNewswire",
}
_SIGNED_ONLY = {
    "AP": "AP",
    "AFP": "AFP|أ ف ب|ا ف ب|АФП",
    "PA": "PA",
    "The Canadian Press": "CP",
    "ANI": "ANI",
    "Anadolu": "AA",
    "SANA": "SANA|سانا",
    "SPA": "SPA|واس",
    "WAM": "WAM|وام",
    "KUNA": "KUNA|كونا",
    "MENA": "MENA|أ ش أ",
    "INA": "INA|واع",
    "PAP": "PAP",
    "ČTK": "ČTK|CTK",
    "MTI": "MTI",
    "APA": "APA",
    "Belga": "Belga|BELGA",
    "ANP": "ANP",
    "NTB": "NTB",
    "Ritzau": "Ritzau|/ritzau/",
    "TT": "TT",
    "STT": "STT",
}
_NAMES = {
    written: agency
    for table in (_AGENCIES, _SIGNED_ONLY)
    for agency, forms in table.items()
    for written in forms.split("|")
}


_FOLDED = {written.casefold(): agency for written, agency in _NAMES.items()}


def _any(names: Iterable[str]) -> str:
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))


_ANY = _any(_NAMES)
_CLEAR = _any(written for forms in _AGENCIES.values() for written in forms.split("|"))
_DASH = r"[-–—―:]{1,2}"

# "MOSCOW, Nov. 3 (Reuters) - ", "(AFP) — ", "AP -", "/PRNewswire/ --", "МОСКВА, 3 ноября. /ТАСС/.",
# "新华社北京3月1日电". In the place a full stop only follows what is as short as an abbreviation.
_DATELINE = re.compile(
    rf"""^\s{{0,8}}(?:
        (?P<place>(?:[^\n()\[\]/!?—–.]|(?<=\b\w)\.|(?<=\b\w\w\w)\.|(?<=\b\w\w\w\w)\.|(?<=[а-я])\.){{0,48}})
            [(\[/](?:[^()\[\]/\n]{{0,30}}?\b)?(?P<signed>{_ANY})\b[^()\[\]/\n]{{0,30}}[)\]/]\s*(?:{_DASH}\s|\.\s|{_DASH})?
        | (?P<bare>{_ANY})\s+{_DASH}\s
        | (?P<east>{_CLEAR})[^\n。，,]{{0,12}}[电電]\s*
    )""",
    re.VERBOSE,
)
_BYLINE = re.compile(rf"^\s*By\s[^\n.]{{0,80}}?(?:,|\||\n|of|for)\s*(?:the\s)?(?P<name>{_CLEAR})\b", re.IGNORECASE)
# "..., TASS reports.", "Reuters reported", "according to Interfax", "citing dpa", "сообщает ТАСС", "据新华社报道"
_REPORTS = re.compile(
    rf"""\b(?P<before>{_CLEAR}|AFP|AP)\b(?:\snews)?(?:\sagency)?\s(?:reports|reported|said|quoted|informa|rapporte|meldet|сообщает|сообщил)
    |(?:according\sto|cited\sby|citing|reports?|as\sreported\sby|told|selon|según|laut|nach\sAngaben\svon|secondo
        |сообщает|сообщил[аи]?|передает|передаёт|повідомляє|据|نقلا\sعن)\s*(?:the\s|l['’]|агентство\s|وكالة\s)?(?P<after>{_CLEAR}|AFP|AP)(?!\w)
    """,
    re.VERBOSE,
)
_NAMED = re.compile(rf"{_CLEAR}|AFP|AP")
"""What `_REPORTS` needs, which tries every name at every word."""

_SIGNATURE = re.compile(
    rf"""[(\[/–—-]\s*(?:Source:\s*|With\s)?(?P<signed>{_ANY})(?:/(?:{_ANY}))?\s*[)\]/]?\s*\.?\s*$
    |(?:©|\(c\)|Copyright)\s*(?:\d{{4}}\s*)?(?:The\s)?(?P<copyright>{_ANY})\b
    |\((?P<desk>Reporting|Writing)\sby\s[^()\n]{{3,200}}(?:[Ee]diting|[Rr]eporting)\sby\s[^()\n]{{3,100}}\)\s*\.?\s*$
    """,
    re.VERBOSE,
)
_HEADLINE = re.compile(rf"^(?P<first>{_CLEAR}|AFP):\s|[-–—|(]\s*(?P<last>{_CLEAR}|AFP)\s*\)?\s*$")
_OUTLET = re.compile(
    rf"(?P<own>{_CLEAR}|AFP|AP)(?:\.com)?(?=$|\s[-–|(]|\s(?:News|World|Top|UK|US|Africa|Arabic|English)\b)"
)
_LEAD = 400  # characters in which an outlet says whom it has a story from


def origin(article: Article) -> str:
    """The agency that the article is credited to, by its usual name; else the outlet; else empty.

    Read from the dateline, the byline, an attribution in the lead, the signature at the end and the headline, in this
    order. An outlet that is an agency itself is its own origin.
    """
    if own := _OUTLET.match(article.source.strip()):
        return _agency(own["own"])
    text = article.body
    lead, end = text[:_LEAD], text[-_LEAD:].rstrip()
    for pattern, part in (
        (_DATELINE, lead),
        (_BYLINE, lead),
        (_REPORTS, lead),
        (_SIGNATURE, end),
        (_HEADLINE, article.title),
    ):
        if pattern is _REPORTS and not _NAMED.search(part):
            continue
        if match := pattern.search(part):
            signs = [name for kind, name in match.groupdict().items() if name and kind not in {"place", "desk"}]
            return _agency(signs[0]) if signs else "Reuters"  # who signs "(Reporting by ...; Editing by ...)"
    return outlet(article)


def _agency(written: str) -> str:
    return _NAMES.get(written) or _FOLDED.get(written.casefold(), written)


def outlet(article: Article) -> str:
    """Who published it: the source's name, else the host of its address, else empty."""
    if article.source.strip():
        return article.source.strip()
    try:
        return (urlsplit(article.url).hostname or "").removeprefix("www.")
    except ValueError:  # "http://[broken"
        return ""


def strip_dateline(text: str) -> str:
    """The text without the agency's dateline at its start."""
    match = _DATELINE.match(text[:_LEAD])
    return text[match.end() :] if match else text
