import time as clock
from datetime import date

import pytest

from announcer.source import remarks

OFF = [
    "Vortrag entfällt krankheitsbedingt",
    "Talk cancelled, speaker is ill",
    "Talk is cancelled because the speaker is ill",
    "Unfortunately, the talk had to be cancelled.",
    "cancelled",
    "CANCELLED!",
    "entfällt (Pfingsten)",
    "fällt aus",
    "fällt leider aus",
    "Fällt wegen Krankheit aus",
    "Vortrag muss leider entfallen",
    "Der Vortrag wurde kurzfristig abgesagt",
    "Leider entfällt der Vortrag heute",
    "Wegen Krankheit fällt das Seminar aus",
    "krankheitsbedingt abgesagt",
    "Achtung: Treffen entfällt!",
    "mit Imbiss; Vortrag entfällt krankheitsbedingt",
    "Speaker ill - cancelled",
    "Ada is ill, talk cancelled",
    "The talk does not take place",
    "Die Sitzung findet nicht statt",
    "Séance annulée",
    "L'exposé est reporté au 3 mai",
    "Le séminaire n'aura pas lieu",
    "We had to cancel the talk.",
    "postponed to May 5",
    "Cancelled by the organisers",
    "Cancelled due to snow. We hope to reschedule.",
    "No seminar",
    "Kein Vortrag wegen Krankheit",
]

ON = [
    "The talk will not be cancelled",
    "not cancelled",
    "Der Vortrag fällt nicht aus",
    "Der Vortrag wird nicht abgesagt",
    "the talk cancelled last week takes place now",
    "Der abgesagte Vortrag vom Mai findet jetzt statt",
    "registration cancelled",
    "Registration is cancelled, just come",
    "Dinner cancelled",
    "Kaffee entfällt",
    "slot freed by the cancelled workshop",
    "On cancelled orders",
    "postponed from 3 May",
    "verschoben vom 3. Mai",
    "mit Imbiss",
    "Last one before the Christmas break",
    "no dinner",
    "bring your own lunch",
]

DOUBTFUL = [
    "Speaker cancelled",
    "Referentin hat abgesagt",
    "Due to the cancelled talk of last week we start early",
    "The talk on 12 May is cancelled",
    "might have to cancel the talk",
]


@pytest.mark.parametrize("text", OFF)
def test_a_sentence_that_says_that_the_talk_is_off_cancels_it(text: str) -> None:
    assert remarks.off(text)
    assert not remarks.doubtful(text)


@pytest.mark.parametrize("text", ON)
def test_a_remark_about_something_else_or_that_denies_it_cancels_nothing(text: str) -> None:
    assert not remarks.off(text)
    assert not remarks.doubtful(text)


@pytest.mark.parametrize("text", DOUBTFUL)
def test_what_may_speak_of_this_talk_or_another_is_doubtful(text: str) -> None:
    assert not remarks.off(text)
    assert remarks.doubtful(text)


DAY = date(2026, 4, 7)  # a Tuesday


@pytest.mark.parametrize(
    "text",
    [
        "moved to April 14",
        "NEW DATE: 28 April",
        "verlegt auf den 14. April",
        "verlegt auf 14.4.",
        "The talk was moved to May 5.",
        "rescheduled to Thursday",
        "verlegt auf nächste Woche",
        "rescheduled",
        "Speaker cancelled",
    ],
)
def test_a_remark_that_moves_a_talk_off_its_day_makes_it_unclear(text: str) -> None:
    [doubt] = remarks.doubts([text], DAY, None)
    assert doubt.startswith(f'"{text}" may say that it ')


@pytest.mark.parametrize(
    "text",
    [
        "moved from April 14",
        "moved to April 7",
        "moved to April 7.",
        "verlegt auf den 7.4.",
        "rescheduled to Tuesday",
        "moved to room 5",
        "moved online",
        "verlegt vom 31. März",
        "slides of April 14",
    ],
)
def test_a_remark_that_agrees_with_the_day_or_moves_the_room_is_fine(text: str) -> None:
    assert remarks.doubts([text], DAY, None) == []


@pytest.mark.parametrize(
    "piece",
    [
        "!",
        "leider ",
        "wegen ",
        "! ",
        "update: ",
        "krankheitsbedingt ",
        "der Vortrag ",
        "(",
        "fällt ",
    ],
)
def test_a_remark_that_means_harm_is_read_soon(piece: str) -> None:
    began = clock.perf_counter()
    text = piece * 20_000
    remarks.off(text), remarks.doubtful(text), remarks.statement(text), remarks.bracketed(text)
    remarks.said_off(text)
    remarks.doubts([text], DAY, None)
    assert clock.perf_counter() - began < 2


@pytest.mark.parametrize(
    "text",
    [
        "CANCELLED!",
        "This talk has been cancelled.\n\nNets are old.",
        "Cancelled due to illness.\nSpeaker: Ada",
        "Speaker: Ada Kovács\nDer Vortrag entfällt.",
        "Ada is ill: talk cancelled",
        "Unfortunately, the talk\nhad to be cancelled.",
    ],
)
def test_a_text_that_says_so_of_its_talk_cancels_it(text: str) -> None:
    assert remarks.said_off(text)


@pytest.mark.parametrize(
    "text",
    [
        "Cancelled, postponed, forgotten: a history.",
        "The divergences of the two diagrams, when summed, are cancelled.",
        "Sessions are cancelled as soon as the client leaves.",
        "Lectures are postponed because of the pandemic; we study learning.",
        "Cancelled by symmetry.",
        "Postponed to next term",
    ],
)
def test_a_text_that_may_say_so_or_be_about_it_is_doubtful_and_cancels_nothing(text: str) -> None:
    assert not remarks.said_off(text)
    assert list(remarks.maybe_off(text)) == [text]


@pytest.mark.parametrize(
    "text",
    [
        "We show that all leading terms are\ncancelled by symmetry.",
        "In this model the order of each client is shown until the moment at which the\n"
        "meeting is cancelled. We study such games.",
    ],
)
def test_a_line_of_a_text_goes_on_where_it_was_wrapped(text: str) -> None:
    assert not remarks.said_off(text)
    assert not list(remarks.maybe_off(text))
