"""The application for any WSGI server: `gunicorn wsgi:app`. Nothing imports this file."""

import os

from timebank.app import create_app
from timebank.config import Settings

app = create_app(Settings.from_environ(os.environ))
