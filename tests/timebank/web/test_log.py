"""The log: about the program, never about a person."""

import json
import logging
from typing import Any

import pytest
import structlog
from flask import Flask

from tests.conftest import Client
from timebank.web import log

CANARIES = [
    "canary.bird@example.org",
    "+45 20 30 40 50",
    "0117 496 0123",
    "cAnArY1wXq8ZpLmN4tRv6bYd",
]


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Any:
    def read() -> list[dict[str, Any]]:
        return [json.loads(line) for line in capsys.readouterr().err.splitlines()]

    return read


@pytest.mark.parametrize("canary", CANARIES)
def test_asvs_59_what_is_about_a_person_is_left_out(canary: str) -> None:
    assert canary not in log.forget_in(f"this went wrong: {canary}, at noon")


def test_asvs_59_a_field_that_is_about_a_person_is_left_out() -> None:
    event = {"event": "x", "first_name": "Sam", "more": {"password": "p", "n": 3}, "ids": ["a"]}
    assert log.forget_people(None, "info", event) == {
        "event": "x",
        "first_name": log.LEFT_OUT,
        "more": {"password": log.LEFT_OUT, "n": 3},
        "ids": ["a"],
    }


@pytest.mark.parametrize(
    "harmless",
    [
        "2026-05-04T12:00:00Z",
        "019123ab-4567-7abc-8def-0123456789ab",
        "timebank.exchanges.service.confirm_exchange",
        "60 minutes of 3 members",
        "test_every_page_that_can_be_reached_is_accessible",
    ],
)
def test_what_engineers_need_is_kept(harmless: str) -> None:
    assert log.forget_in(harmless) == harmless


def test_asvs_59_a_database_that_quotes_values_is_not_quoted() -> None:
    said = log.forget_in('duplicate key "uq"\nDETAIL:  Key (folded)=(sam) already exists.')
    assert "sam" not in said
    assert "duplicate key" in said


def test_asvs_59_a_line_break_cannot_forge_a_line(app: Flask, lines: Any) -> None:
    with app.app_context():
        logging.getLogger("timebank.test").warning('one\n{"event": "two"}\r\nthree')
    [line] = lines()
    assert line["event"].startswith("one\n")


def test_our_own_logger_and_the_librarys_speak_alike(app: Flask, lines: Any) -> None:
    structlog.get_logger("timebank.test").warning("mine", count=1, email="sam@example.org")
    logging.getLogger("somebody.else").warning("theirs %s", "sam@example.org")
    mine, theirs = lines()
    assert (mine["event"], mine["count"], mine["email"]) == ("mine", 1, log.LEFT_OUT)
    assert theirs["event"] == f"theirs {log.LEFT_OUT}"
    assert {"level", "logger", "timestamp"} <= mine.keys() & theirs.keys()


def test_asvs_59_a_fault_in_a_page_tells_nothing_about_who_met_it(
    app: Flask,
    client: Client,
    lines: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def faulty(**_: object) -> None:
        raise RuntimeError(f"no room for {CANARIES[0]}")

    monkeypatch.setitem(app.view_functions, "assets.file", faulty)
    answer = client.get(f"/assets/x/{CANARIES[3]}?email={CANARIES[0]}")
    assert answer.status_code == 500
    [line] = lines()
    assert line["request"] == answer.headers["X-Request-Number"]
    assert "RuntimeError" in line["exception"]
    assert not [canary for canary in CANARIES if canary in json.dumps(line)]
