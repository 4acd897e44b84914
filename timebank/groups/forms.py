"""Forms of groups."""

from collections.abc import Mapping
from typing import Any

from wtforms import BooleanField, Field, Form, RadioField, SelectField, SelectMultipleField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from timebank.groups.models import (
    ACCESS_LENGTH_MAX,
    ADDRESS_LENGTH_MAX,
    AGREEMENT_LENGTH_MAX,
    APPEAL_OUTCOMES,
    CREDITING_KINDS,
    JOINING,
    MAILBOX_LENGTH_MAX,
    NAME_LENGTH_MAX,
    PARTS,
    PARTS_MAX,
    POSTCODE_LENGTH_MAX,
    POT_WORDS_LENGTH_MAX,
    REASON_LENGTH_MAX,
    RULES_LENGTH_MAX,
    SETTINGS,
    TONES,
    WHEN_LENGTH_MAX,
    WHERE_LENGTH_MAX,
    WORDS_LENGTH_MAX,
)
from timebank.groups.names import (
    ACTIVITY_NAMES,
    CREDITING_NAMES,
    JOINING_NAMES,
    PART_NAMES,
    SECTOR_NAMES,
    SETTING_NAMES,
    TONE_NAMES,
)
from timebank.groups.policy.places import is_mailbox
from timebank.listings.models import PARTS_OF_DAY, WEEKDAYS
from timebank.listings.names import SUPPORTS, TRANSITIONS
from timebank.members.models import AREA_LENGTH_MAX
from timebank.web.fields import (
    DayField,
    LineField,
    MinutesField,
    PageForm,
    WordsField,
    required,
)
from timebank.web.filters import hours_label
from timebank.web.words import lazy_gettext as _l


def choices_of(words: Mapping[str, str], *, none: str | None = None) -> list[SelectChoice]:
    """Return what can be chosen from values and their words; `none` are the words for nothing."""
    listed = [SelectChoice(value, label) for value, label in words.items()]
    return listed if none is None else [SelectChoice("", none), *listed]


class TicksField(SelectMultipleField):
    """Any number of choices, as boxes to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class StartForm(PageForm):
    """What, when, where: enough to begin."""

    name = LineField(
        _l("What do you do together?"),
        length_max=NAME_LENGTH_MAX,
        validators=[required(_l("Write what you do together, such as “Badminton”."))],
    )
    when_words = LineField(
        _l("When?"),
        length_max=WHEN_LENGTH_MAX,
        validators=[required(_l("Write when you meet, such as “Sunday mornings”."))],
    )
    where_words = LineField(
        _l("Where?"),
        length_max=WHERE_LENGTH_MAX,
        validators=[required(_l("Write where you meet, such as “The church hall”."))],
    )


class GroupForm(PageForm):
    """Everything a group says about itself."""

    name = LineField(
        _l("Name"),
        length_max=NAME_LENGTH_MAX,
        validators=[required(_l("Write what the group is called."))],
    )
    words = WordsField(_l("What it is like"), length_max=WORDS_LENGTH_MAX)
    when_words = LineField(_l("When you meet, in words"), length_max=WHEN_LENGTH_MAX)
    slots = SelectMultipleField(
        _l("Days"),
        choices=[f"{day}-{part}" for day in WEEKDAYS for part in PARTS_OF_DAY],
    )
    where_words = LineField(_l("Where you meet, in words"), length_max=WHERE_LENGTH_MAX)
    venue_id = SelectField(_l("Place"))
    area = LineField(_l("Area"), length_max=AREA_LENGTH_MAX)
    supports = TicksField(_l("What people find here"), choices=choices_of(SUPPORTS))
    transitions = TicksField(
        _l("There for people at a big change"), choices=choices_of(TRANSITIONS)
    )
    sector = SelectField(
        _l("Who is behind it"), choices=choices_of(SECTOR_NAMES, none=_l("Not said"))
    )
    mailbox = LineField(_l("Mailbox of the group"), length_max=MAILBOX_LENGTH_MAX)
    joining = RadioField(
        _l("Coming in"), choices=choices_of({key: JOINING_NAMES[key] for key in JOINING})
    )
    is_public = BooleanField(_l("Show it to people who are not members"))
    needs_staff = BooleanField(_l("A session opens only while paid staff are there"))
    tone = SelectField(
        _l("Colour and shape"),
        choices=[SelectChoice(str(tone), TONE_NAMES[tone]) for tone in range(TONES)],
    )

    def validate_mailbox(self, field: Field) -> None:
        """Refuse what no mail could be sent to."""
        if field.data and not is_mailbox(field.data):
            raise ValidationError(
                _l("This is no e-mail address. It looks like cafe@example.org, or leave it empty.")
            )


class VenueForm(PageForm):
    """A place where people meet."""

    name = LineField(
        _l("Name of the place"),
        length_max=NAME_LENGTH_MAX,
        validators=[required(_l("Write what the place is called."))],
    )
    address = LineField(_l("Street and number"), length_max=ADDRESS_LENGTH_MAX)
    postcode = LineField(_l("Postcode"), length_max=POSTCODE_LENGTH_MAX)
    area = LineField(_l("Area"), length_max=AREA_LENGTH_MAX)
    setting = RadioField(
        _l("What kind of place"),
        choices=choices_of({key: SETTING_NAMES[key] for key in SETTINGS}),
        default="community",
    )
    access_words = WordsField(_l("Getting in"), length_max=ACCESS_LENGTH_MAX)
    opens_on = DayField(_l("First day"), validators=[Optional()])
    closes_on = DayField(_l("Last day"), validators=[Optional()])

    def validate_closes_on(self, field: Field) -> None:
        """Refuse an end before the beginning."""
        if field.data and self.opens_on.data and field.data < self.opens_on.data:
            raise ValidationError(_l("The last day comes before the first. Change one of them."))


class RulesForm(PageForm):
    """Ground rules in the group's own words."""

    words = WordsField(
        _l("Ground rules"),
        length_max=RULES_LENGTH_MAX,
        validators=[required(_l("Write the ground rules first."))],
    )


class CreditingForm(PageForm):
    """What an hour with the group moves; shown before it counts."""

    kind = RadioField(
        _l("Where do the hours of the hosts come from?"),
        choices=choices_of({key: CREDITING_NAMES[key] for key in CREDITING_KINDS}),
        validators=[required(_l("Choose where the hours come from."))],
    )
    activity = SelectField(_l("What you do"), choices=choices_of(ACTIVITY_NAMES))
    pot_minutes = MinutesField(_l("For the pot, beside each hour of hosting"), default=0)
    credits_participants = BooleanField(_l("Those who take part get their hours as well"))
    cost_minutes = MinutesField(_l("What an hour of taking part costs"), default=0)
    is_shared_evenly = BooleanField(_l("They share the hosts’ hours equally instead"))
    applies_from_on = DayField(
        _l("For sessions from"), validators=[required(_l("Choose the first day."))]
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed through
        """Offer what part of an hour there can be, nothing included."""
        super().__init__(*args, **kwargs)
        for field in (self.pot_minutes, self.cost_minutes):
            field.choices = [(0, _l("Nothing"))]
            field.choices += [(each, hours_label(each)) for each in range(5, 61, 5)]


class SomebodyForm(PageForm):
    """A member, by first name or number; where a name fits several, one of them is chosen."""

    who = LineField(
        _l("Who?"),
        length_max=NAME_LENGTH_MAX,
        validators=[required(_l("Write a first name or a member number."))],
    )
    member_number = RadioField(_l("Which one?"), choices=[], validate_choice=False, default="")


class PartForm(PageForm):
    """What somebody does in a group."""

    part = RadioField(_l("Part"), choices=choices_of({key: PART_NAMES[key] for key in PARTS}))
    is_paid = BooleanField(_l("Is paid for it"))


class ExclusionForm(SomebodyForm):
    """Somebody stays away for a time."""

    until_on = DayField(_l("Last day"), validators=[required(_l("Choose the last day."))])
    review_on = DayField(
        _l("Look at it again on"), validators=[required(_l("Choose a day to look at it again."))]
    )
    reason = WordsField(
        _l("Why"),
        length_max=REASON_LENGTH_MAX,
        validators=[required(_l("Write why. They will read it."))],
    )


class ReviewForm(PageForm):
    """Look at a decision again: it stands for now, or ends today."""

    outcome = RadioField(
        _l("What now?"),
        choices=choices_of({"stands": _l("It stands for now"), "lifted": _l("It ends today")}),
        validators=[required(_l("Choose what happens now."))],
    )
    review_on = DayField(_l("Look at it again on"), validators=[Optional()])
    words = WordsField(
        _l("What you saw and said"),
        length_max=REASON_LENGTH_MAX,
        validators=[required(_l("Write a few words."))],
    )


class AppealForm(PageForm):
    """Ask that somebody else looks at it."""

    words = WordsField(
        _l("What should they know?"),
        length_max=REASON_LENGTH_MAX,
        validators=[required(_l("Write a few words, so that they know what to look at."))],
    )


OUTCOME_NAMES = {
    "stands": _l("It stands"),
    "shortened": _l("It ends sooner"),
    "lifted": _l("It ends today"),
}


class AnswerForm(PageForm):
    """Answer an appeal."""

    outcome = RadioField(
        _l("Your answer"),
        choices=choices_of({key: OUTCOME_NAMES[key] for key in APPEAL_OUTCOMES}),
        validators=[required(_l("Choose an answer."))],
    )
    until_on = DayField(_l("New last day"), validators=[Optional()])
    words = WordsField(
        _l("Why"),
        length_max=REASON_LENGTH_MAX,
        validators=[required(_l("Write why. They will read it."))],
    )


def offered(form: Form, name: str, choices: Any) -> None:  # noqa: ANN401 - the library's own
    """Offer these choices in a field of a form."""
    form[name].choices = choices


#: Longest time that goes into a pot or out of it at once, as the pages offer it.
POT_MINUTES_MAX = 24 * 60


class PotForm(PageForm):
    """Hours for a pot, or from it to another pot."""

    minutes = MinutesField(_l("How much?"), longest_minutes=POT_MINUTES_MAX)
    words = LineField(_l("What for?"), length_max=POT_WORDS_LENGTH_MAX)


class AskPotForm(SomebodyForm):
    """Hours out of a pot, for somebody."""

    minutes = MinutesField(_l("How much?"), longest_minutes=POT_MINUTES_MAX)
    words = LineField(
        _l("What for?"),
        length_max=POT_WORDS_LENGTH_MAX,
        validators=[required(_l("Write what it is for, so that others can decide."))],
    )


class TransferForm(PageForm):
    """Hours from a pot to another."""

    other_code = SelectField(
        _l("To which pot?"), validators=[required(_l("Choose a pot from the list."))]
    )
    minutes = MinutesField(_l("How much?"), longest_minutes=POT_MINUTES_MAX)
    words = LineField(
        _l("What for?"),
        length_max=POT_WORDS_LENGTH_MAX,
        validators=[required(_l("Write what it is for, so that others can decide."))],
    )


class PotRuleForm(PageForm):
    """How carefully a pot is looked after."""

    two_above_minutes = MinutesField(
        _l("Two people decide about more than"), longest_minutes=40 * 60, step_minutes=60
    )
    floor_minutes = MinutesField(_l("It may owe up to"), longest_minutes=40 * 60, step_minutes=60)

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed through
        """Offer nothing, too."""
        super().__init__(*args, **kwargs)
        for field in (self.two_above_minutes, self.floor_minutes):
            field.choices = [(0, _l("Nothing")), *field.choices]


class ConnectForm(PageForm):
    """What two groups agree on."""

    group_slug = SelectField(
        _l("Which group?"), validators=[required(_l("Choose a group from the list."))]
    )
    own_parts = SelectField(_l("Parts for your group"), coerce=int, default=1)
    other_parts = SelectField(_l("Parts for the other group"), coerce=int, default=1)
    mutual_minutes = MinutesField(
        _l("How far apart may the two pots be?"), longest_minutes=40 * 60, step_minutes=60
    )
    words = WordsField(_l("What you want to do together"), length_max=AGREEMENT_LENGTH_MAX)

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed through
        """Offer parts that can be divided, and no hours at all."""
        super().__init__(*args, **kwargs)
        for field in (self.own_parts, self.other_parts):
            field.choices = [(part, str(part)) for part in range(PARTS_MAX + 1)]
        self.mutual_minutes.choices = [(0, _l("Nothing")), *self.mutual_minutes.choices]

    def validate_other_parts(self, field: Field) -> None:
        """Refuse nothing to nothing."""
        if not field.data and not self.own_parts.data:
            raise ValidationError(_l("One of the two groups gets a part. Choose 1 or more."))
