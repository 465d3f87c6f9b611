"""Trying an assignment's setting on a text that is nobody's draft (ADR 16).

The engine knows nothing of it: a trial has a request with runs as a draft has, and its result is kept here instead of
on the desk.
"""
