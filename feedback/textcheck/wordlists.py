"""Lists of English words the text check counts. Counting them says nothing about whether they are right here."""

from __future__ import annotations

import re


def _any_of(words: str) -> re.Pattern[str]:
    """A pattern for any of ``words``, separated by bars; the longest wins."""
    longest_first = sorted(words.split("|"), key=len, reverse=True)
    return re.compile(rf"(?<![\w'’-])(?:{'|'.join(map(re.escape, longest_first))})(?![\w'’-])", re.IGNORECASE)


HEDGES = _any_of(
    "may|might|could|perhaps|possibly|probably|likely|unlikely|seem|seems|seemed|seemingly|appear|appears|appeared"
    "|apparently|suggest|suggests|suggested|indicate|indicates|indicated|tend|tends|tended|presumably|to some extent"
    "|arguably|potentially|maybe"
)
BOOSTERS = _any_of(
    "clearly|obviously|certainly|definitely|undoubtedly|of course|always|never|without doubt|no doubt|surely|proves"
    "|proven|prove|proved|indeed|in fact|must|evidently|absolutely|completely|totally|undeniably|extremely"
)
TRANSITIONS = {
    "contrast": _any_of(
        "however|although|though|nevertheless|nonetheless|whereas|in contrast|on the other hand|on the contrary"
        "|by contrast|yet|despite|in spite of|conversely|even though"
    ),
    "cause": _any_of(
        "because|therefore|thus|hence|consequently|as a result|for this reason|since|due to|accordingly|so that"
    ),
    "add": _any_of(
        "moreover|furthermore|in addition|additionally|also|besides|likewise|similarly|as well as|what is more"
    ),
    "example": _any_of("for example|for instance|such as|to illustrate|e.g|namely|in particular"),
    "close": _any_of(
        "in conclusion|to conclude|in summary|to sum up|to summarise|to summarize|overall|in short|finally|all in all"
    ),
}
ABSOLUTE = _any_of(
    "always|never|everyone|everybody|nobody|no one|proves|undoubtedly|obviously|completely|impossible|undeniably"
    "|without doubt|no doubt|everywhere|all people|every single"
)
CLAIMS = re.compile(
    r"\b(?:stud(?:y|ies)|research(?:ers)?|surveys?|scientists|experts|statistics|evidence)\s+"
    r"(?:\w+\s+)?(?:shows?|showed|shown|proves?|proved|finds?|found|says?|said|suggests?|confirms?|agree)\b"
    r"|\b(?:most|many|majority of)\s+(?:people|students|experts|scientists|teachers|parents|citizens)\b"
    r"|\b\d+(?:[.,]\d+)?\s*(?:%|per\s?cent|percent|million|billion)"
    r"|\b(?:it is (?:well )?known|everyone knows|has been (?:shown|proven|proved))\b",
    re.IGNORECASE,
)
# A form of "to be" directly before a participle. Adjectives in -ed are caught too: candidates, not a count of passives.
PASSIVE = re.compile(
    r"\b(?:am|is|are|was|were|be|been|being)\s+(?:\w+ed|"
    "made|given|shown|written|taken|seen|known|found|held|kept|led|left|lost|paid|put|read|said|sent|set|sold|spent"
    "|taught|told|thought|understood|won|built|bought|brought|caught|chosen|cut|done|drawn|driven|felt|forgotten|grown"
    r"|heard|hidden|born|borne|broken|begun|spoken|stolen|thrown|worn|laid|lent|meant|met|sought|split|spread)\b",
    re.IGNORECASE,
)
PLACEHOLDER = re.compile(
    r"\b(?:TODO|TBD|TBC|FIXME|XXX+)\b|\b[Ll]orem ipsum\b|\?\?\?+"
    r"|\[(?:insert|add|citation|source|reference|your|name|title|date|to do|tbd|\?|\.\.\.|…)[^\]\n]{0,60}\]"
    r"|<(?:insert|add|your)[^>\n]{0,60}>|\((?:source|citation|reference|page)\s*\?+\)|\b[xX]{2,}\s?%"
)
