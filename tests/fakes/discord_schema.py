"""Discord's official OpenAPI description as an oracle for requests and for our fake's own answers."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

SPEC = Path(__file__).parents[2].parent / "shared" / "specs" / "discord-openapi.json"


COUNTED: Counter[str] = Counter()
"""Requests of all fake Discords of this process, and what was invalid about them."""


def present() -> bool:
    return SPEC.exists()


def as_strings(value: Any) -> Any:
    """Ids as strings, as the description has them: discord.py writes some as integers."""
    if isinstance(value, dict):
        return {
            key: str(each)
            if isinstance(each, int)
            and not isinstance(each, bool)
            and ((key == "id" and (each > 1 << 40 or "filename" in value)) or key.endswith("_id"))
            else [str(role) for role in each]
            if key == "roles" and each and all(isinstance(role, int) for role in each)
            else as_strings(each)
            for key, each in value.items()
        }
    return [as_strings(each) for each in value] if isinstance(value, list) else value


def request_faults(method: str, path: str, body: Any, query: dict[str, str]) -> list[str]:
    """What the description does not allow in a request; empty where all is well."""
    template, operation = _operation(method, path)
    if operation is None:
        return [f"{method} {path} is not in Discord's description"]
    known = {each["name"] for each in operation.get("parameters", ()) if each.get("in") == "query"}
    if path.endswith("/threads"):
        known.add("use_nested_fields")  # discord.py says it, and Discord takes it, though its description does not
    faults = [f"unknown query parameter {name}" for name in query if name not in known]
    schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    if schema is not None and body is not None:
        keys = ("paths", template, method.lower(), "requestBody", "content", "application/json", "schema")
        faults += _faults(keys, as_strings(body))
    return faults


def response_faults(method: str, path: str, status: int, body: Any) -> list[str]:
    template, operation = _operation(method, path)
    if operation is None or status >= 400:
        return []
    responses = operation.get("responses", {})
    if str(status) not in responses:
        return [f"{method} {path} does not answer {status}"]
    if "application/json" not in responses[str(status)].get("content", {}):
        return []
    keys = ("paths", template, method.lower(), "responses", str(status), "content", "application/json", "schema")
    return _faults(keys, body)


@cache
def _spec() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(SPEC.read_text())
    return loaded


@cache
def _templates() -> list[tuple[re.Pattern[str], str]]:
    paths = sorted(_spec()["paths"], key=lambda path: path.count("{"))
    return [(re.compile(re.sub(r"\\\{[^}]*\\\}|\{[^}]*\}", "[^/]+", path)), path) for path in paths]


def _operation(method: str, path: str) -> tuple[str, dict[str, Any] | None]:
    for pattern, template in _templates():
        if pattern.fullmatch(path) and method.lower() in _spec()["paths"][template]:
            operation = dict(_spec()["paths"][template][method.lower()])
            shared = _spec()["paths"][template].get("parameters", [])
            operation["parameters"] = [*operation.get("parameters", []), *shared]
            return template, operation
    return "", None


@cache
def _validator(keys: tuple[str, ...]) -> Draft202012Validator:
    pointer = "/".join(key.replace("~", "~0").replace("/", "~1") for key in keys)
    return Draft202012Validator({"$ref": f"#/{pointer}", **{k: _spec()[k] for k in ("paths", "components")}})


def _faults(keys: tuple[str, ...], body: Any) -> list[str]:
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}" for error in _deepest(keys, body)]


def _deepest(keys: tuple[str, ...], body: Any) -> list[Any]:
    return list(_validator(keys).iter_errors(body))[:5]
