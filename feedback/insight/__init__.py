"""What many confirmed drafts of one assignment say: distributions, agreement with intervals, calibration (ADR 17).

Never about one draft. *Confirmed* is a draft whose feedback a person released; its level is the person's, or the
suggestion that the person let stand.
"""
