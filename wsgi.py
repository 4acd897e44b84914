"""The application for any WSGI server: `gunicorn wsgi:app`. Nothing imports this file."""

from timebank.app import served_app

app = served_app()
