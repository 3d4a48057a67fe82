"""Whole lives, played through real HTTP, workers and databases."""
