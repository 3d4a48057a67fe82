"""Tests of the middle floor."""
