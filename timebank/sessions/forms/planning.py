"""Forms with which sessions are planned."""

import datetime as dt
import uuid
from typing import Any

from wtforms import BooleanField, Field, RadioField, SelectField, SelectMultipleField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from timebank.groups.models import SETTINGS, WHERE_LENGTH_MAX, WORDS_LENGTH_MAX
from timebank.groups.names import SETTING_NAMES
from timebank.listings.models import WEEKDAYS
from timebank.listings.names import DAYS
from timebank.sessions.models import (
    CANCELLED_WORDS_LENGTH_MAX,
    CAPACITY_MAX,
    CLOSED_WORDS_LENGTH_MAX,
    SIGN_UP_WAYS,
    TITLE_LENGTH_MAX,
)
from timebank.sessions.names import OFTEN_NAMES, POSITION_NAMES, SIGN_UP_NAMES
from timebank.sessions.policy import when
from timebank.sessions.policy.repeating import MONTH_DAYS, OFTEN, POSITIONS, Pattern
from timebank.web.fields import (
    ClockField,
    DayField,
    LineField,
    PageForm,
    WholeNumberField,
    WordsField,
    required,
)
from timebank.web.words import lazy_gettext as _l

#: Answers to "how often" that need weekdays.
ON_WEEKDAYS = OFTEN[:2]
ON_ONE_WEEKDAY = OFTEN[2]


class _DetailsForm(PageForm):
    """What a session says about itself."""

    title = LineField(
        _l("What is it called?"),
        length_max=TITLE_LENGTH_MAX,
        validators=[required(_l("Write what it is called, such as “Badminton”."))],
    )
    starts = ClockField(_l("From"), validators=[required(_l("Write when it begins."))])
    ends = ClockField(_l("To"), validators=[required(_l("Write when it ends."))])
    setting = RadioField(
        _l("What kind of place"),
        choices=[SelectChoice(key, SETTING_NAMES[key]) for key in SETTINGS],
        default="community",
    )
    venue_id = SelectField(_l("Place"))
    where_words = LineField(_l("Room, ward, link or number"), length_max=WHERE_LENGTH_MAX)
    words = WordsField(_l("What happens"), length_max=WORDS_LENGTH_MAX)
    sign_up = RadioField(
        _l("How do people come?"),
        choices=[SelectChoice(key, SIGN_UP_NAMES[key]) for key in SIGN_UP_WAYS],
        default="drop-in",
    )
    capacity = WholeNumberField(_l("How many places?"), number_min=1, number_max=CAPACITY_MAX)
    host_id = SelectField(_l("Who holds it"))
    is_public = BooleanField(_l("Show it to people who are not members"))

    @property
    def places(self) -> int | None:
        """How many places there are; None without a limit."""
        return self.capacity.number or None

    @property
    def venue(self) -> uuid.UUID | None:
        """The chosen place."""
        return uuid.UUID(self.venue_id.data) if self.venue_id.data else None

    @property
    def host(self) -> uuid.UUID | None:
        """Whoever holds it."""
        return uuid.UUID(self.host_id.data) if self.host_id.data else None

    @property
    def length_minutes(self) -> int:
        """From the beginning to the end, which may be after midnight."""
        return when.length_between(self.starts.minute, self.ends.minute)


class SessionForm(_DetailsForm):
    """One date."""

    day_on = DayField(_l("Day"), validators=[required(_l("Choose the day."))])


class SeriesForm(_DetailsForm):
    """Something again and again."""

    often = RadioField(
        _l("How often?"),
        choices=[SelectChoice(key, OFTEN_NAMES[key]) for key in OFTEN],
        default=OFTEN[0],
        validators=[required(_l("Choose how often."))],
    )
    weekdays = SelectMultipleField(
        _l("On which weekdays?"),
        choices=[SelectChoice(str(day), DAYS[day]) for day in WEEKDAYS],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    position = SelectField(
        _l("Which one in the month?"),
        choices=[SelectChoice(str(key), POSITION_NAMES[key]) for key in POSITIONS],
    )
    month_day = SelectField(
        _l("Which day of the month?"),
        choices=[SelectChoice(str(day), str(day)) for day in range(1, MONTH_DAYS + 1)],
    )
    starts_on = DayField(_l("First day"), validators=[required(_l("Choose the first day."))])
    until_on = DayField(_l("Last day"), validators=[Optional()])

    def validate_weekdays(self, field: Field) -> None:
        """Ask for weekdays where the answer above needs them."""
        if self.often.data in ON_WEEKDAYS and not field.data:
            raise ValidationError(_l("Tick at least one weekday."))
        if self.often.data == ON_ONE_WEEKDAY and len(field.data or ()) != 1:
            raise ValidationError(_l("Tick one weekday: the one it is on each month."))

    def validate_until_on(self, field: Field) -> None:
        """Refuse an end before the beginning."""
        if field.data and self.starts_on.data and field.data < self.starts_on.data:
            raise ValidationError(_l("The last day comes before the first. Change one of them."))

    @property
    def pattern(self) -> Pattern:
        """What was said, as a pattern."""
        return Pattern(
            often=self.often.data,
            weekdays=tuple(int(day) for day in self.weekdays.data or ()),
            position=int(self.position.data),
            month_day=int(self.month_day.data),
        )

    @property
    def last_on(self) -> dt.date | None:
        """The last day, if one was named."""
        return self.until_on.day if self.until_on.data else None


class KeptRuleForm(SeriesForm):
    """A series whose rule came with a calendar and says more than our words: it stays."""

    often: Any = None
    weekdays: Any = None
    position: Any = None
    month_day: Any = None
    validate_weekdays: Any = None


class CancelForm(PageForm):
    """Why a date is off."""

    words = WordsField(
        _l("What should people know?"),
        length_max=CANCELLED_WORDS_LENGTH_MAX,
        validators=[required(_l("Write a few words. Whoever signed up reads them."))],
    )


class ClosedDayForm(PageForm):
    """A time without sessions."""

    from_on = DayField(_l("First day"), validators=[required(_l("Choose the first day."))])
    until_on = DayField(_l("Last day"), validators=[Optional()])
    words = LineField(_l("Why?"), length_max=CLOSED_WORDS_LENGTH_MAX)

    @property
    def last_on(self) -> dt.date:
        """The last day: the first one too, where no other is named."""
        return self.until_on.day if self.until_on.data else self.from_on.day

    def validate_until_on(self, field: Field) -> None:
        """Refuse an end before the beginning."""
        if field.data and self.from_on.data and field.data < self.from_on.data:
            raise ValidationError(_l("The last day comes before the first. Change one of them."))
