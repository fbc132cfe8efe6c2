"""A logo on top of the mail: carried, or loaded over https, and the only picture there is."""

import struct
import zlib
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
from test_compose import NOW, mail
from test_words import texts

from announcer.announcement import Announcement
from announcer.compose import MailComposer
from announcer.errors import SettingsError, VerificationFailed
from announcer.logo import read_logo
from announcer.message import parts_of
from announcer.settings import load_settings
from announcer.talks import Logo
from announcer.verify import verify

ROOT = Path(__file__).parents[1]
JPEG_HEAD = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffc0001108")


def png(width: int, height: int = 20) -> bytes:
    """Make a picture of one colour."""

    def chunk(name: bytes, content: bytes) -> bytes:
        crc = zlib.crc32(name + content)
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", crc)

    rows = b"".join(b"\0" + b"\x1a\x4f\x9c" * width for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


CARRIED = Logo(content=png(120), subtype="png", width=120)
LOADED = Logo(url="https://www.example.org/logo.png?a=1&b=2")


def _with(logo: Logo | None) -> Announcement:
    announcement = mail()
    return replace(announcement, series=replace(announcement.series, logo=logo))


def test_a_logo_that_the_mail_carries_stands_with_its_html() -> None:
    message = MailComposer().compose(_with(CARRIED), NOW)
    verify(message, _with(CARRIED))
    assert message == MailComposer().compose(_with(CARRIED), NOW)
    parsed = message_from_bytes(message.content, policy=SMTP)
    assert [part.get_content_type() for part in parsed.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
        "text/calendar",
    ]
    [related] = [p for p in parsed.walk() if p.get_content_type() == "multipart/related"]
    [picture] = [p for p in parsed.walk() if p.get_content_type() == "image/png"]
    assert related.get_param("type") == "text/html"
    assert picture.get_payload(decode=True) == CARRIED.content
    assert picture["Content-Disposition"].content_disposition == "inline"
    cid = picture["Content-ID"].strip("<>")
    assert cid.endswith("@example.org")
    assert f'<img src="cid:{cid}" alt="Seminar" width="120" ' in texts(message)[1]
    assert [part.get_content_type() for part in parsed.iter_attachments()] == ["text/calendar"]
    assert max(map(len, message.content.split(b"\r\n"))) <= 78


def test_a_logo_at_an_address_is_named_and_not_carried() -> None:
    message = MailComposer().compose(_with(LOADED), NOW)
    verify(message, _with(LOADED))
    assert b"multipart/related" not in message.content
    assert (
        '<img src="https://www.example.org/logo.png?a=1&amp;b=2" alt="Seminar" width="160" '
        in texts(message)[1]
    )


def test_a_mail_of_a_series_without_a_logo_has_no_picture() -> None:
    message = MailComposer().compose(_with(None), NOW)
    assert "<img" not in texts(message)[1]
    assert b"multipart/related" not in message.content


def test_a_template_that_shows_no_logo_carries_none(tmp_path: Path) -> None:
    (tmp_path / "_layout.html").write_text('{% include "_body.html" %}')
    message = MailComposer(tmp_path).compose(_with(CARRIED), NOW)
    verify(message, _with(CARRIED))
    assert b"image/png" not in message.content


@pytest.mark.parametrize(
    ("logo", "picture", "rule"),
    [
        (None, '<img src="https://x.example/1.png" alt="x" width="9">', "not the logo"),
        (LOADED, '<img src="https://x.example/1.png" alt="x" width="9">', "another picture"),
        (LOADED, '<img src="{{ logo }}" alt="" width="9">', "without words"),
        (LOADED, '<img src="{{ logo }}" alt="x">', "without a width"),
        (LOADED, '<img src="{{ logo }}" alt="x" width="9">' * 2, "not the logo"),
        (LOADED, "<IMG src='{{ logo }}' alt='x' width='9'>", "another picture"),
        (CARRIED, '<img src="cid:x" alt="x" width="9">', "another picture"),
    ],
)
def test_a_mail_with_any_other_picture_is_held(
    tmp_path: Path, logo: Logo | None, picture: str, rule: str
) -> None:
    (tmp_path / "_layout.html").write_text('{% include "_body.html" %}' + picture)
    message = MailComposer(tmp_path).compose(_with(logo), NOW)
    with pytest.raises(VerificationFailed, match=rule):
        verify(message, _with(logo))


def test_a_mail_that_carries_another_picture_than_its_logo_is_held() -> None:
    message = MailComposer().compose(_with(CARRIED), NOW)
    other = replace(CARRIED, content=png(121))
    with pytest.raises(VerificationFailed, match="picture"):
        verify(message, _with(other))
    parsed = message_from_bytes(message.content, policy=SMTP)
    [image] = [part for part in parsed.walk() if part.get_content_maintype() == "image"]
    assert isinstance(image, EmailMessage)
    image.set_content(png(7), maintype="image", subtype="png", cid=image["Content-ID"])
    with pytest.raises(VerificationFailed, match="does not carry the logo"):
        verify(replace(message, content=parsed.as_bytes(policy=SMTP)), _with(CARRIED))


def test_a_preview_shows_in_a_browser_what_the_mail_carries() -> None:
    message = MailComposer().compose(_with(CARRIED), NOW)
    parts = dict(parts_of(message.content))
    assert set(parts) == {".eml", ".txt", ".html", ".ics"}
    assert b'<img src="data:image/png;base64,' in parts[".html"]


def test_a_file_is_read_with_its_width(tmp_path: Path) -> None:
    file = tmp_path / "logo"
    file.write_bytes(png(90))
    assert read_logo(file) == Logo(content=png(90), subtype="png", width=90)
    file.write_bytes(png(900))
    assert read_logo(file).width == 160
    jpeg = JPEG_HEAD + (33).to_bytes(2) + (44).to_bytes(2) + bytes(20)
    file.write_bytes(jpeg)
    assert read_logo(file) == Logo(content=jpeg, subtype="jpeg", width=44)


def _settings(folder: Path, logo: str) -> Path:
    text = (ROOT / "config.example.toml").read_text(encoding="utf-8")
    path = folder / "config.toml"
    path.write_text(text.replace("website = ", f"logo = {logo}\nwebsite = "), encoding="utf-8")
    return path


def test_a_logo_is_found_beside_the_settings(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(png(90))
    [asked] = load_settings(_settings(tmp_path, '"logo.png"'), environ={}).series
    assert asked.series.logo == Logo(content=png(90), subtype="png", width=90)
    [asked] = load_settings(_settings(tmp_path, '"https://a.example/l.png"'), environ={}).series
    assert asked.series.logo == Logo(url="https://a.example/l.png")


@pytest.mark.parametrize(
    ("logo", "mistake"),
    [
        ('"missing.png"', "{}/missing.png cannot be read: No such file or directory"),
        ('"logo.svg"', "{}/logo.svg is no PNG or JPEG, which is what mail programs show"),
        ('"cut.png"', "{}/cut.png is no PNG or JPEG, which is what mail programs show"),
        ('"cut.jpg"', "{}/cut.jpg is no PNG or JPEG, which is what mail programs show"),
        (
            '"large.png"',
            "{}/large.png has 100001 bytes, which every mail would carry; make it smaller than "
            "100000, or give an https:// address",
        ),
        (
            '"http://a.example/l.png"',
            '"http://a.example/l.png" is no https:// address; mail programs load no other picture',
        ),
        ("5", "5 is no logo; write an https:// address, or the path of a file"),
    ],
)
def test_a_logo_that_no_mail_program_shows_is_a_mistake(
    tmp_path: Path, logo: str, mistake: str
) -> None:
    (tmp_path / "logo.svg").write_text("<svg/>")
    (tmp_path / "cut.png").write_bytes(png(9)[:14])
    (tmp_path / "cut.jpg").write_bytes(JPEG_HEAD[:12])
    (tmp_path / "large.png").write_bytes(png(9) + bytes(100_001 - len(png(9))))
    with pytest.raises(SettingsError) as error:
        load_settings(_settings(tmp_path, logo), environ={})
    assert error.value.mistakes == (f"config.toml: series[0].logo: {mistake.format(tmp_path)}",)
