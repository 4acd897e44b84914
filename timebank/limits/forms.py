"""Forms about limits: for everybody, for one member, and about chats."""

from werkzeug.datastructures import MultiDict
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice

from timebank.communities.errors import LimitsOutOfOrderError
from timebank.communities.models import LIMIT_MINUTES_MAX, LIMITS
from timebank.communities.names import LIMITS as LIMIT_WORDS
from timebank.communities.policy import HasLimits, Limits
from timebank.hours.models import REASON_LENGTH_MAX, OwnLimits
from timebank.limits.policy import PUT_OFF_DAYS
from timebank.web.fields import DayField, HoursField, PageForm, WordsField, required
from timebank.web.words import lazy_gettext as _l
from timebank.web.words import ngettext


def _line(name: str) -> HoursField:
    sign = -1 if name.startswith("floor") else 1
    return HoursField(LIMIT_WORDS[name], minutes_max=LIMIT_MINUTES_MAX, sign=sign)


class LimitsForm(PageForm):
    """The six lines; made with `obj=` what holds now."""

    floor_nudge_minutes = _line("floor_nudge_minutes")
    floor_soft_minutes = _line("floor_soft_minutes")
    floor_minutes = _line("floor_minutes")
    ceiling_nudge_minutes = _line("ceiling_nudge_minutes")
    ceiling_soft_minutes = _line("ceiling_soft_minutes")
    ceiling_minutes = _line("ceiling_minutes")

    def limits(self) -> Limits | None:
        """Return what was filled in; None, with a sentence beside the line, where it cannot be."""
        try:
            return Limits(**{name: self[name].minutes for name in LIMITS})
        except LimitsOutOfOrderError as refusal:
            # The line that says less comes first, on the page as in life.
            later, earlier = refusal.lower, refusal.upper
            if earlier.startswith("ceiling"):
                later, earlier = earlier, later
            self[later].errors = [
                _l(
                    "This comes after “%(earlier)s”, so write as many hours or more.",
                    earlier=LIMIT_WORDS[earlier],
                )
            ]
            return None


class OwnLimitsForm(LimitsForm):
    """Limits for one member: the community's, or their own with a reason."""

    whose = RadioField(
        _l("Which limits?"),
        choices=[
            SelectChoice("own", _l("Limits of their own")),
            SelectChoice("everybody", _l("The same as for everybody")),
        ],
        validators=[required(_l("Choose which limits hold."))],
    )
    until_on = DayField(_l("Until when?"))
    reason = WordsField(
        _l("Why?"),
        length_max=REASON_LENGTH_MAX,
        validators=[required(_l("Write why, in a sentence the member can read."))],
    )


class PutOffForm(PageForm):
    """Not now: in some days."""

    days = RadioField(
        _l("When shall we remind you?"),
        choices=[
            SelectChoice(str(days), ngettext("in %(num)d day", "in %(num)d days", days))
            for days in PUT_OFF_DAYS
        ],
        default=str(PUT_OFF_DAYS[0]),
        validators=[required(_l("Choose when."))],
    )


def shown(form_class: type[LimitsForm], row: HasLimits) -> LimitsForm:
    """Make a form that shows what holds now."""
    return form_class(formdata=None, data=_held(row), meta={"csrf": False})


def filled(form_class: type[LimitsForm], fields: MultiDict[str, str], row: HasLimits) -> LimitsForm:
    """Make a form from what was filled in, beside what holds now.

    Not protected by itself: a question changes nothing, and what does change something is protected
    by the site as a whole.
    """
    return form_class(formdata=fields, data=_held(row), meta={"csrf": False})


def own_form(
    fields: MultiDict[str, str] | None, limits: Limits, own: OwnLimits | None
) -> OwnLimitsForm:
    """Make the form for one member, with what holds for them now."""
    given = {
        "whose": "own",
        "until_on": own.until_on if own is not None else None,
        "reason": "",
    }
    return OwnLimitsForm(formdata=fields, data=limits.by_name | given)


def _held(row: HasLimits) -> dict[str, int | None]:
    return {name: getattr(row, name) for name in LIMITS}
