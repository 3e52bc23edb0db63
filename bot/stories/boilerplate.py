"""Tells the words of an article from the furniture around them: share bars, teasers, credits, bylines."""

from __future__ import annotations

import re

from bot.core.sentences import sentences
from bot.stories.origin import strip_dateline


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# WordPress signs every feed item so; the headline in the middle may hold full stops of its own.
_SIGNED_BY_BLOG = re.compile(
    r"(?:The post|The article|Der Beitrag|L['’]article|La entrada|O post|Il post|L['’]articolo|Het bericht|Запись)\s"
    r"[^\n]{1,300}?\s(?:appeared first on|first appeared on|erschien zuerst auf|est apparu en premier sur|"
    r"aparece primero en|apareceu primeiro em|proviene da|verscheen eerst op|впервые появилась)[^\n]{0,120}"
)

# How a sentence begins that is not the article's, by language.
_TEASER = re.compile(
    r"""^[\W_]*(?:
      (?:read|see|learn|find\ out|watch|listen)\s(?:more|also|next|now|here|full\ story|the\ full|to\ this\ article)\b
    | (?:also|must)\sread\b
    | (?:continue|keep)\sreading\b
    | (?:click|tap|swipe)\s(?:here|on|the|through|to)\b
    | subscribe\sto\b
    | (?:subscribe|sign\ up|register|log\ in)\b.{0,80}(?:newsletter|e-?mail|alert|access|account|channel|inbox|podcast
        |free|today|now|here|us|daily|briefing|reading|$)
    | (?:follow|like|join|find)\sus\b
    | follow\s\S+\son\s(?:twitter|x|facebook|instagram|telegram)\b
    | share\s(?:this|on|via)\b
    | (?:download|get)\s(?:our|the)\s.{0,30}\bapp\b
    | get\s(?:the\ latest|our|all\ the\ latest)\b.{0,80}(?:news|inbox|updates|newsletter)
    | (?:related|more\ on\ this|more\ from|recommended|trending|editor['’]?s\ picks?)
        \s*(?:stories|articles|topics)?\s*(?::|$)
    | (?:advertisement|sponsored)\b.{0,15}$
    | this\s(?:article|story|post)\s(?:was|is|has|originally|first)\b.{0,40}(?:published|appeared|updated|translated)
    | (?:©|\(c\)\s|copyright\s*(?:©|\(c\)|\d{4}|by\b|:))
    | all\srights\sreserved
    | (?:have\sa|send\s(?:us|your))\b.{0,20}\b(?:tip|story|news)\W*$
    | (?:leave|post|add|view|\d+)\s(?:a\s)?comments?\b.{0,20}$
    | (?:photo|image|picture|video|file\ photo|foto|bild|crédit\ photo|imagen|immagine|фото)
        \s*(?:credit|courtesy|by|source|via|:|\(|/)
    | (?:credit|source|quelle|fuente|fonte)\s*:
    | \(?(?:reporting|writing|editing|additional\ reporting)\sby\b
    | (?:à\ )?lire\s(?:aussi|la\ suite|également)\b | abonnez-vous\b
    | lesen\ssie\s(?:auch|mehr|hier)\b | mehr\szum\sthema\b | weiterlesen\b | abonnieren\ssie\b
    | (?:leer|lea|lee|ver)\s(?:más|también|mas)\b | suscríb
    | (?:leia|saiba|veja)\s(?:mais|também)\b
    | leggi\s(?:anche|tutto)\b | continua\sa\sleggere\b | iscriviti\b
    | lees\s(?:ook|meer|verder)\b | läs\s(?:mer|också)\b | les\s(?:også|mer)\b | læs\s(?:også|mere)\b
    | czytaj\s(?:też|także|więcej|dalej)\b | čtěte\s(?:také|více)\b | devamını\soku
    | читайте\s(?:также|ещё|еще|також)\b | читать\s(?:далее|полностью)\b | подробнее\s*(?:$|:|на\b|в\b)
    | подписывайтесь\b | підписуйтесь\b
    | [اإ]قرأ\s(?:أيضا|أيضاً|المزيد)
    | (?:阅读|閱讀|查看)(?:更多|全文) | 点击(?:这里|查看) | 続きを読む | 関連記事 | あわせて読みたい
    | 자세히\ 보기 | 관련\ 기사 | और\sपढ़ें
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_CREDIT = re.compile(
    r"(?:^|[/|©(]|\bvia\s|[-–—]\s)(?:[\w.'’-]+\s){0,3}(?:Getty Images|Getty|Shutterstock|EPA-EFE|Unsplash|iStock|Alamy"
    r"|Picture Alliance|Imago)\W*$",
    re.IGNORECASE,
)
_BY = _words("By BY Von Par Por Di Door Av Автор Автор:")
_BETWEEN_NAMES = _words("and und et y e i och og en и & the of for in")
_NETWORKS = _words(
    """
    share tweet email e-mail mail print pin pinterest facebook twitter x whatsapp linkedin reddit telegram messenger
    instagram youtube tumblr copy link save comment comments like follow subscribe sms vk flipboard pocket more menu
    teilen drucken partager imprimer compartir imprimir condividi stampa delen поделиться and or via on
    """
)
# What a teaser leaves at the end of a cut summary.
_TAIL = re.compile(
    r"\s*(?:[\[(]\s*(?:…|\.{3}|\+\d+ chars|read more|more|continue reading)\s*[\])]|"
    r"(?:\.\.\.|…)?\s*(?:read more|continue reading|read the full story|weiterlesen|lire la suite|leer más|leia mais)"
    r"(?:\s*(?:»|›|→|>|\.\.\.|…|→))*)\s*$",
    re.IGNORECASE,
)


_TAIL_LENGTH = 60


def own_sentences(text: str) -> list[tuple[int, int]]:
    """The sentences that are the article's own, as [start, end) offsets; datelines and teasers cut from their ends."""
    signatures = [match.span() for match in _SIGNED_BY_BLOG.finditer(text)]
    kept: list[tuple[int, int]] = []
    for start, stop in sentences(text):
        end = stop
        while signatures and signatures[0][1] <= start:
            signatures.pop(0)
        if signatures and signatures[0][0] < end:
            end = max(start, signatures[0][0])
        begin = start if kept else end - len(strip_dateline(text[start:end]))
        if tail := _TAIL.search(text, max(begin, end - _TAIL_LENGTH), end):
            end = tail.start()
        sentence = text[begin:end].rstrip()
        if sentence and not is_boilerplate(sentence):
            kept.append((begin, begin + len(sentence)))
    return kept


def is_boilerplate(sentence: str) -> bool:
    """Whether a sentence belongs to the page and not to the article."""
    words = re.findall(r"[^\W_]+(?:-[^\W_]+)*", sentence[:400].casefold())
    return (
        not words
        or all(word in _NETWORKS for word in words)
        or bool(_TEASER.search(sentence) or _CREDIT.search(sentence[-60:]))
        or _is_byline(sentence[:120].split())
    )


def _is_byline(words: list[str]) -> bool:
    """ "By Ada Marsh and Tomas Brandt", "Ada Marsh | Hill Country Radio"; not "By Monday the water was gone."."""
    if words and words[0] in _BY and len(words) <= 10:
        return words[-1][-1] not in ".!?" and all(word in _BETWEEN_NAMES or word[0].isupper() for word in words[1:])
    return 3 <= len(words) <= 8 and "|" in words and words[-1][-1] not in ".!?"


def truncated(sentence: str) -> bool:
    """Whether a feed cut the sentence in the middle."""
    return sentence.rstrip("])").endswith(("…", "..."))
