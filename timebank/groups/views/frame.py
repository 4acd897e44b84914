"""What the pages of groups share: the blueprint, the words of refusals, who looks at what."""

from dataclasses import dataclass

from flask import Blueprint, g, redirect, url_for
from flask.typing import ResponseReturnValue

from timebank.db import db
from timebank.errors import RefusalError
from timebank.groups import errors, names, queries
from timebank.groups.errors import GroupEndedError, GroupNotFoundError
from timebank.groups.forms import SomebodyForm, choices_of
from timebank.groups.models import Group
from timebank.groups.policy import standing
from timebank.groups.policy.standing import Standing
from timebank.hours.errors import TooFewHoursError
from timebank.members import policy as members_policy
from timebank.members import queries as members
from timebank.members.models import Member
from timebank.web.access import COMMUNITY_PREFIX
from timebank.web.fields import PageForm
from timebank.web.filters import hours_label, short_day, today
from timebank.web.pages import put_beside
from timebank.web.refusals import say, turn_back, words_of
from timebank.web.words import gettext as _
from timebank.web.words import lazy_gettext as _l

bp = Blueprint("groups", __name__, url_prefix=COMMUNITY_PREFIX)
#: People to choose from where a name fits several.
CHOICES_MAX = 12

say(errors.GroupNotFoundError, _l("There is no such group here."))
say(errors.VenueNotFoundError, _l("This place is not noted here. Choose one from the list."))
say(errors.NoPartInGroupError, _l("There is no such page, or it is between other people."))
say(errors.NotYoursToRunError, _l("Only the people who run this group can do that."))
say(errors.GroupEndedError, _l("This group has come to its end. Nothing can be changed any more."))
say(errors.AlreadyInGroupError, _l("They belong to this group already."))
say(errors.NotAskedError, _l("This was settled in the meantime. Have a look at how it stands now."))
say(
    errors.LastLeadError,
    _l("Somebody has to run the group. Give this part to somebody else first."),
)
say(
    errors.SpeakToTheLeadError,
    _l("Please speak to the person who runs this group."),
)
say(
    errors.RulesChangedError,
    _l("The ground rules have just changed. Please read the new ones."),
)
say(errors.NoRulesError, _l("This group has no ground rules yet."))
say(errors.WordsMissingError, _l("Write a few words first."))
say(
    errors.RuleForThePastError,
    _l("A rule holds from today on at the earliest. What was held before stays as it was."),
)
say(errors.MoveNotFoundError, _l("There is no such page, or it is between other people."))
say(
    errors.NotYoursToDecideError,
    _l("Somebody else decides about this: nobody decides about hours for themselves."),
)
say(errors.AlreadyApprovedError, _l("Your yes is noted already. One from each person counts."))
say(
    errors.NotConnectedError,
    _l("The two groups are not connected. Connect them first, then hours can flow."),
)
say(errors.TieNotFoundError, _l("There is no such page, or it is between other groups."))
say(errors.SameGroupError, _l("This is your own group. Choose another one."))
say(
    errors.AlreadyConnectedError,
    _l("You are connected already, or one of you has asked and waits for an answer."),
)
say(errors.PlaceTakenError, _l("This place is noted already. Look for it in the list."))


@dataclass(frozen=True, slots=True)
class Seen:
    """A group as somebody sees it."""

    group: Group
    who: Standing

    @property
    def runs(self) -> bool:
        """Whether they run it."""
        return standing.may_run(self.who)


def seen(group_slug: str) -> Seen:
    """Load a group that the caller may know of, or answer 404."""
    session, on = db.session(), today()
    return Seen(*queries.seen_by(session, g.community.id, group_slug, g.member, g.roles, on=on))


def run(group_slug: str) -> Seen:
    """Load a group for a page of those who run it; for anybody else it is not there."""
    found = seen(group_slug)
    if not found.runs:
        raise GroupNotFoundError
    return found


def run_on(group_slug: str) -> Seen:
    """Load a group for a form of those who run it; nobody meets one of a group that has ended."""
    found = run(group_slug)
    check_goes_on(found.group)
    return found


def check_goes_on(group: Group) -> None:
    """Lead from a form of a group that has ended to its page."""
    if not group.is_open:
        turn_back(GroupEndedError(), to=url_for("groups.show", group_slug=group.slug))


def to_group(group: Group) -> ResponseReturnValue:
    """Go to the page of a group."""
    return redirect(url_for("groups.show", group_slug=group.slug), code=303)


def to(endpoint: str, group: Group, **values: object) -> ResponseReturnValue:
    """Go to another page of a group."""
    address = url_for(f"groups.{endpoint}", group_slug=group.slug, **values)  # type: ignore[arg-type]
    return redirect(address, code=303)


def refused(form: PageForm, refusal: RefusalError) -> None:
    """Put a refusal that the person can mend beside what they typed; pass any other on."""
    put_beside(form, refusal, sentence)


def sentence(refusal: RefusalError) -> str:
    """Return a refusal's sentence, with its figures in words."""
    if isinstance(refusal, errors.DayOutOfRangeError):
        return _(
            "Choose a day between %(first)s and %(last)s.",
            first=short_day(refusal.first),
            last=short_day(refusal.last),
        )
    if isinstance(refusal, errors.RuleDoesNotAddUpError):
        return str(names.NOT_ADDING_UP[refusal.reason])
    if isinstance(refusal, TooFewHoursError):
        return _(
            "That is %(short)s more than there is to give. Choose less.",
            short=hours_label(refusal.short_minutes),
        )
    if isinstance(refusal, errors.OverMutualLimitError):
        return _over_mutual(refusal)
    return words_of(refusal)


def _over_mutual(refusal: errors.OverMutualLimitError) -> str:
    left = refusal.mutual_minutes - refusal.out_minutes
    if left <= 0:
        return _(
            "The two groups agreed to be no further apart than %(limit)s, and that is reached. "
            "Wait until something comes back, or agree on more.",
            limit=hours_label(refusal.mutual_minutes),
        )
    return _(
        "The two groups agreed to be no further apart than %(limit)s. "
        "You can move up to %(left)s now.",
        limit=hours_label(refusal.mutual_minutes),
        left=hours_label(left),
    )


def somebody(form: SomebodyForm) -> Member | None:
    """Return whom a form means; where that is open, ask on the form and return None.

    People are found by what everybody may know of them: first name and number.
    """
    text = form.who.data or ""
    folded = members_policy.fold(text)
    number = str(members_policy.number_typed(text))
    found = [
        member
        for member in members.find(db.session(), g.community.id, text, limit=CHOICES_MAX * 4)
        if folded in members_policy.fold(member.first_name) or number == str(member.number)
    ][:CHOICES_MAX]
    chosen = [member for member in found if str(member.number) == form.member_number.data]
    exact = [
        member
        for member in found
        if members_policy.fold(member.first_name) == folded or str(member.number) == number
    ]
    if chosen or len(exact) == 1:
        return (chosen or exact)[0]
    form.member_number.choices = choices_of(
        {str(member.number): f"{member.first_name} ({member.account_code})" for member in found}
    )
    if found:
        form.member_number.errors = [_("Choose the person you mean.")]
    else:
        form.who.errors = [
            _("Nobody here is called “%(name)s”. Try the first name or the number.", name=text)
        ]
    return None
