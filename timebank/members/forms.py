"""What people fill in about themselves, and what coordinators do about others."""

import re
from typing import Any

from wtforms import BooleanField, Form, HiddenField, PasswordField, RadioField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import StopValidation

from timebank.communities.models import (
    HELP_LENGTH_MAX,
    JOINING,
    LOCALES,
    MUTUAL_HELP,
    ROUNDING_MINUTES,
    RULES_LENGTH_MAX,
    SETTING_ASIDE,
    WORDS_LENGTH_MAX,
)
from timebank.communities.models import NAME_LENGTH_MAX as COMMUNITY_NAME_LENGTH_MAX
from timebank.members.fields import area_field
from timebank.members.models import (
    ABOUT_LENGTH_MAX,
    CIRCLES,
    EMAIL_LENGTH_MAX,
    NAME_LENGTH_MAX,
    PHONE_LENGTH_MAX,
    REASON_LENGTH_MAX,
    ROLES,
)
from timebank.members.policy import FIELDS, fold_address
from timebank.web.fields import LimitField, LineField, PageForm, WordsField, required
from timebank.web.words import lazy_gettext as _l
from timebank.web.words import ngettext

_EMAIL = re.compile(r"[^\s@<>\"(),:;\\]{1,64}@[^\s@<>\"(),:;\\.\[\]]+(\.[^\s@<>\"(),:;\\.\[\]]+)+")
PHONE_DIGITS_MIN = 5

JOINING_WORDS = {
    "open": _l("Anybody joins at once"),
    "approval": _l("A coordinator says yes first"),
    "invitation": _l("Only with an invitation"),
}
MUTUAL_WORDS = {
    "even": _l("As even: no hours move"),
    "credited": _l("Each is credited with the time they gave"),
}
ASIDE_WORDS = {
    "never": _l("No: hours move when the help is confirmed"),
    "agreed": _l("Yes: they are set aside when both say yes, and move when the help is confirmed"),
}
LOCALE_WORDS = {"en": "English", "da": "Dansk", "es": "Español", "ca": "Català"}
ROLE_WORDS = {
    "coordinator": _l("Coordinator"),
    "treasurer": _l("Treasurer"),
    "auditor": _l("Auditor"),
}
CIRCLE_WORDS = {
    "me": _l("Only me"),
    "coordinator": _l("Me and the coordinators"),
    "community": _l("Everybody in the community"),
}
FIELD_WORDS = {
    "last_name": _l("Last name"),
    "area": _l("Area"),
    "email": _l("E-mail"),
    "phone": _l("Phone"),
    "about": _l("About you"),
}


def looks_like_email(_form: Form, field: Any) -> None:  # noqa: ANN401 - any field
    """Refuse what cannot be an e-mail address; empty is fine."""
    # Some characters stand for many; it is their sum that is kept and written to.
    folded = fold_address(field.data or "")
    if folded and not (_EMAIL.fullmatch(folded) and len(folded) <= EMAIL_LENGTH_MAX):
        raise StopValidation(_l("Enter an e-mail address like name@example.org."))


def looks_like_phone(_form: Form, field: Any) -> None:  # noqa: ANN401 - any field
    """Refuse what cannot be a phone number; empty is fine."""
    typed = field.data or ""
    if typed and (
        len(re.findall(r"\d", typed)) < PHONE_DIGITS_MIN or re.search(r"[^\d\s+()./-]", typed)
    ):
        raise StopValidation(_l("Enter a phone number like 020 7946 0123, or leave it empty."))


def email_field(label: str = _l("E-mail"), **more: Any) -> LineField:  # noqa: ANN401 - as LineField
    """Make a field for an e-mail address."""
    return LineField(
        label,
        length_max=EMAIL_LENGTH_MAX,
        validators=[*more.pop("validators", ()), looks_like_email],
        **more,
    )


def phone_field() -> LineField:
    """Make a field for a phone number."""
    return LineField(_l("Phone"), length_max=PHONE_LENGTH_MAX, validators=[looks_like_phone])


def first_name_field() -> LineField:
    """Make a field for what people call somebody."""
    return LineField(
        _l("First name"),
        length_max=NAME_LENGTH_MAX,
        validators=[required(_l("Enter a first name. Any name people may call you is fine."))],
    )


# ----------------------------------------------------------------------------- joining


class BeginForm(PageForm):
    """The button that begins joining."""

    invitation = HiddenField()


class NameForm(PageForm):
    """What people may call you."""

    first_name = first_name_field()


class AreaForm(PageForm):
    """The part of town."""

    area = area_field(_l("Area"))


class ContactForm(PageForm):
    """Ways to reach you, both optional."""

    email = email_field()
    phone = phone_field()


class CouldOfferForm(PageForm):
    """What you could do for others."""

    could_offer = WordsField(_l("What I could offer"), length_max=ABOUT_LENGTH_MAX)


class WouldLikeForm(PageForm):
    """What others could do for you."""

    would_like = WordsField(_l("What I would like"), length_max=ABOUT_LENGTH_MAX)


class RulesForm(PageForm):
    """The rules of the house."""

    agree = BooleanField(
        _l("Yes, I will keep to this"),
        validators=[required(_l("Tick the box if you agree. If you are not sure, ask us first."))],
    )


def _version_typed(value: object) -> int:
    """Read a version as the page sends it; 0, which no rules have, if it is none."""
    text = str(value or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0  # noqa: PLR2004 - fits an integer


class RulesReadForm(PageForm):
    """Which version of the house rules somebody read and agrees to."""

    version = HiddenField(filters=[_version_typed])


class ButtonForm(PageForm):
    """A page that has only a button."""


# ---------------------------------------------------------------------- one's own page


class DetailsForm(PageForm):
    """What a member says about themselves."""

    first_name = first_name_field()
    last_name = LineField(_l("Last name"), length_max=NAME_LENGTH_MAX)
    area = area_field(_l("Area"))
    email = email_field()
    phone = phone_field()
    about = WordsField(_l("About you"), length_max=ABOUT_LENGTH_MAX)
    could_offer = WordsField(_l("What I could offer"), length_max=ABOUT_LENGTH_MAX)
    would_like = WordsField(_l("What I would like"), length_max=ABOUT_LENGTH_MAX)

    @property
    def details(self) -> dict[str, str]:
        """The new values by field."""
        return {field.name: field.data or "" for field in self.asked}


def _circle(field: str) -> RadioField:
    return RadioField(
        FIELD_WORDS[field],
        choices=[SelectChoice(circle, CIRCLE_WORDS[circle]) for circle in CIRCLES],
        validators=[required(_l("Choose who sees this."))],
    )


class SeenByForm(PageForm):
    """Who sees what."""

    last_name_seen_by = _circle("last_name")
    area_seen_by = _circle("area")
    email_seen_by = _circle("email")
    phone_seen_by = _circle("phone")
    about_seen_by = _circle("about")

    @property
    def details(self) -> dict[str, str]:
        """The new circles by field."""
        return {f"{field}_seen_by": self[f"{field}_seen_by"].data for field in FIELDS}


class ReasonForm(PageForm):
    """Why; a coordinator's words, kept with the decision."""

    reason = LineField(_l("Why"), length_max=REASON_LENGTH_MAX)


class RefuseForm(PageForm):
    """Why somebody is not let in."""

    reason = LineField(
        _l("Why"),
        length_max=REASON_LENGTH_MAX,
        validators=[required(_l("Write why in a few words, so that others can understand later."))],
    )


class RoleForm(PageForm):
    """A role to give."""

    role = RadioField(
        _l("Role"),
        choices=[SelectChoice(role, ROLE_WORDS[role]) for role in ROLES],
        validators=[required(_l("Choose a role."))],
    )


class NewMemberForm(PageForm):
    """Somebody a coordinator adds: a first name is enough."""

    first_name = LineField(
        _l("First name"),
        length_max=NAME_LENGTH_MAX,
        validators=[required(_l("Enter a first name. Nothing else is needed."))],
    )
    last_name = LineField(_l("Last name"), length_max=NAME_LENGTH_MAX)
    area = area_field(_l("Area"))
    email = email_field()
    phone = phone_field()
    has_heard_rules = BooleanField(_l("We went through the house rules together"))
    is_new = HiddenField()

    @property
    def details(self) -> dict[str, str]:
        """What was entered, by field."""
        told = {"first_name", "last_name", "area", "email", "phone"}
        return {field.name: field.data or "" for field in self.asked if field.name in told}


# ---------------------------------------------------------------------------- signing in


class SharedForm(PageForm):
    """Whether others use this device too."""

    is_shared = BooleanField(_l("Other people use this phone or computer too"))


class LinkForm(PageForm):
    """Where to send a link."""

    email = email_field(validators=[required(_l("Enter your e-mail address."))])


class PasswordForm(SharedForm):
    """Address and password."""

    email = email_field(validators=[required(_l("Enter your e-mail address."))])
    password = PasswordField(_l("Password"), validators=[required(_l("Enter your password."))])


class CardForm(SharedForm):
    """Number and code."""

    number = LineField(
        _l("Member number"),
        length_max=20,
        validators=[required(_l("Enter the number on your card. It begins with M."))],
    )
    code = LineField(
        _l("Code"), length_max=40, validators=[required(_l("Enter the code on your card."))]
    )


class NewPasswordForm(PageForm):
    """A new password, and the present one where there is one and some time has passed."""

    password = PasswordField(_l("Your password now"))
    new_password = PasswordField(
        _l("New password"), validators=[required(_l("Enter a new password."))]
    )


# ------------------------------------------------------------------------------ settings


def _days(number: int) -> str:
    return ngettext("%(num)d day", "%(num)d days", number)


def _hours(*hours: int) -> tuple[int, ...]:
    return tuple(hour * 60 for hour in hours)


class SettingsForm(PageForm):
    """The rules of the house; made with `obj=community`."""

    name = LineField(
        _l("Name"),
        length_max=COMMUNITY_NAME_LENGTH_MAX,
        validators=[required(_l("Enter the name of your community."))],
    )
    words = WordsField(_l("About this community"), length_max=WORDS_LENGTH_MAX)
    help_words = WordsField(_l("Who to turn to"), length_max=HELP_LENGTH_MAX)
    house_rules = WordsField(_l("House rules"), length_max=RULES_LENGTH_MAX)
    joining = RadioField(
        _l("How people join"),
        choices=[SelectChoice(rule, JOINING_WORDS[rule]) for rule in JOINING],
        validators=[required(_l("Choose how people join."))],
    )
    locale = SelectField(
        _l("Language"), choices=[SelectChoice(locale, LOCALE_WORDS[locale]) for locale in LOCALES]
    )
    rounding_minutes = LimitField(_l("Time is counted in steps of"), offered=ROUNDING_MINUTES)
    exchange_minutes_max = LimitField(
        _l("One exchange is at most"), offered=_hours(2, 3, 4, 6, 8, 10, 12, 24)
    )
    confirm_days = LimitField(
        _l("No answer counts as yes after"), offered=(1, 2, 3, 5, 7, 10, 14, 21, 30), says=_days
    )
    silent_minutes_max = LimitField(
        _l("But only for help of at most"),
        offered=_hours(0, 1, 2, 3, 4, 6, 8),
        zero_words=_l("Never: somebody has to say yes"),
    )

    mutual_help = RadioField(
        _l("When two people helped each other for the same time"),
        choices=[SelectChoice(rule, MUTUAL_WORDS[rule]) for rule in MUTUAL_HELP],
        validators=[required(_l("Choose how mutual help counts."))],
    )
    setting_aside = RadioField(
        _l("Are hours set aside for what is agreed?"),
        choices=[SelectChoice(rule, ASIDE_WORDS[rule]) for rule in SETTING_ASIDE],
        validators=[required(_l("Choose if hours are set aside."))],
    )

    @property
    def settings(self) -> dict[str, object]:
        """The new values by setting."""
        return {
            field.name: field.number if isinstance(field, LimitField) else field.data or ""
            for field in self.asked
        }
