"""Conversations, notices, what people want mail about, and the tray."""

import datetime as dt
import uuid

from flask import (
    Blueprint,
    abort,
    current_app,
    flash,
    g,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from sqlalchemy.orm import Session
from wtforms.fields.choices import SelectChoice

from timebank.clock import utc_now
from timebank.communities.models import Community
from timebank.db import db
from timebank.members import queries as members
from timebank.members.models import Member
from timebank.messaging import emails, notices, policy, queries, service
from timebank.messaging.errors import (
    BadHeaderError,
    ConversationNotFoundError,
    EmptyMessageError,
    NobodyListensError,
    NothingToShareError,
)
from timebank.messaging.forms import (
    TOPIC_NAMES,
    MailChoiceForm,
    MessageForm,
    ShareForm,
)
from timebank.messaging.models import SHARED_FIELDS, TOPICS, Conversation, Message, Participant
from timebank.messaging.policy import GONE
from timebank.web import filters
from timebank.web.access import COMMUNITY_PREFIX, Access, access
from timebank.web.paging import PAGE_SIZE, cut, key_of
from timebank.web.refusals import say
from timebank.web.session import writes
from timebank.web.words import gettext as _
from timebank.web.words import lazy_gettext as _l

bp = Blueprint("messages", __name__, url_prefix=COMMUNITY_PREFIX)
mail_bp = Blueprint("mail", __name__)
blueprints = (bp, mail_bp)

MESSAGES_A_PAGE = 30
LETTERS_A_PAGE = 10
SNIPPET_LENGTH_MAX = 80
DETAILS: dict[str, str] = {"name": _l("Name"), "email": _l("E-mail"), "phone": _l("Phone")}
SHARE_WORDS: dict[str, str] = {
    "name": _l("Share my name"),
    "email": _l("Share my e-mail"),
    "phone": _l("Share my phone number"),
}

say(EmptyMessageError, _l("Write a few words first."))
say(NobodyListensError, _l("The other person has left, so nobody would read this."))
say(NothingToShareError, _l("This is not on your page yet. Add it there first, then share it."))
say(BadHeaderError, _l("This does not look like an e-mail address. Please check it."))
say(ConversationNotFoundError, _l("There is no such conversation, or it is not yours."))
notices.say("message", _l("%(name)s wrote to you about “%(title)s”."))
notices.say("message plain", _l("%(name)s wrote to you."))
notices.say("message unnamed", _l("A member wrote to you about “%(title)s”."))


# ------------------------------------------------------------------------ conversations


@bp.get("/messages")
@access(Access.MEMBER)
def index() -> ResponseReturnValue:
    """List the member's conversations, the liveliest first."""
    found = queries.summaries(
        db.session(), g.member, after=key_of(request.args.get("after")), limit=PAGE_SIZE + 1
    )
    page = cut(found, [summary.conversation.id for summary in found])
    return render_template(
        "messages/index.html",
        conversations=[_line(summary) for summary in page.rows],
        later=page.after and url_for("messages.index", after=page.after),
        coordinators=[
            {
                "words": coordinator.first_name,
                "href": url_for("messages.write", member_id=coordinator.id),
                "icon": "person",
            }
            for coordinator in members.holders(db.session(), g.community.id, policy.COORDINATOR)
            if coordinator.id != g.member.id
        ],
    )


def _line(summary: queries.Summary) -> dict[str, object]:
    names = [_name(side.is_unnamed, member) for side, member in summary.others]
    return {
        "words": ", ".join(names),
        "note": " · ".join(
            part for part in (summary.conversation.title, _snippet(summary)) if part
        ),
        "href": url_for("messages.show", conversation_id=summary.conversation.id),
        "icon": "chat-dots",
        "tag": _("New") if summary.is_unread else None,
    }


def _snippet(summary: queries.Summary) -> str:
    if summary.last is None:
        return ""
    words = summary.last.body.split("\n")[0] or _("Shared a detail")
    shortened = words if len(words) <= SNIPPET_LENGTH_MAX else f"{words[:SNIPPET_LENGTH_MAX]}…"
    return _("You: %(words)s", words=shortened) if _is_mine(summary.last) else shortened


def _is_mine(message: Message) -> bool:
    return bool(message.author_id == g.member.id)


def _name(is_unnamed: bool, member: Member) -> str:  # noqa: FBT001 - a fact, private
    return _("A member") if is_unnamed else member.first_name


@bp.route("/messages/to/<uuid:member_id>", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def write(member_id: uuid.UUID) -> ResponseReturnValue:
    """Write to a coordinator, or as one: nothing needs to be on the board for that."""
    other = _reachable(member_id)
    session = db.session()
    known = queries.conversation_between(session, g.community.id, (g.member, other), None)
    form = MessageForm()
    if not form.is_submitted():
        if known is not None:
            return _to(known)
        return render_template("messages/write.html", form=form, name=other.first_name)
    if not form.validate():
        return render_template("messages/write.html", form=form, name=other.first_name), 422
    conversation = service.begin_conversation(
        session, g.community.id, between=(g.member, other), title="", now=utc_now()
    )
    service.send(session, conversation, author=g.member, body=form.body.data, now=utc_now())
    return _to(conversation)


def _reachable(member_id: uuid.UUID) -> Member:
    """Return a member that this one may write to out of the blue."""
    other = members.get(db.session(), g.community.id, member_id)
    roles = members.roles_of(db.session(), other)
    is_there = other.id != g.member.id and other.state not in GONE
    if not (is_there and policy.may_begin(g.member, g.roles, roles)):
        abort(404)
    return other


@bp.get("/messages/<uuid:conversation_id>")
@access(Access.MEMBER)
def show(conversation_id: uuid.UUID) -> ResponseReturnValue:
    """Show a conversation, the newest message last."""
    conversation = _conversation(conversation_id)
    return _thread(conversation, MessageForm())


@bp.post("/messages/<uuid:conversation_id>")
@access(Access.MEMBER)
@writes
def send(conversation_id: uuid.UUID) -> ResponseReturnValue:
    """Write a message."""
    conversation = _conversation(conversation_id)
    form = MessageForm()
    if not form.validate():
        return _thread(conversation, form), 422
    service.send(db.session(), conversation, author=g.member, body=form.body.data, now=utc_now())
    service.mark_read(db.session(), conversation, by=g.member, now=utc_now())
    return _to(conversation)


@bp.post("/messages/<uuid:conversation_id>/share")
@access(Access.MEMBER)
@writes
def share(conversation_id: uuid.UUID) -> ResponseReturnValue:
    """Hand over one of the member's own details."""
    conversation = _conversation(conversation_id)
    form = ShareForm()
    if form.field.data not in SHARED_FIELDS:
        abort(422)
    service.share_contact(
        db.session(), conversation, by=g.member, field=form.field.data, now=utc_now()
    )
    flash(_("Shared. Only the two of you can see it."))
    return _to(conversation)


@bp.post("/messages/<uuid:conversation_id>/read")
@access(Access.MEMBER)
@writes
def read(conversation_id: uuid.UUID) -> ResponseReturnValue:
    """Mark a conversation as read."""
    conversation = _conversation(conversation_id)
    service.mark_read(db.session(), conversation, by=g.member, now=utc_now())
    return redirect(url_for("messages.index"), code=303)


def _conversation(conversation_id: uuid.UUID) -> Conversation:
    return queries.conversation(db.session(), g.community.id, conversation_id, g.member)


def _to(conversation: Conversation) -> ResponseReturnValue:
    return redirect(url_for("messages.show", conversation_id=conversation.id), code=303)


def _thread(conversation: Conversation, form: MessageForm) -> str:
    session = db.session()
    before = key_of(request.args.get("before"))
    found = queries.messages(session, conversation, before=before, limit=MESSAGES_A_PAGE + 1)
    page = cut(found, [message.id for message in found], MESSAGES_A_PAGE)
    own = queries.participant(session, conversation, g.member)
    others = queries.others(session, conversation, g.member)
    authors = {member.id: member for _side, member in others} | {g.member.id: g.member}
    names = {member.id: _name(side.is_unnamed, member) for side, member in others}
    newest = page.rows[0] if page.rows else None
    return render_template(
        "messages/show.html",
        title=", ".join(names.values()),
        conversation=conversation,
        about_url=_about_url(conversation),
        agree_url=_agree_url(conversation) if g.member.is_here else None,
        messages=[
            _bubble(message, authors[message.author_id], names.get(message.author_id, ""))
            for message in reversed(page.rows)
        ],
        earlier=page.after
        and url_for("messages.show", conversation_id=conversation.id, before=page.after),
        is_newest_page=before is None,
        is_unread=before is None and queries.is_unread(own, newest),
        is_unnamed=own.is_unnamed,
        shareable=_shareable(session, conversation, own),
        is_heard=any(member.state not in GONE for _side, member in others),
        form=form,
    )


def _about_url(conversation: Conversation) -> str | None:
    """Return the address of what a conversation is about, where there is a page for it."""
    if conversation.about_kind == "listing" and "listings.show" in current_app.view_functions:
        return url_for("listings.show", listing_id=conversation.about_id)
    return None


def _agree_url(conversation: Conversation) -> str | None:
    """Return the address where two who talk agree on help, where there is such a page."""
    if "exchanges.propose" in current_app.view_functions:
        return url_for("exchanges.propose", conversation_id=conversation.id)
    return None


def _bubble(message: Message, author: Member, name: str) -> dict[str, object]:
    if message.kind == "words":
        words: object = filters.lines(message.body)
    else:
        words = _shared_words(message, author)
    return {
        "name": name,
        "at": _at(message.sent_at),
        "words": words,
        "mine": _is_mine(message),
        "notice": message.kind == "shared",
    }


def _at(moment: dt.datetime) -> str:
    """Return when something was written: short, but with the time."""
    if filters.local(moment).date() == filters.today():
        return filters.ago(moment)
    return _("%(day)s, %(time)s", day=filters.short_day(moment), time=filters.clock_time(moment))


def _shared_words(message: Message, author: Member) -> str:
    """Say what was shared, as it stands on the author's page now."""
    detail = {"name": author.first_name, "email": author.email, "phone": author.phone}
    return _(
        "%(what)s: %(detail)s",
        what=DETAILS[message.field or ""],
        detail=detail[message.field or ""] or _("taken off the page since"),
    )


def _shareable(
    session: Session, conversation: Conversation, own: Participant
) -> list[dict[str, str]]:
    """List what the member could hand over here and has not yet."""
    shared = queries.shared_fields(session, conversation, g.member)
    if not own.is_unnamed:
        shared |= {"name"}
    details = {"name": g.member.first_name, "email": g.member.email, "phone": g.member.phone}
    return [
        {"field": field, "words": str(SHARE_WORDS[field]), "detail": details[field]}
        for field in SHARED_FIELDS
        if details[field] and field not in shared
    ]


# ------------------------------------------------------------------------------ notices


@bp.get("/me/notices", endpoint="notices")
@access(Access.MEMBER)
def notices_page() -> ResponseReturnValue:
    """List what the member was told, the newest first."""
    found = queries.notices(
        db.session(), g.member, after=key_of(request.args.get("after")), limit=PAGE_SIZE + 1
    )
    page = cut(found, [notice.id for notice in found])
    return render_template(
        "messages/notices.html",
        notices=[
            {
                "id": notice.id,
                "words": notices.words_of(notice),
                "at": filters.ago(notice.told_at),
                "is_new": notice.read_at is None,
            }
            for notice in page.rows
        ],
        has_new=any(notice.read_at is None for notice in page.rows),
        later=page.after and url_for("messages.notices", after=page.after),
    )


@bp.post("/me/notices/<uuid:notice_id>")
@access(Access.MEMBER)
@writes
def open_notice(notice_id: uuid.UUID) -> ResponseReturnValue:
    """Mark a notice as read and go where it leads."""
    notice = service.read_notice(db.session(), g.member, notice_id, now=utc_now())
    return redirect(f"/at/{g.community.slug}/{notice.path}", code=303)


@bp.post("/me/notices")
@access(Access.MEMBER)
@writes
def read_notices() -> ResponseReturnValue:
    """Mark every notice as read."""
    service.read_all_notices(db.session(), g.member, now=utc_now())
    return redirect(url_for("messages.notices"), code=303)


# -------------------------------------------------------------------------- preferences


@bp.route("/me/notifications", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def preferences() -> ResponseReturnValue:
    """Choose what to get mail about."""
    unwanted = queries.unwanted_topics(db.session(), g.member)
    topics = [topic for topic in TOPICS if topic != "work" or g.roles]
    form = MailChoiceForm(data={"topics": [topic for topic in topics if topic not in unwanted]})
    form.topics.choices = [SelectChoice(topic, TOPIC_NAMES[topic]) for topic in topics]
    if form.is_submitted():
        if not form.validate():
            return render_template("messages/preferences.html", form=form), 422
        wanted = set(form.topics.data or ()) | (set(TOPICS) - set(topics) - unwanted)
        service.choose_mail(db.session(), g.member, wanted, now=utc_now())
        flash(_("Saved."))
        return redirect(url_for("messages.preferences"), code=303)
    return render_template("messages/preferences.html", form=form)


# --------------------------------------------------------------------------------- mail


@mail_bp.get("/mail/stop/<token>")
@access(Access.ANYONE)
def stop(token: str) -> ResponseReturnValue:
    """Ask whether such mail should stop; opening the address changes nothing."""
    wish = _wish(token)
    with force_locale(_locale_of(wish)):
        return render_template("messages/stop.html", topic=TOPIC_NAMES[wish.topic], is_done=False)


@mail_bp.post("/mail/stop/<token>")
@access(Access.ANYONE)
@writes
def stop_now(token: str) -> ResponseReturnValue:
    """Stop such mail: one click in a mail program, without a cookie and without a redirect."""
    wish = _wish(token)
    member = db.session().get(Member, (wish.community_id, wish.member_id))
    if member is None:
        abort(404)
    service.stop_mail(db.session(), member, wish.topic, now=utc_now())
    with force_locale(_locale_of(wish)):
        return render_template("messages/stop.html", topic=TOPIC_NAMES[wish.topic], is_done=True)


@mail_bp.record_once
def _open_to_mail_programs(state: BlueprintSetupState) -> None:
    """Let the one-click address do without a token of ours: its signature is what protects it."""
    state.app.extensions["csrf"].exempt(f"{__name__}.{stop_now.__name__}")


def _wish(token: str) -> emails.Stop:
    wish = emails.read_stop(token)
    if wish is None:
        abort(404)
    return wish


def _locale_of(wish: emails.Stop) -> str:
    community = db.session().get(Community, wish.community_id)
    return community.locale if community else "en"


@mail_bp.get("/demo/mail")
@access(Access.ANYONE)
def tray() -> ResponseReturnValue:
    """Show the mail that the demo would have sent; nowhere but in the demo."""
    if not current_app.config["SETTINGS"].demo:
        abort(404)
    session = db.session()
    found = queries.tray(session, after=key_of(request.args.get("after")), limit=LETTERS_A_PAGE + 1)
    page = cut(found, [mail.id for mail in found], LETTERS_A_PAGE)
    return render_template(
        "messages/tray.html",
        letters=[
            {
                "to": mail.to_address,
                "at": filters.moment_words(mail.written_at),
                "letter": emails.letter_of(session, mail),
            }
            for mail in page.rows
        ],
        later=page.after and url_for("mail.tray", after=page.after),
    )
