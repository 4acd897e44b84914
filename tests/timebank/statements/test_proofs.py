"""The seals of the book on a page for anyone, and a member's receipts."""

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from ledger import keys, published
from ledger.notes import PublicKey, from_base64
from ledger.receipts import Receipt, check
from tests.conftest import Client
from tests.factories import at, make_community
from tests.pages.page import Page, Pages, Walk
from tests.timebank.exchanges.scene import Scene, make_scene
from timebank.clock import utc_now
from timebank.communities import queries as communities
from timebank.db import db
from timebank.exchanges import service
from timebank.exchanges.models import Exchange
from timebank.hours import proofs, sealing
from timebank.hours.errors import NotAsSignedError
from timebank.hours.sealing import Vault


def given(scene: Scene) -> Exchange:
    now = utc_now()
    exchange = scene.log(now=now, happened_on=now.date(), title="The hedge")
    service.answer_yes(scene.session, scene.community, exchange.id, by=scene.rune, now=now)
    scene.session.commit()
    return exchange


def on_the_vault(app: Flask, scene: Scene, *, act: str = "seal") -> None:
    """Seal the book, or replace its key, as the worker and the commands do."""
    slug = scene.community.slug
    scene.session.commit()
    with app.app_context():
        community = communities.by_slug(db.session(), slug)
        assert community
        vault = Vault.of(app.config["SETTINGS"], community)
        getattr(sealing, act)(community, vault, now=utc_now())


def test_before_the_first_night_the_page_says_what_will_be_here(pages: Pages, scene: Scene) -> None:
    page = pages.get(at(scene.community, "/checkpoints"))
    assert "Nothing is sealed yet" in page
    assert "How to check it yourself" not in page


def test_anyone_sees_that_each_book_contains_the_one_before(
    app: Flask, pages: Pages, client: Client, scene: Scene
) -> None:
    slug = scene.community.slug
    for _ in range(2):
        given(scene)
        on_the_vault(app, scene)
    page = pages.get(f"/at/{slug}/checkpoints")
    assert "The book of last time is contained in today’s" in page
    assert "The first one" in page
    key = PublicKey.parse(page.soup.select_one("code").text)  # type: ignore[union-attr]
    assert key.name == f"timebank.example/at/{slug}"
    for name in ("Gita", "Rune", "The hedge"):
        assert name not in page.text

    note = client.get(f"/at/{slug}/checkpoints/2")
    assert note.content_type == "text/plain; charset=utf-8"
    assert note.text.startswith(f"timebank.example/at/{slug}\n2\n")
    proof = client.get(f"/at/{slug}/checkpoints/2/contains/1").text
    assert [len(from_base64(line) or b"") for line in proof.splitlines()] == [32]
    for address in ("/checkpoints/3", "/checkpoints/1/contains/2", "/checkpoints/2/contains/9"):
        assert client.get(f"/at/{slug}{address}").status_code == 404


def test_one_seal_has_no_other_to_contain(app: Flask, pages: Pages, scene: Scene) -> None:
    given(scene)
    on_the_vault(app, scene)
    page = pages.get(at(scene.community, "/checkpoints"))
    assert "contained" not in page.text
    assert "The seal" in page


def test_a_long_list_of_seals_has_pages(
    app: Flask, pages: Pages, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proofs, "CHECKPOINTS_ON_A_PAGE", 1)
    slug = scene.community.slug
    for _ in range(2):
        given(scene)
        on_the_vault(app, scene)
    page = pages.get(f"/at/{slug}/checkpoints")
    assert "Contains the one before" in page
    older = pages.get(f"/at/{slug}/checkpoints?before=2")
    assert "Back to the newest" in older
    assert "The first one" in older
    assert "contained in today" not in older.text
    assert "Contains" in pages.get(f"/at/{slug}/checkpoints?before=x")


def test_a_book_that_is_not_what_was_sealed_is_not_called_right(
    app: Flask, pages: Pages, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        given(scene)
        on_the_vault(app, scene)

    def wrong(*_: object) -> str:
        raise NotAsSignedError("rewritten-book")

    monkeypatch.setattr(proofs, "contained", wrong)
    page = pages.get(at(scene.community, "/checkpoints"))
    assert "The book is not what was sealed" in page
    page = pages.get(at(scene.community, "/checkpoints/2/contains/1"), status=422)
    assert "not what was sealed" in page


def test_the_keys_are_there_with_what_each_says_of_the_next(
    app: Flask, client: Client, scene: Scene
) -> None:
    given(scene)
    slug = scene.community.slug
    on_the_vault(app, scene)
    on_the_vault(app, scene, act="rotate")
    text = client.get(f"/at/{slug}/checkpoints/keys.txt").text
    public, _blank, handover = text.partition("\n\n")
    first, second = published.read_keys(public)
    assert keys.check_handover(handover, first) == second


# ----------------------------------------------------------------------------- receipts


def test_a_member_takes_a_receipt_home_from_the_statement(
    app: Flask, scene: Scene, walk: Walk
) -> None:
    given(scene)
    slug = scene.community.slug
    gita = walk(scene.gita)
    statement = gita.get(f"/at/{slug}/hours/statement")
    assert "Proof" in statement
    [address] = {link["href"] for link in statement.soup.select("a") if link.text == "Receipt"}
    early = gita.get(str(address))
    assert "Your receipt is ready tomorrow" in early
    assert "Download" not in early.text
    assert gita.client.get(f"{address}.txt").location == address

    on_the_vault(app, scene)
    page = gita.get(str(address))
    assert "1 h" in page.text
    assert "Number in the book" in page
    answer = gita.client.get(f"{address}.txt")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="receipt-1.txt"'
    [key] = proofs.keys_of(scene.session, scene.community.id)
    proven = check(Receipt.parse(answer.text), keys=[key.key])
    scene.session.rollback()
    assert proven.entry.legs[0].minutes == 60
    assert f"https://timebank.example/at/{slug}/checkpoints" in answer.text
    for name in ("Gita", "Rune", "hedge"):
        assert name not in answer.text


def test_a_receipt_is_for_those_whose_hours_moved(app: Flask, scene: Scene, walk: Walk) -> None:
    entry_id = given(scene).entry_id
    scene.session.commit()
    on_the_vault(app, scene)
    address = at(scene.community, f"/hours/receipts/{entry_id}")
    assert "Receipt" in walk(scene.rune).get(address)
    for other in (scene.otto, scene.cora):
        for tail in ("", ".txt"):
            assert walk(other).client.get(address + tail).status_code == 404


def test_a_name_with_line_breaks_does_not_reach_what_is_proven(
    app: Flask, session: Session, walk: Walk
) -> None:
    scene = make_scene(session)
    scene.community.name = "A\n{} place"
    given(scene)
    on_the_vault(app, scene)
    [entry_id] = [given.entry_id for given in session.query(Exchange)]
    answer = walk(scene.gita).client.get(at(scene.community, f"/hours/receipts/{entry_id}.txt"))
    assert "# A receipt for hours in the book of A {} place.\n" in answer.text
    assert Receipt.parse(answer.text).index == 0


def test_another_community_has_other_seals(app: Flask, client: Client, scene: Scene) -> None:
    given(scene)
    on_the_vault(app, scene)
    other = make_community(scene.session)
    scene.session.commit()
    assert client.get(at(other, "/checkpoints/1")).status_code == 404
    assert isinstance(Pages(client).get(at(other, "/checkpoints")), Page)
