"""The questions of the chain, one form each, and the forms of a listing's page."""

from collections.abc import Iterable
from typing import Any

from wtforms import BooleanField, RadioField, SelectField, SelectMultipleField
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import CheckboxInput, ListWidget

from timebank.communities.models import Community
from timebank.listings import names
from timebank.listings.models import (
    CATEGORY_NAME_LENGTH_MAX,
    PARTS_OF_DAY,
    TITLE_LENGTH_MAX,
    TRANSITIONS,
    WEEKDAYS,
    WHEN_LENGTH_MAX,
    WORDS_LENGTH_MAX,
)
from timebank.members.fields import area_field
from timebank.messaging.models import MESSAGE_LENGTH_MAX
from timebank.web.fields import (
    STEP_MINUTES,
    LineField,
    MinutesField,
    PageForm,
    WordsField,
    required,
)
from timebank.web.words import lazy_gettext as _l

#: How long a listing is shown; the empty value means until it is closed.
DAYS_CHOICES = (
    ("14", _l("Two weeks")),
    ("30", _l("A month")),
    ("90", _l("Three months")),
    ("180", _l("Half a year")),
    ("", _l("Until I take it down")),
)
#: On the form of a listing that is changed: leave the last day as it is.
SAME_DAY = "same"


def choices_of(words: Iterable[tuple[str, str]]) -> list[SelectChoice]:
    """Return choices for pairs of value and words."""
    return [SelectChoice(value, label) for value, label in words]


class Ticks(SelectMultipleField):
    """Several choices, each with a box to tick."""

    def __init__(self, label: Any, *, missing: Any, **kwargs: Any) -> None:  # noqa: ANN401 - lazy or plain
        """Take `missing`: what to do if nothing was ticked, or something not offered."""
        super().__init__(
            label,
            validators=[required(missing)],
            invalid_choice_message=missing,
            widget=ListWidget(prefix_label=False),
            option_widget=CheckboxInput(),
            **kwargs,
        )


class Radios(RadioField):
    """One choice of several."""

    def __init__(self, label: Any, *, missing: Any, **kwargs: Any) -> None:  # noqa: ANN401 - lazy or plain
        """Take `missing`: what to do if nothing was chosen, or something not offered."""
        super().__init__(
            label, validators=[required(missing)], invalid_choice_message=missing, **kwargs
        )


class StepForm(PageForm):
    """A question of the chain."""

    def fit(self, community: Community) -> None:
        """Bring the choices in line with the community; most have none of their own."""

    def answers(self) -> dict[str, Any]:
        """Return the answers as the draft keeps them."""
        return {field.name: field.data for field in self.asked}


class WhatForm(StepForm):
    """What is offered or needed, in the member's own words."""

    title = LineField(
        _l("In one line"),
        length_max=TITLE_LENGTH_MAX,
        validators=[required(_l("Write in a few words what it is."))],
    )
    words = WordsField(_l("A little more about it"), length_max=WORDS_LENGTH_MAX)
    language = SelectField(_l("Written in"), choices=choices_of(names.LANGUAGES.items()))


class HeadingForm(StepForm):
    """The heading of the tree."""

    heading = Radios(_l("What kind of help is it?"), missing=_l("Choose the closest one."))


class CategoryForm(StepForm):
    """The category under the heading."""

    category = Radios(_l("What exactly?"), missing=_l("Choose the closest one."))


class SupportForm(StepForm):
    """The kinds of support, and whether it belongs to a big change."""

    supports = Ticks(
        _l("Kind of support"),
        choices=choices_of(names.SUPPORTS.items()),
        missing=_l("Tick at least one."),
    )
    transition = RadioField(
        _l("Is it about one of these?"),
        choices=choices_of([("", _l("No, none of these")), *names.TRANSITIONS.items()]),
        default="",
        validate_choice=False,
    )

    def validate_transition(self, field: Any) -> None:  # noqa: ANN401 - the field
        """Take an unknown value for none: nobody should be stopped by this question."""
        if field.data not in TRANSITIONS:
            field.data = ""


class WhenForm(StepForm):
    """When it suits, and about how long."""

    about_minutes = MinutesField(_l("About how long?"), default=60)
    slots = SelectMultipleField(
        _l("Which times suit you?"),
        choices=[
            SelectChoice(f"{weekday}-{part}") for weekday in WEEKDAYS for part in PARTS_OF_DAY
        ],
        invalid_choice_message=_l("Tick times from the list."),
        # A grid of boxes: a mistake leads to the first of them.
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    when_words = LineField(_l("Anything else about the time"), length_max=WHEN_LENGTH_MAX)

    def fit(self, community: Community) -> None:
        """Offer quarter hours, or coarser steps where the community rounds to them."""
        step = max(STEP_MINUTES, community.rounding_minutes)
        self.about_minutes.offer(community.exchange_minutes_max, step)


class WhereForm(StepForm):
    """Where: never a street."""

    place = Radios(
        _l("Where?"),
        missing=_l("Choose where."),
        choices=choices_of(names.PLACES.items()),
    )
    area = area_field(_l("Which area?"))


class WhoForm(StepForm):
    """Who may see it, and until when."""

    audience = Radios(
        _l("Who may see it?"),
        missing=_l("Choose who may see it."),
        choices=choices_of(names.AUDIENCES.items()),
        default="community",
    )
    days = SelectField(
        _l("How long should it be up?"), choices=choices_of(DAYS_CHOICES), default="90"
    )
    is_anonymous = BooleanField(_l("Do not show my name"))


class ButtonForm(PageForm):
    """A form that is only a button."""


class ReplyForm(PageForm):
    """An answer to a listing."""

    body = WordsField(
        _l("Your message"),
        length_max=MESSAGE_LENGTH_MAX,
        validators=[required(_l("Write a few words first."))],
    )


class CategoryNameForm(PageForm):
    """A category's name and how careful to be."""

    name = LineField(_l("Name"), length_max=CATEGORY_NAME_LENGTH_MAX)
    check_hint = SelectField(_l("How careful to be"), choices=choices_of(names.HINT_NAMES.items()))


class NewCategoryForm(CategoryNameForm):
    """A category of the community's own."""

    name = LineField(
        _l("Name"),
        length_max=CATEGORY_NAME_LENGTH_MAX,
        validators=[required(_l("Write a name."))],
    )
    parent = SelectField(_l("Under"))
