"""Says in an article's own sentences what it says: centroid and position, without repeating itself.

TF-IDF centroid (Radev et al., 2004) and a position prior, half and half, then maximal marginal relevance (Carbonell and
Goldstein, 1998). On news the position carries most of the quality: every centrality measure without it loses to the
first sentences alone. No model, no numpy: half a millisecond a text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log, sqrt

from bot.core.model import Article
from bot.stories.boilerplate import own_sentences, truncated
from bot.stories.words import language, terms, words

_POSITION = 0.5
"""Share of the position prior in a sentence's score."""

_RELEVANCE = 0.75
"""MMR's lambda: what a sentence is worth against what it repeats of those already chosen."""

_REPEATED = 0.6
"""From this cosine on a sentence says again what another said, as a standfirst does with the first paragraph."""

_SHORTEST, _LONGEST = 5, 100
"""Words of a sentence that may be chosen; what is longer is a table or a list without full stops."""

_READ = 20_000
"""Characters of a text that are read: what matters is not further down, and an article may be a whole book."""

_AGES = 0.9
"""What a sentence of the second newest article of a story counts, against one of the newest; and so on."""

_ONE_TEXT: Mapping[int, float] = {0: 1.0}

Mentions = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class _Sentence:
    """`worth` orders the sentences: what repeats the title comes last, what is unfit (too short, cut off) before it."""

    text: str
    worth: tuple[bool, bool, float]
    weights: Mapping[str, float]

    @property
    def new(self) -> bool:
        return self.worth[0]

    @property
    def fit(self) -> bool:
        return self.worth[1]

    @property
    def score(self) -> float:
        return self.worth[2]


def summary_of(article: Article, *, sentences: int = 2, mentions: Mentions | None = None) -> str:
    """The summary of an article's fullest text; see `summarize`."""
    return summarize(article.body, title=article.title, sentences=sentences, mentions=mentions, lang=article.lang)


def summary_of_story(articles: Sequence[Article], *, sentences: int = 2, without: Sequence[str] = ()) -> str:
    """What several articles on one event say, each thing once: their sentences, in the order of time.

    `articles` come oldest first; those in another language than the first are left out. Of two sentences that say the
    same the newer one is taken, because numbers change. `without` are sentences that the reader has already.
    """
    if not articles:
        return ""
    first = articles[0]
    code = language(first.lang, f"{first.title} {first.body[:600]}")
    said = {_in_one_line(each) for each in without}
    spoken: list[str] = []
    starts: dict[int, float] = {}
    heard: set[str] = set(said)
    for age, article in enumerate(reversed(articles)):
        text = article.body[:_READ]
        if article is not first and language(article.lang, f"{article.title} {text[:600]}") != code:
            continue
        starts[len(spoken)] = _AGES**age
        for start, end in own_sentences(text):
            sentence = _in_one_line(text[start:end])
            if sentence not in heard:
                heard.add(sentence)
                spoken.append(sentence)
    ranked = _ranked(spoken, frozenset(terms(first.title, code)), code, starts | _likeness(spoken, starts, code))
    chosen = _chosen(ranked, max(1, sentences))
    # The newest article was read first: the older sentence goes before the newer one, and a text keeps its order.
    block = [max(start for start in starts if start <= number) for number in range(len(spoken))]
    return _joined([ranked[number].text for number in sorted(chosen, key=lambda number: (-block[number], number))])


def _likeness(spoken: Sequence[str], starts: Mapping[int, float], lang: str) -> dict[int, float]:
    """What each text counts, lessened by how little it has in common with the others: a stray article says nothing."""
    if len(starts) < 3:
        return {}  # of two texts each is as unlike the other
    begins = sorted(starts)
    blocks = [Counter(terms(" ".join(spoken[a:b]), lang)) for a, b in zip(begins, [*begins[1:], None], strict=True)]
    holding = Counter(term for block in blocks for term in block)
    # What only one text says has no say in what the texts have in common.
    vectors = [_unit({term: 1 + log(n) for term, n in block.items()}) for block in blocks]
    shared = [{term: weight for term, weight in each.items() if holding[term] > 1} for each in vectors]
    common: dict[str, float] = {}
    for vector in shared:
        for term, weight in vector.items():
            common[term] = common.get(term, 0.0) + weight
    alike = [_dot(vector, {term: common[term] - weight for term, weight in vector.items()}) for vector in shared]
    most = max(alike) or 1.0
    return {begin: starts[begin] * (each / most) for begin, each in zip(begins, alike, strict=True)}


def _in_one_line(sentence: str) -> str:
    return " ".join(sentence.split())


def summarize(
    text: str, *, title: str = "", sentences: int = 2, mentions: Mentions | None = None, lang: str = ""
) -> str:
    """The `sentences` that say most, verbatim and in the text's order; white space inside them becomes one blank.

    If none of them satisfies `mentions`, the best sentence that does takes the place of the last chosen. Sentences that
    only repeat the title are not spent. A text that is no longer than that comes back without its boilerplate; a text
    with nothing of its own is an empty string.
    """
    text = text[:_READ]
    spoken = [" ".join(text[start:end].split()) for start, end in own_sentences(text)]
    code = language(lang, f"{title} {text[:600]}")
    ranked = _ranked(spoken, frozenset(terms(title, code)), code)
    chosen = _chosen(ranked, max(1, sentences))
    if mentions and not any(mentions(ranked[number].text) for number in chosen):
        saying = [number for number, each in enumerate(ranked) if mentions(each.text)]
        if saying:
            chosen[max(1, sentences) - 1 :] = [max(saying, key=lambda number: ranked[number].worth)]
    return _joined([ranked[number].text for number in sorted(chosen)])


def _ranked(
    spoken: Sequence[str], in_title: frozenset[str], lang: str, starts: Mapping[int, float] = _ONE_TEXT
) -> list[_Sentence]:
    """`starts` are the numbers of the sentences with which a text begins, and how much that text counts."""
    counts = [Counter(terms(each, lang)) for each in spoken]
    holding = Counter(term for each in counts for term in each)
    rarity = {term: 1 + log(len(counts) / held) for term, held in holding.items()}
    vectors = [_unit({term: (1 + log(n)) * rarity[term] for term, n in each.items()}) for each in counts]
    centroid: dict[str, float] = {}
    for vector in vectors:
        for term, weight in vector.items():
            centroid[term] = centroid.get(term, 0.0) + weight
    central = [_dot(vector, centroid) for vector in vectors]
    most = max(central, default=0.0) or 1.0
    ranked = []
    place, share = 0, 1.0
    for number, (each, count, vector, centrality) in enumerate(zip(spoken, counts, vectors, central, strict=True)):
        if number in starts:
            place, share = 0, starts[number]
        new = not _repeats(count, in_title)
        score = share * ((1 - _POSITION) * centrality / most + _POSITION * exp(-place / 3))
        fit = _SHORTEST <= len(words(each)) <= _LONGEST and not truncated(each)
        ranked.append(_Sentence(each, (new, fit, score), vector))
        place += new
    return ranked


def _repeats(count: Counter[str], in_title: frozenset[str]) -> bool:
    """Whether a sentence says nothing but the title, give or take a word."""
    return bool(count) and len(in_title) > 1 and len(count.keys() - in_title) <= len(count) // 6


def _chosen(ranked: Sequence[_Sentence], count: int) -> list[int]:
    """Indices by maximal marginal relevance, the best first."""
    new = [number for number, each in enumerate(ranked) if each.new]
    if len(new) <= count:
        return new
    rest = [number for number in new if ranked[number].fit] or new
    chosen: list[int] = []
    nearest = dict.fromkeys(rest, 0.0)
    while rest and len(chosen) < count:
        best = max(
            rest,
            key=lambda number: (
                nearest[number] < _REPEATED,
                _RELEVANCE * ranked[number].score - (1 - _RELEVANCE) * nearest[number],
            ),
        )
        chosen.append(best)
        rest.remove(best)
        for number in rest:
            nearest[number] = max(nearest[number], _dot(ranked[number].weights, ranked[best].weights))
    return chosen


def _unit(weights: Mapping[str, float]) -> dict[str, float]:
    length = sqrt(sum(weight * weight for weight in weights.values())) or 1.0
    return {term: weight / length for term, weight in weights.items()}


def _dot(a: Mapping[str, float], b: Mapping[str, float]) -> float:
    return sum(weight * b[term] for term, weight in a.items() if term in b)


def _joined(chosen: Sequence[str]) -> str:
    """With a blank between sentences, except where the script has none."""
    text = ""
    for each in chosen:
        wide = text[-1:] in {"。", "！", "？", "」", "』", "”"} and each[:1] > "\u2e7f"
        text += each if wide or not text else f" {each}"
    return text
