"""LINE's own paths, one module for each part of its API."""
