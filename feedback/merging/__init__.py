"""Comments of several readings become a few notes: ``merge``."""

from feedback.merging.notes import Cluster, Member, MergedNotes, merge

__all__ = ["Cluster", "Member", "MergedNotes", "merge"]
