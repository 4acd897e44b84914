"""What the pages of the door share: the words of its refusals, and who may be there."""

import datetime as dt
import uuid
from dataclasses import dataclass

from flask import current_app, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from timebank.clock import utc_now
from timebank.db import db
from timebank.errors import RefusalError
from timebank.groups.errors import SpeakToTheLeadError
from timebank.groups.policy.standing import Standing, may_host, may_run
from timebank.hours.errors import AccountClosedError, TooFewHoursError, TooManyHoursError
from timebank.members import queries as members
from timebank.members.models import Member
from timebank.members.policy import fold, number_typed
from timebank.members.service.throttle import Caller, Limit, take_try
from timebank.sessions import door_names as names
from timebank.sessions import errors, queries
from timebank.sessions.errors import SessionNotFoundError
from timebank.sessions.models import KNOWN_MAX, GroupSession, SessionClosing
from timebank.sessions.queries import Held
from timebank.web.filters import clock_time, hours_label, moment_words, today
from timebank.web.refusals import say, words_of
from timebank.web.session import run_in_transaction
from timebank.web.words import gettext as _
from timebank.web.words import lazy_gettext as _l
from timebank.web.words import ngettext

say(errors.NotYoursToHoldError, _l("Only the people who hold this session can do that."))
say(errors.NotOpenError, _l("The door of this session is not open."))
say(errors.TooEarlyToOpenError, _l("This session opens on its own day."))
say(errors.NobodyOnDutyError, _l("Somebody has to be on duty. Tick who is there."))
say(
    errors.NobodyOfStaffError,
    _l("This group opens only while somebody of the staff is there. Tick who it is, or wait."),
)
say(
    errors.BoundariesNotNamedError,
    _l("Name the boundaries of the day aloud first. Then tick that you did."),
)
say(errors.RulesFirstError, _l("The ground rules come first."))
say(
    errors.TooManyKnownError,
    _l(
        "Up to %(number)d people are noted by name. Count the others with the plus.",
        number=KNOWN_MAX,
    ),
)
say(errors.NotThereError, _l("They are not noted as being there."))
say(errors.NobodyToTakeBackError, _l("Nobody is counted who could be taken back."))
say(errors.NobodyCountedError, _l("Write how many people that are, with a number that can be."))
say(
    errors.MoreFirstTimersThanPeopleError,
    _l("More people for the first time than people: that can not be. Check both numbers."),
)
say(
    errors.CodeUnknownError,
    _l("This code is none of ours. Look at the poster again, or ask at the door."),
)
say(
    errors.AlreadyClosedError,
    _l("Somebody closed this session in the meantime, and theirs counts. Nothing was done twice."),
)
say(
    errors.NotClosedYetError,
    _l("This session is not closed yet, so there is nothing to put right."),
)
say(
    errors.ChangedMeanwhileError,
    _l("Somebody came or went in the meantime. Look at the new figures, then close."),
)
say(
    errors.FewerThanKnownError,
    _l("There are %(known)d names, so there were no fewer people. Take out who was not there."),
)
say(
    errors.CountedElsewhereError,
    _l(
        "Hours have moved already for some of this time, at another session. "
        "See below whose, and write down what is left."
    ),
)
say(errors.ReasonNeededError, _l("Write why. Those whose hours change read it."))
say(
    errors.NothingToPutRightError,
    _l("Nothing would change. First say below who was there, or write another number."),
)
say(
    errors.AlreadyPartnerError,
    _l("You hold this together already, or the other group was asked and has not answered."),
)
say(errors.NoPartnerError, _l("This was settled in the meantime. Have a look at how it stands."))
say(errors.TooManyPartnersError, _l("A session is held by up to six groups."))

#: People a name is said to fit, where it fits several.
CHOICES_MAX = 6
#: Codes typed wrong, from one place. A whole hall may sit behind one.
WRONG_CODE = Limit("wrong code of the day", 30, dt.timedelta(minutes=5))
#: People who count themselves, from one place.
UNNAMED = Limit("counted without a name", 60, dt.timedelta(minutes=5))


@dataclass(frozen=True, slots=True)
class AtDoor:
    """A session as somebody sees it who may hold it."""

    held: Held
    who: Standing

    @property
    def there(self) -> GroupSession:
        """The session."""
        return self.held.session

    @property
    def runs(self) -> bool:
        """Whether they run one of its groups."""
        return may_run(self.who)


def at_door(session_id: uuid.UUID) -> AtDoor:
    """Load a session for those who hold it; for anybody else there is no such page."""
    held = queries.held(db.session(), g.community.id, session_id)
    who = queries.standing_at(db.session(), held, g.member, g.roles, today=today())
    if not may_host(who):
        raise SessionNotFoundError
    return AtDoor(held, who)


def since_closing(
    there: GroupSession, closing: SessionClosing | None, who: Standing
) -> dict[str, str] | None:
    """Return where to go where the door has noted something since the closing, for who holds it."""
    if closing is None or not may_host(who) or not queries.differs(db.session(), there, closing):
        return None
    if may_run(who):
        return {"words": _("Put it right"), "href": _address("correct", there)}
    return {"words": _("See who is noted"), "href": _address("people", there)}


def ways(
    there: GroupSession, closing: SessionClosing | None, who: Standing
) -> list[dict[str, object]]:
    """Return where those who hold a session go from its page: its door, and what it came to."""
    if not may_host(who):
        return []
    found: list[dict[str, object]] = []
    if there.state in {"planned", "open"} and not there.is_off:
        found += [
            _way("door", there, _("The door"), "door-open"),
            _way("poster", there, _("Poster with the code of the day"), "file-earmark-text"),
            _way("sheet", there, _("Sheet of paper for the door"), "journal-text"),
        ]
    if closing is not None:
        way = _way(
            "closing", there, _("What it came to"), "clipboard-check", version=closing.version
        )
        note = ngettext("%(num)d person", "%(num)d people", closing.contacts)
        found.append(way | {"note": note})
        found.append(_way("people", there, _("Who was there"), "people"))
    if may_run(who) and closing is not None:
        found.append(_way("correct", there, _("Put the closing right"), "pencil"))
    if not there.is_off:
        href = url_for("sessions.together", kind="sessions", about_id=there.id)
        found.append({"words": _("Hold it together"), "href": href, "icon": "arrow-left-right"})
    return found


def _way(
    endpoint: str, there: GroupSession, words: str, icon: str, **values: object
) -> dict[str, object]:
    return {"words": words, "href": _address(endpoint, there, **values), "icon": icon}


def _address(endpoint: str, there: GroupSession, **values: object) -> str:
    return url_for(f"sessions.{endpoint}", session_id=there.id, **values)  # type: ignore[arg-type]


def turned_away(at: AtDoor, *fits: str) -> ResponseReturnValue | None:
    """Lead on from a page that could only refuse, and say why; None where the page is of use.

    Args:
        at: The session, as whoever holds it sees it.
        fits: The states of a session in which the page is of use.
    """
    state = at.there.state
    if state in fits:
        return None
    if state == "planned":
        return to("open_session", at.there)
    flash(sentence(errors.NotOpenError(state)), "note")
    return to_session(at.there)


def to_session(there: GroupSession) -> ResponseReturnValue:
    """Go to the page of a session."""
    return redirect(session_page(there), code=303)


def session_page(there: GroupSession) -> str:
    """Return the address of a session's page."""
    return url_for("sessions.show", session_id=there.id)


def to(endpoint: str, there: GroupSession, **values: object) -> ResponseReturnValue:
    """Go to another page of the door."""
    return redirect(_address(endpoint, there, **values), code=303)


def sentence(refusal: RefusalError) -> str:
    """Return a refusal's sentence, with what it is about in words."""
    if isinstance(refusal, errors.NotOpenError):
        return str(names.NOT_OPEN.get(refusal.state, words_of(refusal)))
    if isinstance(refusal, (errors.TooEarlyToOpenError, errors.EndOutOfRangeError)):
        return _another_time(refusal)
    if isinstance(refusal, TooFewHoursError):
        return _too_few(refusal)
    if isinstance(refusal, (TooManyHoursError, AccountClosedError)):
        return _stopped(refusal)
    if isinstance(refusal, SpeakToTheLeadError):
        return lead_words()
    return words_of(refusal)


def _another_time(refusal: errors.TooEarlyToOpenError | errors.EndOutOfRangeError) -> str:
    if isinstance(refusal, errors.TooEarlyToOpenError):
        return _(
            "It is not the day yet. From %(moment)s on it can be done.",
            moment=moment_words(refusal.opens_at),
        )
    return _(
        "It began at %(start)s, and can have ended up to %(latest)s. Write a time between.",
        start=clock_time(refusal.starts_at),
        latest=clock_time(refusal.latest_at),
    )


def lead_words() -> str:
    """Return all that anybody at the door reads of somebody who stays away."""
    return _("Please speak to the person who runs this group.")


def _too_few(refusal: TooFewHoursError) -> str:
    """Say that a pot or a member can not give so much; whose balance it is only to coordinators."""
    if _is_pot(refusal.code):
        return _(
            "The pot is %(short)s short, so nothing was posted and the session stays open. "
            "Somebody can give to the pot, or those who run the group choose another rule.",
            short=hours_label(refusal.short_minutes),
        )
    return _stopped(refusal)


def _is_pot(code: str) -> bool:
    return code.startswith("G")


def _stopped(refusal: TooFewHoursError | TooManyHoursError | AccountClosedError) -> str:
    code = refusal.code
    if _is_pot(code) and isinstance(refusal, AccountClosedError) and not refusal.is_frozen:
        return _(
            "A group that held this has come to its end, so no hours go into its pot or out of it. "
            "Ask those who keep the books."
        )
    if _is_pot(code):
        return _("The pot takes and gives no hours just now. Ask those who keep the books.")
    if "coordinator" in g.roles:
        member = members.by_number(db.session(), g.community.id, int(code[1:]))
        return _(
            "The account of %(name)s is at a stop, so nothing was posted and the session stays "
            "open. Have a word with them, or write down that they were there for no time.",
            name=member.first_name,
        )
    return _(
        "Somebody who was there can not move hours just now, so nothing was posted and the "
        "session stays open. Ask a coordinator to close it: they see who it is."
    )


def whom(text: str) -> tuple[Member | None, str]:
    """Return whom a text means, and what is wrong where that is not one person.

    People are found by what everybody may know of them: first name and number.
    """
    found = [
        member
        for member in members.find(db.session(), g.community.id, text, limit=CHOICES_MAX * 8)
        if fold(member.first_name) == fold(text) or number_typed(text) == member.number
    ]
    if len(found) == 1:
        return found[0], ""
    if found:
        listed = ", ".join(member.account_code for member in found[:CHOICES_MAX])
        return None, _("Several people are called that. Write the number: %(all)s.", all=listed)
    return None, _("Nobody here is called that. Try the number.")


def take_a_try(limit: Limit) -> list[uuid.UUID]:
    """Write a try down for good, before anything is looked up.

    Raises:
        ThrottledError: If there were too many from this place.
    """
    place = Caller(request.remote_addr or "", str(current_app.secret_key).encode())
    now = utc_now()
    return run_in_transaction(lambda session: take_try(session, place, [(limit, "")], now=now))
