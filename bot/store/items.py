"""What is known of a feed's items, by their keys."""

from __future__ import annotations

from hashlib import blake2b

FEW = 10
"""Up to so many keys are asked for one by one, by a statement that is ready; more in one that is built for them."""


def digest(key: str) -> str:
    """16 bytes of a key: keys are as long as their publisher likes, an index entry is not."""
    return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
