"""The query parser under coverage-guided fuzzing, where atheris (Google's, over libFuzzer) is installed.

    python -m tests.topics.query.fuzz [libFuzzer's options, such as -max_total_time=60] [a folder to keep finds in]

Any error but the ones that are answers to the person who typed ends the run, with the text that brought it; so does a
text that is understood but not again when its canonical form is read. The tests try the same with hypothesis.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

try:
    import atheris
except ImportError:
    sys.exit("atheris is not installed: pip install atheris, into an environment of its own")

with atheris.instrument_imports(include=["bot.topics.query", "bot.topics.resolve"]):
    from bot.core.errors import UserError
    from bot.topics import Catalogue, resolve
    from bot.topics.query.parse import LONGEST

CATALOGUE = Catalogue.load(Path(__file__).parents[3] / "config" / "topics.toml")


def try_one(data: bytes) -> None:
    text = atheris.FuzzedDataProvider(data).ConsumeUnicode(LONGEST)
    with suppress(UserError):
        topic = resolve(text, CATALOGUE)
        again = resolve(topic.name, CATALOGUE, longest=sys.maxsize)
        assert again.name == topic.name, (text, topic.name, again.name)


if __name__ == "__main__":
    atheris.Setup(sys.argv, try_one)
    atheris.Fuzz()
