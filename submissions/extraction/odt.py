"""Reads OpenDocument text by walking its XML in reading order (stub until written)."""
