"""Events that a page of HTML names for programs: schema.org in JSON-LD or microdata."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from announcer.source.entry import Entry

_SCRIPT: Final = re.compile(r"<script\b([^<>]*+)>", re.IGNORECASE)
_SCRIPT_END: Final = re.compile(r"</script\s{0,99}>", re.IGNORECASE)
_MICRODATA: Final = re.compile(
    r"itemtype\s*=\s*[\"']?https?://schema\.org/\w*Event\b", re.IGNORECASE
)
_OFF: Final = re.compile(r"Event(?:Cancelled|Postponed)\b")
_DEEPEST: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """The events of a page, and what of them was not understood."""

    entries: tuple[Entry, ...] = ()
    warnings: tuple[str, ...] = ()


def entries(text: str) -> Announced:
    """Read the events of a page; without any, nothing is said."""
    found: list[Entry] = []
    warnings: list[str] = []
    for line, script in _scripts(text) if "ld+json" in text else ():
        try:
            whole = json.loads(script)
        except (ValueError, RecursionError) as error:
            warnings.append(f"line {line}: its JSON-LD cannot be read: {str(error)[:80]}")
            continue
        found += [_entry(event, line) for event in _events(whole, 0)]
    if not found and _MICRODATA.search(text):
        found += _microdata(text)
    return Announced(entries=tuple(found), warnings=tuple(warnings))


def _scripts(text: str) -> Iterator[tuple[int, str]]:
    """Generate the scripts of JSON-LD that are not commented out, each with its line."""
    text = _uncommented(text)
    line, counted, done = 1, 0, 0
    for opening in _SCRIPT.finditer(text):
        if opening.start() < done or "application/ld+json" not in opening[1].lower():
            continue
        closing = _SCRIPT_END.search(text, opening.end())
        if closing is None:
            return
        line += text.count("\n", counted, opening.start())
        counted, done = opening.start(), closing.end()
        yield line, text[opening.end() : closing.start()]


def _uncommented(text: str) -> str:
    """Take out the comments that end, and keep the lines where they are."""
    parts: list[str] = []
    done = 0
    while (start := text.find("<!--", done)) >= 0 and (end := text.find("-->", start + 4)) >= 0:
        parts += [text[done:start], "\n" * text.count("\n", start, end)]
        done = end + 3
    return "".join([*parts, text[done:]])


def _events(value: Any, depth: int) -> Iterator[dict[str, Any]]:
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for one in value:
            yield from _events(one, depth + 1)
    elif isinstance(value, dict):
        kinds = value.get("@type")
        kinds = kinds if isinstance(kinds, list) else [kinds]
        if any(isinstance(kind, str) and kind.endswith("Event") for kind in kinds) and _text(
            value.get("startDate")
        ):
            yield value
            return
        for one in value.values():
            if isinstance(one, (dict, list)):
                yield from _events(one, depth + 1)


def _entry(event: dict[str, Any], line: int) -> Entry:
    start, end = _text(event.get("startDate")), _text(event.get("endDate"))
    off = _OFF.search(_text(event.get("eventStatus")))
    title = _text(event.get("name"))
    body = [_text(event.get("description")), _text(event.get("url"))]
    return Entry(
        layout="event",
        line=line,
        within=(),
        body=tuple(part for part in body if part),
        title=f"cancelled: {title}" if off else title,
        speakers="; ".join(_names(event.get("performer"))) or None,
        date=start[:10],
        time=_clock(start, end),
        place="; ".join(_names(event.get("location"))) or None,
    )


def _clock(start: str, end: str) -> str | None:
    """Give start and end as a page would write them, the offset from UTC with them."""
    begins = re.match(r"\d{4}-\d\d-\d\d[T ](\d\d:\d\d)(?::[\d.]+)?(Z|[+-]\d\d:?\d\d)?", start)
    ends = re.match(r"\d{4}-\d\d-\d\d[T ](\d\d:\d\d)", end)
    if begins is None:
        return None
    zone = f" UTC{begins[2].replace('Z', '+00:00')}" if begins[2] else ""
    until = f"-{ends[1]}" if ends and end[:10] == start[:10] and ends[1] > begins[1] else ""
    return f"{begins[1]}{until}{zone}"


def _names(value: Any) -> list[str]:
    if isinstance(value, list):
        return [name for one in value for name in _names(one)]
    if isinstance(value, dict):
        return [name] if (name := _text(value.get("name"))) else []
    return [value] if isinstance(value, str) and value.strip() else []


def _text(value: Any) -> str:
    return re.sub(r"<[^>]*>", " ", value).strip() if isinstance(value, str) else ""


def _microdata(text: str) -> list[Entry]:
    from lxml import etree  # noqa: PLC0415 - only who reads HTML pays for it

    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, huge_tree=True)
    root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    found = []
    for element in root.iter() if root is not None else ():
        kind = element.get("itemtype") or ""
        if re.search(r"schema\.org/\w*Event$", kind):
            facts: dict[str, Any] = {}
            for part in element.iterdescendants():
                if not isinstance(part.tag, str) or not (name := part.get("itemprop")):
                    continue
                value = part.get("content") or part.get("datetime") or "".join(part.itertext())
                facts.setdefault(name, " ".join(str(value).split()))
            if facts.get("startDate"):
                found.append(_entry(facts, element.sourceline or 1))
    return found
