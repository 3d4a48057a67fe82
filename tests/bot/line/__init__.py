"""Tests of all that speaks to LINE."""
