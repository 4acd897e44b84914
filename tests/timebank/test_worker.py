"""The worker: what fails waits, and holds up nothing else."""

import datetime as dt
import threading

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import make_community
from timebank import worker
from timebank.worker import Job


def test_a_job_that_fails_is_tried_again_later_each_time_and_others_go_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(_now: dt.datetime) -> int:
        raise OSError("the mail server is away")

    job = Job("mail", 10, broken)
    other = Job("silence", 10, lambda _now: 3)
    assert job.run_if_due(0.0) == 0
    assert other.run_if_due(0.0) == 3
    assert "the job 'mail' failed" in caplog.text

    caplog.clear()
    job.run_if_due(19.0)
    assert not caplog.text
    job.run_if_due(20.0)
    assert "failed" in caplog.text
    caplog.clear()
    job.run_if_due(59.0)
    assert not caplog.text


def test_a_job_that_is_well_again_comes_as_often_as_before() -> None:
    answers: list[OSError | int] = [OSError(), 1, 1]

    def work(_now: dt.datetime) -> int:
        answer = answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return answer

    job = Job("mail", 10, work)
    assert [job.run_if_due(clock) for clock in (0, 10, 20, 25, 30)] == [0, 0, 1, 0, 1]


def test_a_pause_is_never_longer_than_the_longest() -> None:
    def broken(_now: dt.datetime) -> int:
        raise OSError

    job = Job("mail", 10, broken)
    clock = 0.0
    for _ in range(20):
        job.run_if_due(clock)
        clock += worker.PAUSE_SECONDS_MAX
    assert job.run_if_due(clock) == 0


def test_the_loop_ends_when_it_is_asked_to(app: Flask) -> None:
    stop = threading.Event()

    def work(_now: dt.datetime) -> int:
        stop.set()
        return 1

    worker.run(app, [Job("last", 0, work)], stop=stop)
    assert stop.is_set()


def test_on_a_new_installation_there_is_nothing_to_do(app: Flask) -> None:
    assert worker.run_once(app, worker.jobs()) == 0


def test_programs_of_their_own_hold_up_nothing_and_one_look_does_all_of_it(app: Flask) -> None:
    with app.app_context():
        assert worker.run_once(app, worker.slow_jobs()) == 0
    quick = {job.name for job in worker.jobs()}
    assert not quick & {job.name for job in worker.slow_jobs()}


def test_the_books_of_a_new_community_are_checked_by_the_worker(
    app: Flask, session: Session
) -> None:
    make_community(session)
    session.commit()
    assert worker.run_once(app, worker.slow_jobs()) == 1
    assert worker.run_once(app, worker.slow_jobs()) == 0
