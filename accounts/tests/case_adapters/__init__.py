"""Adapters that judge case files about accounts."""
