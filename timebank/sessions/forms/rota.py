"""Forms of rotas."""

from wtforms import BooleanField, RadioField, SelectField
from wtforms.fields.choices import SelectChoice

from timebank.sessions.models import NEEDED_MAX, ROLE_NAME_LENGTH_MAX
from timebank.web.fields import LineField, PageForm, required
from timebank.web.words import lazy_gettext as _l

#: The answer of a swap that asks nobody in particular.
EVERYBODY = "everybody"


class RoleForm(PageForm):
    """What a session needs somebody for, and how many."""

    name = LineField(
        _l("What do they do?"),
        length_max=ROLE_NAME_LENGTH_MAX,
        validators=[required(_l("Write what they do, such as “Tea”."))],
    )
    needed = SelectField(
        _l("How many does it take?"),
        coerce=int,
        default=1,
        choices=[SelectChoice(number, str(number)) for number in range(1, NEEDED_MAX + 1)],
    )
    who_puts = RadioField(
        _l("Who puts names down?"),
        choices=[
            SelectChoice("own", _l("Everybody in the group their own")),
            SelectChoice("lead", _l("Only those who run the group, such as for a first aider")),
        ],
        default="own",
    )
    is_hosting = BooleanField(_l("The named host of a session has one of these places"))


class SeriesRoleForm(RoleForm):
    """A role of one of the group's series."""

    series_id = SelectField(
        _l("For which series?"), validators=[required(_l("Choose one from the list."))]
    )


class NeedForm(PageForm):
    """How many one date takes."""

    needed = SelectField(
        _l("How many on this date?"),
        coerce=int,
        choices=[SelectChoice(number, str(number)) for number in range(NEEDED_MAX + 1)],
    )


class PutDownForm(PageForm):
    """Somebody else's name for a role."""

    role = SelectField(_l("What for?"), validators=[required(_l("Choose what for."))])
    member = SelectField(_l("Who?"), validators=[required(_l("Choose a person."))])


class SwapForm(PageForm):
    """Whom to ask to take a part over."""

    asked = SelectField(_l("Whom do you ask?"), default=EVERYBODY)
