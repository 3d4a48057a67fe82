"""Types of the part of Flask-WTF's file field that we use."""

from werkzeug.datastructures import FileStorage
from wtforms import Field

class FileField(Field):
    data: FileStorage | None
