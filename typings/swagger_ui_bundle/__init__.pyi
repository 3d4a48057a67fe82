"""Types of the part of swagger-ui-bundle that we use: it ships none."""

from pathlib import Path

swagger_ui_path: Path
