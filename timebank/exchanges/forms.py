"""Forms of exchanges."""

from collections.abc import Mapping, Sequence

from wtforms import Field, Form, HiddenField, RadioField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError

from timebank.communities.models import Community
from timebank.exchanges.models import BASES, WORDS_LENGTH_MAX
from timebank.exchanges.names import BASES as BASE_NAMES
from timebank.exchanges.names import BOTH_CREDITED
from timebank.listings.models import PARTS_OF_DAY, PLACES, TITLE_LENGTH_MAX
from timebank.listings.names import PARTS, name_of
from timebank.listings.names import PLACES as PLACE_NAMES
from timebank.listings.queries import Branch
from timebank.members.models import NAME_LENGTH_MAX
from timebank.web.fields import DayField, LineField, MinutesField, PageForm, WordsField, required
from timebank.web.filters import hours_label
from timebank.web.words import lazy_gettext as _l

#: A community that counts single minutes is still offered steps that fit on a list.
STEP_MINUTES_MIN = 5


def choices_of(words: Mapping[str, str]) -> list[SelectChoice]:
    """Return what can be chosen from values and their words."""
    return [SelectChoice(value, label) for value, label in words.items()]


def offer_minutes(field: MinutesField, community: Community, chosen: int | None = None) -> None:
    """Offer the steps of the house, and what was chosen before even if it is none of them."""
    step = max(community.rounding_minutes, STEP_MINUTES_MIN)
    field.offer(community.exchange_minutes_max, step)
    if chosen and chosen % step:
        steps = [minutes for minutes, _label in field.choices]
        field.choices = [(minutes, hours_label(minutes)) for minutes in sorted([*steps, chosen])]


def offer_bases(field: SelectField, community: Community) -> None:
    """Offer the ways in which time counts, in the words of the community's own rule."""
    credited = community.mutual_help == "credited"
    words = {**BASE_NAMES, "mutual": BOTH_CREDITED} if credited else BASE_NAMES
    field.choices = choices_of({basis: words[basis] for basis in BASES})


def offer_categories(field: SelectField, tree: Sequence[Branch]) -> None:
    """Offer every kind of help, grouped under its heading."""
    field.choices = [
        SelectChoice(str(category.id), name_of(category), optgroup=name_of(branch.top))
        for branch in tree
        for category in (branch.top, *branch.leaves)
    ]


class WhatForm(PageForm):
    """Who helps whom, and with what."""

    side = RadioField(
        _l("Who helps?"),
        choices=choices_of({"give": "", "receive": ""}),
        default="receive",
        validators=[required(_l("Choose who helps."))],
    )
    category_id = SelectField(_l("What kind of help?"), choices=[], validate_choice=True)
    title = LineField(_l("In a few words"), length_max=TITLE_LENGTH_MAX)


def known_part(_form: Form, field: Field) -> None:
    """Refuse a part of the day that was not offered; none is fine."""
    if field.data and field.data not in PARTS_OF_DAY:
        raise ValidationError(_l("Choose the part of the day from the list."))


class TermsForm(PageForm):
    """When, how long and where two people meet."""

    planned_on = DayField(_l("Which day?"))
    part_of_day = RadioField(
        _l("What part of the day?"),
        choices=choices_of({part: PARTS[part] for part in PARTS_OF_DAY}),
        validate_choice=False,
        validators=[known_part],
    )
    agreed_minutes = MinutesField(_l("About how long?"))
    place = RadioField(
        _l("Where?"),
        choices=choices_of({place: PLACE_NAMES[place] for place in PLACES}),
        default="public",
        validators=[required(_l("Choose where."))],
    )
    words = WordsField(_l("Anything to add?"), length_max=WORDS_LENGTH_MAX)

    def validate_part_of_day(self, field: Field) -> None:
        """Ask for the part of the day as soon as there is a day."""
        if self.planned_on.data and not field.data:
            raise ValidationError(_l("Choose the part of the day too."))


class ProposeForm(WhatForm, TermsForm):
    """What somebody suggests to somebody else."""


class AgreeForm(PageForm):
    """Yes to what the page says, with the day where the suggestion left it open."""

    #: What `policy.terms_line` made of the terms on the page.
    shown = HiddenField()
    planned_on = DayField(_l("Which day?"))
    part_of_day = RadioField(
        _l("What part of the day?"),
        choices=choices_of({part: PARTS[part] for part in PARTS_OF_DAY}),
        validate_choice=False,
        validators=[known_part],
    )


class ReportForm(PageForm):
    """It happened: how long, and on which day."""

    worked_minutes = MinutesField(_l("How long did it take?"))
    happened_on = DayField(
        _l("Which day was it?"), validators=[required(_l("Choose the day it happened."))]
    )


class YesForm(PageForm):
    """Yes, it happened, and took as long as the page said."""

    worked_minutes = HiddenField()


class CorrectForm(PageForm):
    """It took another time."""

    worked_minutes = MinutesField(_l("How long did it take?"))
    words = WordsField(_l("Anything to add?"), length_max=WORDS_LENGTH_MAX)


class QueryForm(PageForm):
    """It was not so."""

    words = WordsField(
        _l("What was different?"),
        length_max=WORDS_LENGTH_MAX,
        validators=[required(_l("Write a few words, so that the other person understands."))],
    )


class EndForm(PageForm):
    """No, thank you; or: it is called off."""

    words = WordsField(_l("Anything to add?"), length_max=WORDS_LENGTH_MAX)


class SettleForm(PageForm):
    """What a coordinator decides after talking with both."""

    outcome = RadioField(
        _l("What is right?"),
        choices=choices_of({"counts": _l("It happened"), "nothing": _l("Nothing counts")}),
        default="counts",
        validators=[required(_l("Choose what is right."))],
    )
    worked_minutes = MinutesField(_l("How long did it take?"))
    reason = WordsField(
        _l("Why?"),
        length_max=WORDS_LENGTH_MAX,
        validators=[required(_l("Write why, in a sentence both can read."))],
    )


class LetPassForm(PageForm):
    """Why hours pass a limit this once."""

    reason = WordsField(
        _l("Why?"),
        length_max=WORDS_LENGTH_MAX,
        validators=[required(_l("Write why, in a sentence both can read."))],
    )


class ThankForm(PageForm):
    """A few kind words."""

    words = WordsField(
        _l("Your thank-you"),
        length_max=WORDS_LENGTH_MAX,
        validators=[required(_l("Write a few words first."))],
    )


class LogForm(PageForm):
    """Help that was given without arranging it here first."""

    side = RadioField(
        _l("What happened?"),
        choices=choices_of({"give": _l("I helped someone"), "receive": _l("Someone helped me")}),
        default="give",
        validators=[required(_l("Choose what happened."))],
    )
    who = LineField(
        _l("Who was it?"),
        length_max=NAME_LENGTH_MAX,
        validators=[required(_l("Write the other person’s first name or number."))],
        render_kw={"list": "people-known", "autocomplete": "off"},
    )
    #: Which of several with that name; only asked where there are several.
    member_number = RadioField(_l("Which one?"), choices=[], validate_choice=False)
    category_id = SelectField(_l("What kind of help?"), choices=[])
    worked_minutes = MinutesField(_l("How long?"))
    happened_on = DayField(_l("Which day?"), validators=[required(_l("Choose the day."))])
    title = LineField(_l("In a few words"), length_max=TITLE_LENGTH_MAX)
    basis = SelectField(
        _l("How does it count?"),
        choices=[],
        default="hours",
    )
