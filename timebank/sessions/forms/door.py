"""Forms of the door: open it, come in, count, close."""

import re
import uuid
from collections.abc import Iterable

from wtforms import BooleanField, HiddenField, SelectField, SelectMultipleField
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import CheckboxInput, ListWidget

from timebank.members.policy import CODE_LENGTH
from timebank.sessions.door_names import TOPIC_NAMES
from timebank.sessions.models import (
    CONTACTS_MAX,
    COUNT_MAX,
    DIGITS_LENGTH,
    FOLLOW_UP_LENGTH_MAX,
    REASON_LENGTH_MAX,
    TOPIC_WORDS_LENGTH_MAX,
)
from timebank.web.fields import (
    ClockField,
    LineField,
    PageForm,
    WholeNumberField,
    WordsField,
    required,
)
from timebank.web.words import lazy_gettext as _l

#: The address that the square of a code card holds, as a scanner types it.
_CARD = re.compile(r"/card/(?P<number>M?\d{1,9})/(?P<code>[A-Za-z0-9]{8})/?$")
WHO_LENGTH_MAX = 60


class BoxesField(SelectMultipleField):
    """Some of several things to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


def choices_of(pairs: Iterable[tuple[str, str]]) -> list[SelectChoice]:
    """Return pairs of value and words as choices."""
    return [SelectChoice(value, words) for value, words in pairs]


def whole(value: object) -> int:
    """Return a whole number that a hidden field carried; 0 where it is none."""
    plain = str(value or "")
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 10 else 0  # noqa: PLR2004 - fits a column


def key_of(text: str | None) -> uuid.UUID | None:
    """Return the key that a field carried, or None where it is none."""
    try:
        return uuid.UUID(text or "")
    except ValueError:
        return None


class OpenForm(PageForm):
    """Open a session: who is on duty, and that the boundaries were named."""

    on_duty = BoxesField(_l("Who is on duty today?"))
    named = BooleanField(_l("We named them aloud, and everybody on duty keeps to them"))
    version = HiddenField()


class CardForm(PageForm):
    """Somebody who shows their code card."""

    card = LineField(
        _l("Member number"),
        length_max=300,
        validators=[required(_l("Type the number on the card, or scan it."))],
    )
    code = LineField(_l("Code on the card"), length_max=4 * CODE_LENGTH)

    @property
    def shown(self) -> tuple[str, str]:
        """The number and the code, typed or scanned."""
        found = _CARD.search(self.card.data)
        if found is not None:
            return found["number"], found["code"]
        return self.card.data, self.code.data or ""


class DigitsForm(PageForm):
    """The four figures on the poster."""

    digits = LineField(
        _l("The four figures on the poster"),
        length_max=20,
        validators=[required(_l("Type the four figures that stand on the poster."))],
    )

    @property
    def figures(self) -> str:
        """The figures alone, however they were typed."""
        found = "".join(each for each in self.digits.data if each.isascii() and each.isdigit())
        return found if len(found) == DIGITS_LENGTH else ""


class HeardForm(PageForm):
    """One button; the version of the ground rules that stood beside it goes with it."""

    version = HiddenField()


class CloseForm(PageForm):
    """What a session came to.

    `shown` is the end that the figures on the page are for, and `seen` their fingerprint.
    """

    ended = ClockField(_l("When did it end?"), validators=[required(_l("Write when it ended."))])
    shown = HiddenField()
    contacts = WholeNumberField(_l("How many people were there?"), number_max=CONTACTS_MAX)
    first_timers = WholeNumberField(
        _l("How many of them for the first time?"), number_max=CONTACTS_MAX
    )
    topics = BoxesField(_l("What was it about?"), choices=choices_of(TOPIC_NAMES.items()))
    topic_words = WordsField(_l("More about it"), length_max=TOPIC_WORDS_LENGTH_MAX)
    follow_up = WordsField(_l("Anything to follow up?"), length_max=FOLLOW_UP_LENGTH_MAX)
    seen = HiddenField()


class PutRightForm(CloseForm):
    """What a session came to in truth, and why it was written down otherwise."""

    reason = LineField(
        _l("Why is it put right?"),
        length_max=REASON_LENGTH_MAX,
        validators=[required(_l("Write why. Those whose hours change read it."))],
    )


class WhoForm(PageForm):
    """Somebody who was there and is not noted."""

    who = LineField(
        _l("First name or member number"),
        length_max=WHO_LENGTH_MAX,
        validators=[required(_l("Write a first name or a member number."))],
    )


class SheetForm(PageForm):
    """People without a name on a sheet of paper; its rows are read by the page."""

    tallied = WholeNumberField(_l("People without a name"), number_max=COUNT_MAX)
    tallied_first = WholeNumberField(
        _l("How many of them for the first time?"), number_max=COUNT_MAX
    )


class TogetherForm(PageForm):
    """A connected group to hold it with."""

    group_id = SelectField(_l("Which group?"), choices=[])
