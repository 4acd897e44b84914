"""Folding: what is typed without accents finds what was written with them."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from timebank.listings.models import WORD_LENGTH_MAX
from timebank.listings.search import LAST, fold, questions_in, spellings_in, words_in

ANY_TEXT = st.text(max_size=60)


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Rødgrød", "rodgrod"),
        ("Æbleskiver på Ærø", "aebleskiver pa aero"),
        ("Århus", "arhus"),
        ("Straße", "strasse"),
        ("Łódź", "lodz"),
        ("Œuvre", "oeuvre"),
        ("col·legi", "collegi"),
        ("Cançó d’àvia", "canco d avia"),
        ("İSTANBUL", "istanbul"),
        ("ﬁne", "fine"),
        ("Ångström", "angstrom"),
    ],
)
def test_letters_lose_what_a_keyboard_may_lack(written: str, folded: str) -> None:
    assert " ".join(words_in(written)) == folded


@given(ANY_TEXT)
@example("İ")
@example("ŀ·ǅ")
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(ANY_TEXT)
def test_capitals_and_forms_of_the_same_text_fold_alike(text: str) -> None:
    assert words_in(text) == words_in(fold(text))


@given(ANY_TEXT)
def test_a_word_is_short_and_has_nothing_but_letters_and_digits(text: str) -> None:
    for word in words_in(text):
        assert 0 < len(word) <= WORD_LENGTH_MAX
        assert word.isalnum()


@given(ANY_TEXT)
def test_every_word_of_a_text_is_found_by_asking_for_it(text: str) -> None:
    indexed = spellings_in(text)
    for word in text.split():
        for beginnings in questions_in(word):
            assert any(start <= each < start + LAST for start in beginnings for each in indexed), (
                word
            )


def test_letters_written_out_are_found_too() -> None:
    assert {"arhus", "aarhus"} <= spellings_in("Århus")
    assert {"rodgrod", "roedgroed"} <= spellings_in("Rødgrød")
    assert questions_in("Århus") == [frozenset({"arhus", "arhu", "aarhus", "aarhu"})]


def test_a_plural_finds_its_singular() -> None:
    assert questions_in("formularis") == [frozenset({"formularis", "formulari"})]
    assert questions_in("bus") == [frozenset({"bus"})]


def test_a_long_question_is_cut_and_a_doubled_word_counts_once() -> None:
    assert len(questions_in("a b c d e f g h i j")) == 8
    assert len(questions_in("tea tea TEA")) == 1
    assert questions_in(" … ") == []
