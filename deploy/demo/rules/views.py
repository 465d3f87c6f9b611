"""Other views: whether an objection is there, how fairly it is put, and whether it is answered."""

from __future__ import annotations

import re

from deploy.demo.rules.draft import Draft, Paragraph, Sentence
from deploy.demo.rules.observation import Findings, Observation, Signal, clip, words_of
from deploy.demo.rules.signs import OBJECTION
from deploy.demo.rules.sources import NUMBER, cites

VAGUE_OPPONENT = re.compile(r"\b(some people|others|they say|many people|it could be said)\b", re.I)
REPLY = re.compile(
    r"^(but|yet|however|nevertheless|still|even so|that said|this is true|in reply)\b|\b(overlooks|however|yet the|nevertheless)\b",
    re.I,
)
CONCEDES = re.compile(
    r"\b(this is true|is right|is serious|has weight|is real|strongest argument|fair point|is understandable|for this reason|at first sight)\b",
    re.I,
)
GROUNDS = re.compile(
    r"\b(because|since|for example|in fact|as long as|depends on|a reason to|even (?:fell|rose)|(?:fell|rose) by|which means|so that)\b",
    re.I,
)


def look(draft: Draft) -> Findings:
    """Observations and signals about objections."""
    found = [(p, s) for p in draft.body for s in p.sentences if s.has(OBJECTION)]
    if not found:
        return _missing(), [Signal("views", 0.0, (1, 1, 1), "no other view appears")]
    paragraph, objection = found[0]
    reply = _reply(paragraph, objection)
    grounded = any(s.has(GROUNDS) or s.has(NUMBER) or cites(s) for s in reply)
    conceded = any(s.has(CONCEDES) for p, _ in found for s in p.sentences)
    answered = bool(reply) and (any(s.has(REPLY) for s in reply) or len(reply) >= 2)
    vague = objection.has(VAGUE_OPPONENT)
    weight = min(1.0, sum(len(s.words) for p in {id(p): p for p, _ in found}.values() for s in p.sentences) / 70)
    signals = [
        Signal("views", 1.0, (1.5, 0.7, 0.3), "an objection is mentioned", (objection,)),
        Signal(
            "views",
            0.0 if not answered else 1.0 if grounded else 0.65 if sum(len(s.words) for s in reply) >= 25 else 0.4,
            (0.6, 1.2, 1.5),
            "it is answered with a reason"
            if answered and grounded
            else "it is answered by assertion"
            if answered
            else "it is not answered where it stands",
            tuple(reply[:1]),
        ),
        Signal(
            "views",
            0.3 if vague else 1.0,
            (0.1, 0.4, 0.7),
            "nobody is named who holds it" if vague else "it is clear who holds it",
        ),
        Signal("views", weight, (0.3, 0.6, 0.8), "it has room" if weight > 0.7 else "it has little room"),
        Signal(
            "views",
            float(conceded),
            (0.3, 0.5, 0.9),
            "its weight is admitted" if conceded else "nothing is granted to it",
        ),
    ]
    if answered and grounded:
        return _answered(objection, reply, conceded), signals
    return _unanswered(objection, reply, answered), signals


def _reply(paragraph: Paragraph, objection: Sentence) -> list[Sentence]:
    at = [s.id for s in paragraph.sentences].index(objection.id)
    after = list(paragraph.sentences[at + 1 :])
    while after and (after[0].has(re.compile(r"^(others|they say|they also)\b", re.I)) or after[0].has(OBJECTION)):
        after = after[1:]
    return after


def _missing() -> list[Observation]:
    return [
        Observation(
            "no_other_view",
            "views",
            "issue",
            "counterargument",
            (
                "Missing: another view. Somebody who disagrees would find no place in this text yet; meeting their best objection would show how much the argument can bear.",
                "Missing: an objection. The draft speaks as if nobody disagreed, so a doubtful reader will supply the counterargument and find no answer to it.",
                "Missing: any other view. The argument has not been tested against the person who holds the opposite, and a reader cannot tell whether it would survive.",
            ),
            "An argument that has met its strongest objection convinces readers who began by doubting.",
            "Write down the best reason a well-informed opponent would give, then answer it in three or four sentences.",
            severity=3,
        )
    ]


def _unanswered(objection: Sentence, reply: list[Sentence], answered: bool) -> list[Observation]:
    piece = words_of(objection.text, 7)
    if answered:
        answer = words_of(next((s for s in reply if s.has(REPLY)), reply[0]).text, 7)
        argued = sum(len(s.words) for s in reply) >= 25
        return [
            Observation(
                "asserted_reply",
                "views",
                "issue",
                "counterargument",
                (
                    f"The other side may speak here. The answer (“{answer}”) is short; a reason or an example would let it meet the objection fully.",
                    f"The objection is raised, but “{answer}” sets another statement against it instead of a reason, so both stand side by side undecided.",
                    f"The objection (“{piece}”) is waved aside with “{answer}”. Nothing shows that the answer outweighs it.",
                ),
                "An objection that is only contradicted stays in the reader's mind.",
                "Say what is right about the objection, then give the reason that outweighs it.",
                objection,
                clip(objection.text),
                severity=1 if argued else 2,
                noticed_from=1 if argued else 0,
            )
        ]
    return [
        Observation(
            "unanswered_objection",
            "views",
            "issue",
            "counterargument",
            (
                f"Good that the other side has a voice here (“{piece}”). The text then moves on; two sentences of answer would turn this into a strength.",
                f"The objection “{piece}” is stated and then left. The paragraph ends, or turns to something else, before the draft says why its claim still holds.",
                f"An objection without an answer works against the draft: after “{piece}” a reader has been given a reason to disagree and none to return.",
            ),
            "Readers remember an unanswered objection longer than the reasons before it.",
            "After the objection, continue with “However” and the strongest reason or fact against it.",
            objection,
            clip(objection.text),
            3,
        )
    ]


def _answered(objection: Sentence, reply: list[Sentence], conceded: bool) -> list[Observation]:
    answer = next((s for s in reply if s.has(REPLY)), reply[0])
    granted = "admits what is right about it" if conceded else "takes it up"
    piece = words_of(answer.text, 6)
    return [
        Observation(
            "answered_objection",
            "views",
            "strength",
            "counterargument",
            (
                f"The other side is treated fairly: the draft states the objection, {granted}, and answers with a reason (“{piece}”). That builds trust.",
                f"The paragraph does what many avoid. It puts an objection into words, {granted}, and replies with grounds (“{piece}”) instead of contradiction.",
                f"The objection is met on its own ground: the draft {granted} and answers with a reason (“{piece}”), so the claim comes out more precise than before.",
            ),
            "A claim that has answered its critics is worth more.",
            "Check whether an even stronger objection exists.",
            answer,
            clip(answer.text),
            3,
        )
    ]
