"""Measurements, each a program of its own: figures are ratios within one run, never limits of a test."""
