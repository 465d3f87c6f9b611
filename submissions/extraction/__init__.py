"""Reads what students hand in: completely, safely, and saying what could not be read.

``precheck`` runs in the web process and opens no parser; ``isolation.extract`` runs the readers in a limited child
process. Nothing in this package imports Django or writes the content of a file to a log.
"""
