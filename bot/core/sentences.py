"""Finds the sentences of a plain text in any script, in one pass and without a model.

A full stop is a riddle (abbreviation, initial, decimal, ordinal); every other end mark is plain. The rules follow the
usual order of a rule-based splitter: find an end mark, look at the word before it and at the first letter after it.
Known limits: a sentence that begins with a small letter ("iPhone sales fell.") stays joined to the one before it, and
Thai, Lao and Khmer without end marks come back line by line.
"""

from __future__ import annotations

import re
from unicodedata import category

_END = re.compile(
    r"""
    (?P<wide>[。！？｡．॥।։።၊။។༎]+ )   # these end a sentence even where no space follows
    | (?P<mark>[.!?…؟۔‼⁇⁈⁉]+ | (?<=[\u0370-\u03ff\u1f00-\u1fff]); )  # a Greek question mark is a semicolon
    """,
    re.VERBOSE,
)
# One set of characters is searched many times faster than a choice of three.
_ASCII_END = re.compile(r"(?P<mark>[.!?]+)")
_CLOSERS = frozenset("\"'”’»›)]}）］｝」』】》〉〕＂＇“")
_OPENERS = frozenset("\"'“”‘’„‚«»‹›([{（［｛「『【《〈〔¿¡-–—―•·*#>|_~")
_LINE = re.compile(r"\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]")

# Looking back further than the longest abbreviation, or forward further than a few quotes, buys nothing; the bounds
# keep hostile text linear.
_LOOK_BACK = 24
_LOOK_AHEAD = 8

# A line at least this long, without an end mark, whose successor begins with a small letter was wrapped by a machine;
# a shorter one is a headline or an item of a list.
_WRAPPED = 40


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# What never ends a sentence: a name follows, or the rest of the thought.
_BEFORE_NAMES = _words(
    """
    mr mrs ms mx dr drs prof profs sen sens rep reps gov gens gen lt col capt cpt maj sgt cpl pvt cmdr adm rev hon fr st
    ste mt supt det insp messrs mme mmes mlle mlles mgr sra srta sres dra dña exmo exma dott sig sigg
    frl dipl hrn dhr mevr univ hab inż ks płk phdr mudr judr mgr rndr doc sv św vs v cf viz
    eg ie approx ca circa bzw bspw evtl ggf inkl exkl sog vgl zzgl abzgl insb env apr aprox
    np tzn tzw tj bijv resp např tzv tzn napr г-н г-жа гр тов им ул пл пр просп проф акад доц см ср напр
    млн млрд трлн тыс руб коп обл р-н ген полк майор св डॉ श्री श्रीमती प्रो док د أ م
    """
)
# Numbers belong to these; without a number behind it, "no." is an answer.
_BEFORE_NUMBERS = _words(
    """
    no nos nr num núm nº n° art arts p pp pg pag pág págs fig figs vol vols ch chap sec sect para par abs kap bd ziff op
    ed rn v vv jan feb mar apr jun jul aug sep sept oct nov dec janv févr avr juil déc ene abr ago dic okt dez mrt
    стр рис табл ст п пп
    """
)
# These stand inside a sentence or at its end: only a word that likes to open sentences tells.
_EITHER = _words(
    """
    inc ltd co cos corp plc llc bros jr sr esq gmbh cie dept univ assn ave blvd rd mio mrd tsd jh chr str hrsg mill mld
    mln tys zł r w rok kl nom mil č ft arch ext fax tel ing mag al hr ir bl av avv
    """
)
# These mostly end one when a capital follows.
_AT_ENDS = _words("etc usw ecc itd itp atd osv enz ff т.д т.п др a.m p.m am pm")
_CLOCK_GOES_ON = _words(
    "est edt et cst cdt ct mst mdt mt pst pdt pt gmt utc bst cet cest eet msk ist jst eastern central pacific mountain "
    "monday tuesday wednesday thursday friday saturday sunday"
)
# Words that open sentences, without the particles of names (de, la, el, der ...).
_STARTERS = _words(
    """
    the an he she it they we you this that these those his its their there here when while after before if for with by
    from since some many most one both however meanwhile police officials such what who why how where also now then last
    according not yes our my all another more earlier although though despite during under until other two three but and
    in on at as so or nor yet still once only even every each several no none nobody critics analysts experts
    das dies diese dieser dieses ein eine es er sie wir ich im am bei nach mit auf und aber doch auch wie was wer wenn
    seit zudem dabei damit denn laut
    les une un il elle ils elles ce cette ces mais et dans pour par selon après avant depuis cependant on nous
    los las una en por para pero según tras con su sus esta este esto ese esa también
    os uma um em na mas segundo não ele ela eles
    gli ma nel nella secondo per lui lei
    het een hij zij ze op maar volgens ook dat dit
    в во он она они это но и на по при как что для из с со об от до после если когда однако также мы я его её их эти
    """
)
_MONTHS = _words(
    """
    januar februar märz april mai juni juli august september oktober november dezember jänner january february march
    may june july october december januari februari maart mei augustus mars maj augusti tammikuuta ledna února března
    dubna května června července srpna září října listopadu prosince siječnja veljače ožujka travnja svibnja lipnja
    srpnja kolovoza rujna listopada studenoga prosinca ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim
    kasım aralık
    """
)
_BEFORE_ORDINALS = _words("der die das dem den des am im zum zur vom beim ab bis seit den dne dnia den. pe á")
_NOT_PLAIN = _BEFORE_NAMES | _BEFORE_NUMBERS | _EITHER | _AT_ENDS
_SHOUTING_NAMES = _words("yahoo jeopardy yum")


def sentences(text: str) -> list[tuple[int, int]]:
    """The sentences of a text as [start, end) offsets, in order, without the white space around them.

    Spans never overlap and leave out nothing but white space. A line break ends a sentence, so a headline needs no
    full stop; only a line that was plainly wrapped by a machine goes on. Time is linear in the length of the text.
    """
    spans: list[tuple[int, int]] = []
    marks = _ASCII_END if text.isascii() else _END
    for start, end in _lines(text):
        at = start
        for match in marks.finditer(text, start, end):
            if match.start() < at:
                continue
            stop = _skip_closers(text, match.end(), end)
            following = _skip_space(text, stop, end)
            if following >= end:
                break
            if _ends(text, at, match, stop, following):
                spans.append((at, stop))
                at = following
        spans.append((at, end))
    return spans


def _lines(text: str) -> list[tuple[int, int]]:
    """The lines of a text, trimmed, without empty ones, and with machine-wrapped lines joined again."""
    lines: list[tuple[int, int]] = []
    at = 0
    width = 0  # of the line before, or 0 after an empty one
    for stop, following in [*((m.start(), m.end()) for m in _LINE.finditer(text)), (len(text), len(text))]:
        start = _skip_space(text, at, stop)
        end = stop
        while end > start and text[end - 1].isspace():
            end -= 1
        at = following
        if start == end:
            width = 0
            continue
        if width >= _WRAPPED and text[start].islower() and _unfinished(text[lines[-1][1] - 1]):
            lines[-1] = (lines[-1][0], end)
        else:
            lines.append((start, end))
        width = end - start
    return lines


def _unfinished(last: str) -> bool:
    return last.isalnum() or last in ",;-–—"


def _skip_space(text: str, at: int, end: int) -> int:
    while at < end and text[at].isspace():
        at += 1
    return at


def _skip_closers(text: str, at: int, end: int) -> int:
    while at < end:
        if text[at] in _CLOSERS:
            at += 1
        elif text[at : at + 2] in {" »", "\u00a0»", "\u202f»"}:  # French sets a space before it
            at += 2
        else:
            break
    return min(at, end)


def _ends(text: str, start: int, match: re.Match[str], stop: int, following: int) -> bool:
    """Whether the end mark at `match`, with its closing quotes up to `stop`, ends the sentence begun at `start`."""
    if match.lastgroup == "wide":
        # "３．５" is a number, and a quotation inside a Japanese sentence goes on with a particle: 「…。」と述べた
        decimal = match.group() == "．" and text[following].isdigit()
        return not decimal and (stop == match.end() or not "\u3040" <= text[following] <= "\u309f")
    mark = match.group()
    if mark == "." and stop == match.end() and _plainly_ends(text, start, match.start(), following):
        return True
    if following == stop:  # "3.5", "example.org", "No.10"; but Chinese puts no space behind an ASCII mark either
        return mark != "." and text[following] > "\u2e7f" and text[following].isalnum()
    first = _first_letter(text, following)
    if text[first] in ".!?…" or text[first].islower():
        return False
    before = _word_before(text, start, match.start()).casefold()
    if mark == "!":
        return before not in _SHOUTING_NAMES
    return mark != "." or stop > match.end() or _full_stop_ends(text, start, match.start(), first)


def _plainly_ends(text: str, start: int, dot: int, following: int) -> bool:
    """The usual case, answered soon: an ordinary word, a full stop, a blank, a capital."""
    if following != dot + 2 or not text[following].isupper():
        return False
    blank = text.rfind(" ", max(start, dot - _LOOK_BACK), dot)
    word = text[blank + 1 : dot]
    return blank >= 0 and len(word) > 1 and word.isascii() and word.isalpha() and word.casefold() not in _NOT_PLAIN


def _full_stop_ends(text: str, start: int, dot: int, first: int) -> bool:
    """Whether the full stop at `dot` ends a sentence, where the next one would begin with the letter at `first`."""
    before = _word_before(text, start, dot)
    word = before.casefold()
    following = _word_at(text, first).casefold()
    if word.isdecimal() and len(word) <= 2:
        return not _is_ordinal(text, start, dot - len(before), following)
    if word in _AT_ENDS:
        return not (word.endswith("m") and following in _CLOCK_GOES_ON)
    if word in _BEFORE_NAMES or (word in _BEFORE_NUMBERS and text[first].isdigit()):
        return False
    either = word in _EITHER or "." in word or _is_initial(word)
    next_initial = len(following) == 1 and text[first + 1 : first + 2] == "."
    return not either or (following in _STARTERS and not next_initial)


def _is_ordinal(text: str, start: int, number: int, following: str) -> bool:
    """ "1. The first item of a list", "am 3. Oktober", "der 2. Weltkrieg"."""
    return (
        number <= start or following in _MONTHS or _word_before(text, start, number - 1).casefold() in _BEFORE_ORDINALS
    )


def _is_initial(letter: str) -> bool:
    """A single letter of an alphabet; a Han character or a kana is a word."""
    return len(letter) == 1 and letter.isalpha() and letter < "\u2e80"


def _word_before(text: str, start: int, stop: int) -> str:
    """The word that ends at `stop`, with the full stops inside it: "p.m", "Dr", "U.S"."""
    at = stop
    least = max(start, stop - _LOOK_BACK)
    while at > least and (text[at - 1].isalnum() or text[at - 1] in ".°-" or category(text[at - 1]).startswith("M")):
        at -= 1
    return text[at:stop].lstrip(".-")


def _first_letter(text: str, at: int) -> int:
    """Where the next sentence's first letter or digit stands, behind its opening quotes and dashes."""
    stop = min(len(text) - 1, at + _LOOK_AHEAD)
    while at < stop and (text[at] in _OPENERS or text[at].isspace()):
        at += 1
    return at


def _word_at(text: str, at: int) -> str:
    stop = at
    most = min(len(text), at + _LOOK_BACK)
    while stop < most and (text[stop].isalpha() or text[stop] == "'"):
        stop += 1
    return text[at:stop]
