"""A yes to an hour over HTTP, beside as many bare `post()`s at once in the same database.

The server is started as `timebank serve` starts it, and both sides sync each commit to the disk.
Each client is a thread with one open connection: it sends bytes that were put together before the
clock started, and looks at the first line of the answer. A client that builds forms and parses
headers takes a tenth of both processors, and would be part of what it measures.
"""

import itertools
import re
import socket
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlencode

import sqlalchemy as sa
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy.orm import Session

from bench import posting
from bench.http_pages import Place, build_town
from bench.http_server import Server, serving
from bench.http_town import SLUG
from bench.registry import Conditions, Measured, benchmark
from bench.writers import Shape
from timebank.db import db, new_id
from timebank.exchanges.models import Exchange
from timebank.hours.queries import balance_of

WANTED = 0.2
TIMES = 5
CLIENTS = 4
#: Nobody says yes faster than this; so many exchanges wait for each second.
YESES_A_SECOND_MAX = 600
WARM_SECONDS = 0.3
ANSWER_BYTES_MAX = 65_536
SECONDS_MAX = 60
_LENGTH = re.compile(rb"\r\nContent-Length: (\d+)\r\n", re.IGNORECASE)


@benchmark("confirm")
def confirming(conditions: Conditions) -> Iterator[Measured]:
    """Measure both databases, in turns."""
    waiting = round(conditions.turns * (conditions.seconds + 2 * WARM_SECONDS) * YESES_A_SECOND_MAX)
    with posting.started(conditions) as servers:
        for database, create in servers.items():
            home, url = conditions.folder / f"yes-{database}", create("yes")
            place, environ = build_town(home, TIMES, url=url, waiting=waiting)
            with serving("loaded_app", environ) as server:
                yield _compare(conditions, database, url, place, server)


def _compare(
    conditions: Conditions, database: str, url: str, place: Place, server: Server
) -> Measured:
    waiting = iter(_requests(place, server.port))
    shape = Shape("town", books=(place.town.community_id,))
    yeses, posts, efforts = [], [], []
    for turn in range(conditions.turns):
        before, busy = _posted(place), server.busy_seconds()
        rate, count = _say_yes(server, waiting, conditions.seconds)
        efforts.append((server.busy_seconds() - busy) / count)
        if _posted(place) <= before:
            raise AssertionError("nothing was posted")
        yeses.append(rate)
        posts.append(posting.run("ours", url, conditions.seconds, CLIENTS, turn, shape).rate)
    return Measured(
        name=f"confirm over HTTP, {database}, beside post(), {CLIENTS} each",
        ours=yeses,
        floor=posts,
        wanted=WANTED,
        note=f"{min(efforts) * 1000:.1f} ms of a processor each",
    )


def _requests(place: Place, port: int) -> list[bytes]:
    """Put together what a browser sends with each yes."""
    token = URLSafeTimedSerializer(place.app.secret_key or "", salt="wtf-csrf-token")
    with place.app.app_context(), Session(db.engine) as session:
        found = session.execute(
            sa.select(Exchange.id, Exchange.worked_minutes).where(
                Exchange.state == "done", Exchange.awaiting_id == place.town.asked.id
            )
        ).all()
    return [
        _request(
            port,
            f"/at/{SLUG}/exchanges/{exchange_id}/confirm",
            place.asked_cookie,
            {
                "csrf_token": token.dumps(place.csrf),
                "submission_key": str(new_id()),
                "worked_minutes": minutes,
            },
        )
        for exchange_id, minutes in found
    ]


def _request(port: int, path: str, cookie: str, form: dict[str, object]) -> bytes:
    body = urlencode(form)
    lines = (
        f"POST {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        f"Cookie: {cookie}",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
    )
    return ("\r\n".join(lines) + f"\r\n\r\n{body}").encode()


def _say_yes(server: Server, waiting: Iterator[bytes], seconds: float) -> tuple[float, int]:
    """Say yes from several clients at once; return how many a second once warm, and in all."""
    lock = threading.Lock()
    began = time.monotonic()
    counts: list[tuple[int, int]] = []
    faults: list[bytes] = []

    def client() -> None:
        count = while_warm = 0
        with socket.create_connection(("127.0.0.1", server.port), timeout=SECONDS_MAX) as line:
            while (now := time.monotonic() - began) < WARM_SECONDS + seconds:
                with lock:
                    request = next(waiting)
                line.sendall(request)
                answer = _answer(line)
                if not answer.startswith(b"HTTP/1.1 303 "):
                    faults.append(answer)
                    break
                count += 1
                while_warm += now >= WARM_SECONDS
        counts.append((count, while_warm))

    threads = [threading.Thread(target=client) for _client in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults or len(counts) < CLIENTS:
        raise AssertionError(faults)
    every, warm = (sum(column) for column in zip(*counts, strict=True))
    return warm / seconds, every


def _answer(line: socket.socket) -> bytes:
    """Read one whole answer."""
    answer = b""
    for _part in itertools.count():
        answer += line.recv(ANSWER_BYTES_MAX)
        head, gap, body = answer.partition(b"\r\n\r\n")
        if gap:
            length = _LENGTH.search(head + b"\r\n")
            if length is not None and len(body) >= int(length[1]):
                break
    return answer


def _posted(place: Place) -> int:
    with place.app.app_context(), Session(db.engine) as session:
        return int(balance_of(session, place.town.asked).posted)
