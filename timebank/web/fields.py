"""The form every form is made from, and fields of our own."""

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

from flask_wtf import FlaskForm
from wtforms import DateField, Field, Form, HiddenField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, StopValidation
from wtforms.widgets import TimeInput

from timebank.web.filters import hours_label
from timebank.web.session import SUBMISSION_FIELD, new_submission_key
from timebank.web.words import lazy_gettext as _l

#: Time is offered in these steps unless the community rounds more coarsely.
STEP_MINUTES = 15
_NO_LIMIT = "none"
#: Hours as people write them, and the quarters after the point.
_PARTS_OF_HOUR = {"": 0, "0": 0, "00": 0, "25": 15, "5": 30, "50": 30, "75": 45}
_HOURS = re.compile(
    r"(?P<hours>[0-9]{1,4})(?:[.,](?P<part>00?|25|50?|75)|:(?P<minutes>[0-5][0-9]))?"
)
#: A time of day as people write it, up to 23:59.
_CLOCK = re.compile(r"(?P<hour>[01]?[0-9]|2[0-3])(?:[.:]?(?P<minute>[0-5][0-9]))?")
#: No length of time on a page has more figures.
MINUTES_DIGITS_MAX = 6


#: What the forms library says of an answer that no page of ours offers.
_WRONG_CHOICES = (
    "Invalid Choice: could not coerce.",
    "Not a valid choice.",
    "Invalid choice(s): one or more data inputs could not be coerced.",
    "'%(value)s' is not a valid choice for this field.",
    "'%(value)s' are not valid choices for this field.",
)


class _KindWords:
    """Says the forms library's own sentences in ours."""

    def gettext(self, text: str) -> str:
        return str(_l("Choose one of the answers on the page.")) if text in _WRONG_CHOICES else text

    def ngettext(self, one: str, many: str, count: int) -> str:
        return self.gettext(one if count == 1 else many)


def _first(text: str, *pieces: str) -> int:
    """Return where the first of some pieces stands in a text; before everything if none does."""
    return min((at for piece in pieces if (at := text.find(piece)) >= 0), default=-1)


class PageForm(FlaskForm):
    """A form on a page: protected against forgery, and sent at most once."""

    class Meta(FlaskForm.Meta):
        """How the forms library speaks."""

        def get_translations(self, _form: Form) -> _KindWords:
            """Say its sentences in our words."""
            return _KindWords()

    submission_key = HiddenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed through
        """Mint the key when the form is first shown; keep the sent one when it is shown again."""
        super().__init__(*args, **kwargs)
        if not self.submission_key.data:
            self.submission_key.data = new_submission_key()

    @property
    def asked(self) -> Iterable[Any]:
        """The fields a person sees, in order."""
        return [field for field in self if field.name not in {"csrf_token", SUBMISSION_FIELD}]

    def mistakes(self, drawn: str) -> list[Field]:
        """Return the fields with something wrong, in the order in which a page shows them.

        A form shares fields with others, and a page shows them in an order of its own. What it
        does not show comes first.

        Args:
            drawn: The page.
        """
        wrong = [field for field in self if field.errors]
        # A list of choices may carry the field's name on each choice alone.
        return sorted(
            wrong, key=lambda field: _first(drawn, f'id="{field.id}"', f'id="{field.id}-')
        )


def tidy(text: str | None) -> str:
    """Compose accents, trim the ends, drop what only disturbs (NUL, bidi overrides)."""
    composed = unicodedata.normalize("NFC", text or "")
    kept = "".join(
        character
        for character in composed
        if character in "\n\t"
        or unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co"}
        or character in "\u200d\ufe0f"
    )
    return kept.strip()


def one_line(text: str | None) -> str:
    """Tidy a text that must stay on one line, such as a name or a subject."""
    return " ".join(tidy(text).split())


class LineField(StringField):
    """One line of text, tidied, with a greatest length."""

    def __init__(self, label: Any, *, length_max: int, **kwargs: Any) -> None:  # noqa: ANN401
        """Take the same constant as the table's CHECK."""
        validators = [*kwargs.pop("validators", ()), length_at_most(length_max)]
        filters = (*kwargs.pop("filters", ()), one_line)
        super().__init__(label, validators=validators, filters=filters, **kwargs)


class WordsField(TextAreaField):
    """Some lines of text, tidied, with a greatest length."""

    def __init__(self, label: Any, *, length_max: int, **kwargs: Any) -> None:  # noqa: ANN401
        """Take the same constant as the table's CHECK."""
        validators = [*kwargs.pop("validators", ()), length_at_most(length_max)]
        filters = (*kwargs.pop("filters", ()), _unix_lines, tidy)
        super().__init__(label, validators=validators, filters=filters, **kwargs)


def _unix_lines(text: str | None) -> str:
    return (text or "").replace("\r\n", "\n")


def length_at_most(length: int) -> Length:
    """Refuse a longer text with a sentence that says how long it may be."""
    return Length(
        max=length,
        message=_l("This is too long. Please keep it to %(length)d characters.", length=length),
    )


def whole_minutes(value: object) -> int:
    """Read minutes as the page sends them: plain figures, and few of them.

    Raises:
        ValueError: If it is anything else, such as figures of another script.
    """
    text = str(value)
    if not (text.isascii() and text.isdigit() and len(text) <= MINUTES_DIGITS_MAX):
        raise ValueError(text)
    return int(text)


class MinutesField(SelectField):
    """A length of time, chosen from steps; the value is whole minutes."""

    def __init__(
        self,
        label: Any,  # noqa: ANN401 - lazy or plain
        *,
        longest_minutes: int = 8 * 60,
        step_minutes: int = STEP_MINUTES,
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        """Offer every step up to `longest_minutes`."""
        super().__init__(
            label,
            coerce=whole_minutes,
            default=kwargs.pop("default", 60),
            invalid_value_message=_l("Choose how long from the list."),
            **kwargs,
        )
        self.offer(longest_minutes, step_minutes)

    def offer(self, longest_minutes: int, step_minutes: int) -> None:
        """Set the steps to choose from, for a community that rounds in its own way."""
        self.choices = [
            (minutes, hours_label(minutes))
            for minutes in range(step_minutes, longest_minutes + 1, step_minutes)
        ]

    def pre_validate(self, _form: Form) -> None:
        """Say in words what to do when the value is none of the steps."""
        if self.data not in {minutes for minutes, _label in self.choices or ()}:
            raise StopValidation(_l("Choose how long from the list."))


class LimitField(SelectField):
    """A whole number chosen from a list, such as minutes; None where `none_words` is chosen."""

    def __init__(
        self,
        label: Any,  # noqa: ANN401 - lazy or plain
        *,
        offered: tuple[int, ...],
        says: Callable[[int], str] = hours_label,
        none_words: str = "",
        zero_words: str = "",
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        """Offer these numbers; `says` puts one into words, but for none and for zero."""
        super().__init__(label, coerce=str, **kwargs)
        self.offered = offered
        self.says = says
        self.none_words = none_words
        self.zero_words = zero_words

    def process_data(self, value: int | None) -> None:
        """Show the present value, and offer it whatever it is."""
        self.data = _NO_LIMIT if value is None else str(value)
        numbers = sorted({*self.offered, *([] if value is None else [value])}, key=abs)
        self.choices = [SelectChoice(str(number), self.says_of(number)) for number in numbers]
        if self.none_words:
            self.choices.append(SelectChoice(_NO_LIMIT, self.none_words))

    def pre_validate(self, _form: Form) -> None:
        """Say in words what to do when the value is none of those offered."""
        if self.data not in {choice.value for choice in self.choices or ()}:
            raise StopValidation(_l("Choose one from the list."))

    def says_of(self, number: int | None) -> str:
        """Put a value into words."""
        if number is None:
            return self.none_words
        return self.zero_words if number == 0 and self.zero_words else self.says(number)

    @property
    def number(self) -> int | None:
        """What was chosen."""
        return None if self.data == _NO_LIMIT else int(self.data)


class HoursField(StringField):
    """A number of hours in quarters, or none; the value is whole minutes, or None.

    A quarter is written as people write it: 4, 4.25, 4,25 or 4:15. What stood there before is taken
    whatever it is.
    """

    def __init__(self, label: Any, *, minutes_max: int, sign: int = 1, **kwargs: Any) -> None:  # noqa: ANN401
        """Take the same constant as the table's CHECK; with `sign` -1 minutes are below zero."""
        super().__init__(label, **kwargs)
        self.minutes_max = minutes_max
        self.sign = sign
        self.minutes: int | None = None

    def process_data(self, value: int | None) -> None:
        """Show minutes as hours."""
        self.minutes = value
        self.data = "" if value is None else hours_typed(abs(value))

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        """Keep what was typed, and read it."""
        before = self.data
        if not valuelist or one_line(valuelist[0]) == before:
            return
        self.data = one_line(valuelist[0])
        self.minutes = None
        if not self.data:
            return
        minutes = _minutes_typed(self.data)
        if minutes is None or minutes % STEP_MINUTES:
            raise ValueError(_l("Write hours in quarters, such as 4 or 4.25, or nothing at all."))
        if minutes > self.minutes_max:
            words = _l("Write at most %(hours)s hours.", hours=self.minutes_max // 60)
            raise ValueError(words)
        self.minutes = self.sign * minutes


def hours_typed(minutes: int) -> str:
    """Return minutes as `HoursField` reads them: `4`, `4.25`, or `4:07` where it is no quarter."""
    hours, rest = divmod(minutes, 60)
    if rest % STEP_MINUTES:
        return f"{hours}:{rest:02d}"
    return f"{hours}{('', '.25', '.5', '.75')[rest // STEP_MINUTES]}"


def _minutes_typed(text: str) -> int | None:
    found = _HOURS.fullmatch(text)
    if found is None:
        return None
    part = found["minutes"] or str(_PARTS_OF_HOUR[found["part"] or ""])
    return int(found["hours"]) * 60 + int(part)


class DayField(DateField):
    """A day, picked or typed as 2026-05-09."""

    @property
    def day(self) -> dt.date:
        """The day, for a form that was found to have one."""
        return cast("dt.date", self.data)

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        """Say in words what to do when it is no day."""
        if not valuelist or not valuelist[0].strip():
            self.data = None
            return
        try:
            self.data = dt.date.fromisoformat(valuelist[0].strip())
        except ValueError as error:
            self.data = None
            raise ValueError(_l("Write the day like this: 2026-05-09.")) from error

    def pre_validate(self, _form: Form) -> None:
        """Leave it at that sentence: whoever typed a day need not be told to choose one."""
        if self.process_errors:
            raise StopValidation


class ClockField(StringField):
    """A time of day, picked or typed as 9:30, 9.30 or 0930; `minute` is the minute of the day."""

    widget = TimeInput()

    @property
    def minute(self) -> int:
        """The minute of the day, for a form that was found to have one."""
        found = _CLOCK.fullmatch(self.data or "")
        return int(found["hour"]) * 60 + int(found["minute"] or 0) if found else 0

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        """Say in words what to do when it is no time of day."""
        self.data = one_line(valuelist[0]) if valuelist else ""
        found = _CLOCK.fullmatch(self.data)
        if found is None:
            if self.data:
                raise ValueError(_l("Write the time like this: 9:30 or 14:00."))
            return
        self.data = f"{int(found['hour']):02d}:{found['minute'] or '00'}"


class WholeNumberField(StringField):
    """A number without fractions or signs, in plain figures, up to `number_max`."""

    def __init__(
        self,
        label: Any,  # noqa: ANN401
        *,
        number_max: int,
        number_min: int = 0,
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        """Take the same constants as the rule behind it; an empty field is no number too small."""
        super().__init__(label, filters=(one_line,), **kwargs)
        self.number_min, self.number_max = number_min, number_max

    @property
    def number(self) -> int:
        """The number, for a form that was found to have one; an empty field counts as nothing."""
        return int(self.data or "0")

    def pre_validate(self, _form: Form) -> None:
        """Say in words what to do when it is no such number."""
        try:
            number = whole_minutes(self.data or "0")
        except ValueError:
            number = -1
        fits = self.number_min <= number <= self.number_max
        if not fits and (self.data or number < 0):
            raise StopValidation(self._words())

    def _words(self) -> Any:  # noqa: ANN401 - lazy words
        if self.number_min:
            return _l(
                "Write a whole number from %(least)d to %(most)d, or nothing.",
                least=self.number_min,
                most=self.number_max,
            )
        return _l("Write a whole number, up to %(number)d.", number=self.number_max)


def required(words: Any) -> Callable[[Form, Any], None]:  # noqa: ANN401 - lazy or plain
    """Refuse an empty answer with `words` that say what to write."""

    def check(_form: Form, field: Any) -> None:  # noqa: ANN401 - any field
        # Zero is an answer; a box that was not ticked is none, although False equals zero.
        if not field.data and (field.data != 0 or field.data is False):
            field.errors[:] = []
            raise StopValidation(words)

    check.field_flags = {"required": True}  # type: ignore[attr-defined]
    return check
