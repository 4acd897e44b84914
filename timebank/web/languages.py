"""Flask-Babel, finding the reader's catalogue once a request and not once a word.

A page says some two hundred sentences. For each of them Flask-Babel would write the locale out as
text to find its catalogue, and Jinja's own `_` would make the sentence into markup twice. Together
that was a third of the time of a page.
"""

from functools import cached_property
from typing import Any

import flask_babel
from babel.support import NullTranslations
from flask import Flask, g, has_app_context
from markupsafe import Markup


def catalogue() -> NullTranslations:
    """Return the catalogue of the reader's language; it stays found while the language stays."""
    if not has_app_context():
        return NullTranslations()
    found: tuple[Any, object, NullTranslations] | None = g.get("found_catalogue")
    if found is None or found[0].babel_locale is not found[1]:
        locale = flask_babel.get_locale()
        sentences = flask_babel.Domain.get_translations(flask_babel.get_domain())
        # Flask-Babel keeps the language here, and changes it while a letter is written.
        found = g.found_catalogue = (g._flask_babel, locale, sentences)  # noqa: SLF001 - as said
    return found[2]


class Sentences(flask_babel.Domain):
    """The application's catalogues, for what Flask-Babel itself asks of them."""

    def get_translations(self) -> NullTranslations:
        """Return the catalogue of the reader's language."""
        return catalogue()


class Languages(flask_babel.Babel):
    """Flask-Babel with our way of finding the catalogue, in Python and in templates."""

    def init_app(self, app: Flask, *args: object, **options: object) -> None:
        """Prepare the application."""
        super().init_app(app, *args, **options)
        app.jinja_env.globals.update(_=in_template, gettext=in_template)

    @cached_property
    def domain_instance(self) -> flask_babel.Domain:
        """The catalogues of the application."""
        return Sentences()


def in_template(text: str, /, **facts: object) -> Markup:
    """Return a sentence for a page: what stands in it is ours, and each of its facts is escaped."""
    said = Markup(catalogue().ugettext(text))  # noqa: S704 - a sentence of our own or its translation
    return said % facts if facts else said
