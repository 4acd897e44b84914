"""Gettext with types. Everything that a person reads passes through one of these three.

English is the source; `timebank/translations` holds the other languages.
"""

from typing import Any, cast

import flask_babel
from flask_babel.speaklater import LazyString

from timebank.web.languages import catalogue


def gettext(text: str, /, **facts: object) -> str:
    """Return `text` in the reader's language, with `%(name)s` filled from `facts`."""
    said = str(catalogue().ugettext(text))
    return said % facts if facts else said


def ngettext(one: str, many: str, count: int, /, **facts: object) -> str:
    """Return the form that fits `count`, which is also `%(num)d`, in the reader's language."""
    return str(flask_babel.ngettext(one, many, count, **facts))


def lazy_gettext(text: str, /, **facts: object) -> str:
    """Return `text` to be translated when it is shown: for labels that are made at import.

    Typed as `str`, which it behaves as wherever text is shown.
    """
    lazy: Any = LazyString(gettext, text, **facts)
    return cast("str", lazy)
