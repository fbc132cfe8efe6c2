"""What `announcer preview --all` writes: every kind of mail as files, and a page to look at them."""

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Final

from announcer.compose import MailComposer
from announcer.errors import DeliveryError
from announcer.internal import contained
from announcer.message import parts_of
from announcer.samples import Sample, samples
from announcer.settings import SeriesSettings
from announcer.transport.folder import write
from announcer.verify import verify

WIDTHS: Final = (375, 700)
_HEAD: Final = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Every kind of mail</title>
<style>
body { font-family: sans-serif; margin: 24px; }
table { border-collapse: collapse; }
th, td { padding: 4px 12px 4px 0; text-align: left; }
iframe { border: 1px solid #888; height: 700px; margin: 0 16px 16px 0; }
</style>
</head>
<body>
<h1>Every kind of mail, about made-up talks</h1>
<p>Narrow as on a phone, and wide; light or dark as your browser is set.</p>
"""


def hang(chosen: Sequence[SeriesSettings], folder: Path) -> Iterator[str]:
    """Write all samples and the page ``index.html``, and give what could not be made.

    Raises:
        DeliveryDeferred: the folder cannot be written.
    """
    page = [_HEAD]
    for asked in chosen:
        page.append(f"<h2>{escape(asked.series.name)}</h2>\n")
        try:
            yield from _hang_series(asked, folder, page)
        except DeliveryError:
            raise  # nothing can be written
        except BaseException as error:  # noqa: BLE001 - of any type, it concerns this series alone
            problem = str(contained(error, asked.series.id))
            page.append(f"<p><strong>{escape(problem)}</strong></p>\n")
            yield f"{asked.series.id}: {problem}"
    page.append("</body>\n</html>\n")
    write(folder, "index", ".html", "".join(page).encode())


def _hang_series(asked: SeriesSettings, folder: Path, page: list[str]) -> Iterator[str]:
    composer = MailComposer(asked.templates)
    found = samples(asked.series)
    page.append(_contents(found))
    for sample in found:
        try:
            page.append(_shown(sample, _written(sample, composer, folder)))
        except DeliveryError:
            raise
        except BaseException as error:  # noqa: BLE001 - of any type, it concerns this mail alone
            problem = str(contained(error, sample.mail.key))
            page.append(_title(sample) + f"<p><strong>{escape(problem)}</strong></p>\n")
            yield f"{sample.mail.key}: {problem}"


def _written(sample: Sample, composer: MailComposer, folder: Path) -> list[Path]:
    message = composer.compose(sample.mail, sample.now)
    verify(message, sample.mail, own=composer.own)
    parts = parts_of(message.content)
    return [write(folder, message.key, ending, content) for ending, content in parts]


def _contents(found: Sequence[Sample]) -> str:
    """Give a table that leads to each mail: a row for each kind."""
    rows: dict[str, list[str]] = {}
    for sample in found:
        link = f'<td><a href="#{escape(sample.mail.key)}">{escape(sample.case)}</a></td>'
        rows.setdefault(sample.kind, []).append(link)
    lines = (f"<tr><th>{escape(kind)}</th>{''.join(links)}</tr>" for kind, links in rows.items())
    return "<table>\n" + "\n".join(lines) + "\n</table>\n"


def _title(sample: Sample) -> str:
    return f'<h3 id="{escape(sample.mail.key)}">{escape(f"{sample.kind}: {sample.case}")}</h3>\n'


def _shown(sample: Sample, files: Sequence[Path]) -> str:
    names = [escape(path.name) for path in files]
    links = " · ".join(f'<a href="{name}">{name}</a>' for name in names)
    [html] = [name for name in names if name.endswith(".html")]
    # Nothing of a mail may run, whatever a template of the user's has put into it.
    frames = "".join(
        f'<iframe sandbox loading="lazy" width="{width}" src="{html}" title="{html}, {width}"></iframe>\n'
        for width in WIDTHS
    )
    return f"{_title(sample)}<p>{links}</p>\n{frames}"
