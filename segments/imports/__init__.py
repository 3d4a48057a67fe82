"""Imports of CSV files: friends, products and purchases, line by line, with a reason for every line refused."""

from segments.imports.friends import import_friends
from segments.imports.ledger import ImportReport, Refusal
from segments.imports.options import Decimals, ImportOptions, Phase
from segments.imports.products import import_products
from segments.imports.purchases import import_purchases
from segments.imports.refusals import harmless, refused_lines, write_refusals
from segments.imports.run import Cancelled, Progress
from segments.imports.words import reason_words

__all__ = [
    "Cancelled",
    "Decimals",
    "ImportOptions",
    "ImportReport",
    "Phase",
    "Progress",
    "Refusal",
    "harmless",
    "import_friends",
    "import_products",
    "import_purchases",
    "reason_words",
    "refused_lines",
    "write_refusals",
]
