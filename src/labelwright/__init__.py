"""Labelwright."""
