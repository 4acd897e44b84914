"""The four groups of pages of this context."""

from flask import Blueprint

from timebank.web.access import COMMUNITY_PREFIX

communities = Blueprint("communities", __name__)
members = Blueprint("members", __name__, url_prefix=COMMUNITY_PREFIX)
joining = Blueprint("joining", __name__, url_prefix=f"{COMMUNITY_PREFIX}/join")
signin = Blueprint("signin", __name__)
EVERY = (communities, members, joining, signin)
