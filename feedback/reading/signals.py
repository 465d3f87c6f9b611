"""Word patterns for what a person can see as well. Signals for the queue, never a defence.

Patterns like these caught 2 of 26 attacks written after them. They cost nothing and order the queue; what protects
levels is the aggregation over models, the evidence rule and the rerun without suspect sentences.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from feedback.contract import Sentence

_READER = r"(?:ai|llm|grader|marker|reviewer|evaluator|assessor|examiner|language model|model|system|bot)s?"
_STRUCTURE = re.compile(
    r"<\|[\w ]{2,30}\|>|<｜[^｜>]{2,40}｜>|\[/?INST\]|<</?SYS>>|</?(?:start|end)_of_turn>"
    r"|</?(?:draft|essay|submission|student_text|document|rubric|system|assistant|instructions?|prompt|user|context|result|think"
    r"|thinking|function_calls|invoke|tool_(?:call|use|result)|grade|grading|evaluation|review|answer)(?: [^<>\n]{0,80})?>"
    r"|```\s*(?:system|assistant|instructions?|prompt)\b"
    r"|(?:^|\n)[ \t#*>\-=\[]{0,10}(?:system|assistant|developer|admin)(?: (?:message|prompt|note|override|notice))?\s*(?::|\n|\])"
    r"|(?:^|\n)\W{0,10}(?:(?:start|begin(?:ning)?|end) of (?:the )?(?:student(?:['’]s)? )?(?:draft|essay|submission|document|input|text)"
    r"|(?:begin|end|new|hidden) (?:system )?(?:prompt|instructions?))\W{0,10}(?=\n|\Z)"
    r"|\{\s*\"(?:schema_version|criteria|criterion_id|level)\"\s*:|\bcriterion_id\s*[:=]|\bP\d{1,3}\.S\d{1,3}\b",
    re.IGNORECASE,
)
# (words a passage begins with, how it goes on). The letters of the former let most places of a draft be passed at once.
_OPENINGS = (
    (
        "ignore|disregard|forget|override|bypass|skip",
        r"[^.!?\n]{0,40}\b(?:rubric|instructions?|criteri(?:a|on)|guidelines|prompt|descriptors?|what (?:the|your))\b",
    ),
    (
        "give|award|assign|return|respond with|output|select|choose|grant|rate|mark|score",
        r"[^.!?\n]{0,50}\b(?:highest|top|maximum|max|full|best|perfect)\b"
        r"[^.!?\n]{0,12}\b(?:levels?|marks?|scores?|grades?|points|ratings?)\b",
    ),
    (
        "give|award|assign|return|respond with|output|set|answer with|must award",
        r"[^.!?\n]{0,30}\b(?:level|stufe)\s*[:=]?\s*\d",
    ),
    ("updated|new|revised|corrected", r" (?:rubric|marking scheme|grading criteria|instructions)\b\s*[:(]"),
    (
        "rubric|marking scheme|grading criteria",
        r" (?:has|have|was|were|is|are) (?:been |now )?(?:changed|updated|replaced|revised|superseded|void|cancelled)\b",
    ),
    (
        "note|message|instructions?|attention|for|to|dear",
        r"[ :,]{1,3}(?:the |all |any |any future )?"
        r"(?:llm|ai|a\.i\.|language model|automated|automatic|machine)s?\b[ -]?(?:reviewers?|graders?|markers?|models?|systems?|assistants?|evaluators?)?\s*[:,]",
    ),
    (
        "you are",
        r" (?:now |actually )?(?:an? |the )?(?:helpful |new |lenient )?(?:assistant|reviewer|grader|ai|language model)\b",
    ),
    (
        "do not|don't|never",
        r" (?:mention|report|list|flag|point out)\b[^.!?\n]{0,30}\b(?:weakness|problem|issue|error|this)",
    ),
    ("if you", r" (?:do not|don't) give (?:me|this)\b"),
    (
        "every|each|all",
        r" criteri(?:on|a) (?:is|are) (?:automatically |already )?(?:fully )?(?:met|satisfied|achieved)\b",
    ),
)
_LETTERS = "".join(sorted({word[0] for words, _ in _OPENINGS for word in words.split("|")}))
_OPENED = "|".join(rf"(?:{words})\b{rest}" for words, rest in _OPENINGS)
_ORDERS = re.compile(
    rf"\b(?=[{_LETTERS}])(?:{_OPENED})"
    rf"|(?:^|\n)\W{{0,10}}(?:instructions?|notes?|message) (?:for|to) (?:the |all |any )?{_READER}\b"
    r"|(?:^|\n)[ \t]{0,10}(?:example \d+|reviewer(?: \d)?|(?:previous|earlier|prior|final) (?:feedback|review|assessment|evaluation|grading"
    r"|decision)(?: results?)?)\s*:.{0,120}(?:\b(?:level|status|score|all goals|approved|addressed)\b|\w\s*=\s*\d)",
    re.IGNORECASE,
)
_INTENT = r"(?:i(?: am|['’]m) (?:going to|gonna|planning to)|i will|i['’]ll|i (?:want|plan|intend|tried|have tried|wanted|wish|used) to|i might)"
_THOUGHT = r"(?:i (?:feel like|think (?:about|of)|thought (?:about|of))|i(?: have|['’]ve) been thinking (?:about|of)|i(?: am|['’]m) thinking (?:about|of))"
_PEOPLE = r"(?:school|class|teachers?|students|classmates|everyone|everybody|them all)"
_RELATIVE = r"my (?:step)?(?:father|mother|dad|mum|mom|uncle|brother|boyfriend|husband|partner)"
_CONCERN = re.compile(
    rf"\b{_INTENT}\s+(?:\w+\s+){{0,3}}(?:kill|hurt|harm|cut|hang|shoot) (?:myself|me\b)"
    rf"|\b{_INTENT}\s+(?:end|take) my (?:own )?life\b|\b{_INTENT}\s+(?:\w+\s+)?commit suicide\b"
    rf"|\b{_THOUGHT}\s+(?:killing|hurting|harming|cutting|hanging) myself\b|\b{_THOUGHT}\s+(?:suicide\b(?! rates?)|ending my life\b)"
    r"|\bi (?:\w+ )?(?:cut|hurt|harm|burn|starve) myself\b(?! (?:while|shaving|cooking|on|with))"
    r"|\bi (?:do not|don['’]t) want to (?:live|be alive|exist|be here)(?: any ?more| any longer)\b|\bi (?:do not|don['’]t) want to (?:live|be alive)\s*[.!,;]"
    r"|\bi want to die\b(?! (?:laughing|of (?:laughter|shame|boredom|embarrassment)))|\bi wish i (?:was|were) dead\b"
    r"|\bno reason (?:for me )?to (?:go on living|keep living|live)\b"
    rf"|\b{_INTENT}\s+(?:bring|take|carry|use)\b(?! the\b)[^.!?\n]{{0,40}}\b(?:gun|rifle|pistol|bomb|weapon)s?\b|\bi have a (?:gun|rifle|pistol|bomb)\b"
    rf"|\b{_INTENT}\s+(?:bring|take|carry)\b(?![^.!?\n]*\b(?:cake|bread|fruit|cook\w*|art)\b)[^.!?\n]{{0,40}}\b(?:knife|knives)\b[^.!?\n]{{0,20}}\b(?:school|class)\b"
    rf"|\b{_INTENT}\s+(?:kill|shoot|stab|bomb|blow up)\b[^.!?\n]{{0,40}}\b{_PEOPLE}\b|\b{_INTENT}\s+attack (?:the |my |this )?{_PEOPLE}\b"
    rf"|\b{_RELATIVE} (?:still |often |always )?(?:hits|beats|rapes|abuses|molests) me\b(?! (?:at (?!home|night)|in|to|by|with an? (?:smile|question|idea|argument)))"
    r"|\b(?:he|she) (?:still |often |always )?(?:rapes|abuses|molests) me\b|\b(?:he|she) (?:still |often |always )?(?:hits|beats) me(?= (?:when|if|every|at home|at night|again|until)|\s*[.!,;])"
    r"|\bi(?: am|['’]m| was| get| have been) (?:being )?(?:abused|raped|molested|beaten at home)\b"
    r"|\bich (?:will|möchte) (?:nicht mehr leben|sterben)\b|\bich (?:will|werde|möchte) mich (?:umbringen|töten)\b|\bich (?:ritze|verletze) mich\b"
    r"|\bno quiero (?:vivir|seguir viviendo)\b|\bquiero (?:morir(?:me)?|matarme)\b|\bje ne veux plus vivre\b|\bje veux (?:mourir|me suicider)\b",
    re.IGNORECASE,
)
# The long pattern is tried only on sentences that hold one of these.
_GRAVE = re.compile(
    r"\b(?:kill|hurt|harm|cut|hang|shoot|life\b|suicid|living|live\b|alive|exist|be here|die\b|dead\b|starve|burn|guns?\b|rifle|pistol"
    r"|bomb|weapon|kni[fv]e|stab|blow up|attack|hits\b|beats\b|rape|abuse|molest|beaten|leben|sterben|umbringen|töten|ritze|verletze"
    r"|vivir|morir|matarme|viviendo|vivre|mourir)",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[\"“„«][^\"“”„«»\n]*[\"”»]")


def speaks_to_reviewer(text: str, sentences: Sequence[Sentence]) -> tuple[str, ...]:
    """Ids of sentences that look like orders to a reviewer or like parts of a prompt, in order."""
    return _touched(sentences, sorted((*_hits(_STRUCTURE, text), *_hits(_ORDERS, text))))


def imitates_a_prompt(text: str, sentences: Sequence[Sentence]) -> tuple[str, ...]:
    """Ids of sentences that hold chat tokens, forged delimiters or a forged answer: no ordinary writing does."""
    return _touched(sentences, _hits(_STRUCTURE, text))


@lru_cache(maxsize=32)
def _hits(pattern: re.Pattern[str], text: str) -> tuple[tuple[int, int], ...]:
    """Where ``pattern`` is found; every reading of the same draft asks again."""
    return tuple(match.span() for match in pattern.finditer(text))


def _touched(sentences: Sequence[Sentence], hits: Sequence[tuple[int, int]]) -> tuple[str, ...]:
    if not hits:
        return ()
    found: list[str] = []
    reached = 0  # hits before this one end before the sentence starts
    for sentence in sentences:
        while reached < len(hits) and hits[reached][1] <= sentence.start:
            reached += 1
        if reached < len(hits) and hits[reached][0] < sentence.end:
            found.append(sentence.id)
    return tuple(found)


def speaks_of_danger(sentences: Sequence[Sentence]) -> tuple[str, ...]:
    """Ids of sentences in which the writer, in the first person and not in a quotation, announces or reports harm."""
    return tuple(s.id for s in sentences if _GRAVE.search(s.text) and _CONCERN.search(_QUOTED.sub(" ", s.text)))
