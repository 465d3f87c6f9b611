"""The position of the draft and the steps that lead to it."""

from __future__ import annotations

import re

from deploy.demo.rules.draft import Draft, Sentence
from deploy.demo.rules.observation import Findings, Observation, Signal, clip, in_words, listed, words_of
from deploy.demo.rules.signs import OBJECTION

POSITION = re.compile(
    r"\b(I (?:argue|believe|claim|think|maintain|will show|am convinced)|this (?:essay|paper|text) (?:argues|claims|shows|"
    r"maintains|defends)|in my (?:opinion|view)|my (?:thesis|claim|position) is|we argue)\b",
    re.I,
)
ANNOUNCES = re.compile(
    r"\b(this (?:essay|paper|text|report) (?:is about|deals with|looks at|discusses|will discuss)|"
    r"I (?:will|want to|am going to) (?:write|talk) about|"
    r"(?:is|are) (?:a topic|a question|discussed)|the question of whether)\b",
    re.I,
)
DEMAND = re.compile(r"\b(should|must|ought to|needs? to|is justified|are justified)\b", re.I)
REASON = re.compile(r"\b(because|since|as (?:it|they|this)|so that|in order to|for the reason)\b", re.I)
LIMIT = re.compile(
    r"\b(provided that|only (?:works |holds )?(?:if|where|when)|unless|as long as|as far as|under the condition|on condition|"
    r"but should|only in part|is not a cure|in most cases|smaller than|it depends on|depends on)\b",
    re.I,
)
STEP = re.compile(
    r"\b(because|since|therefore|thus|as a result|for this reason|which means|hence|this means|so that)\b", re.I
)
ABSOLUTE = re.compile(
    r"\b(always|never|(?<!for )(?<!of )(?<!to )(?<!bind )(?:everyone|everybody)|nobody(?! could)|obviously|obvious|clearly|everywhere|totally|completely|undoubtedly|"
    r"worst|proves?|(?<!almost )every (?:city|country|person|student))\b",
    re.I,
)
LEAP = re.compile(r"^(This (?:shows|proves|means)|Therefore|So|Thus|It is obvious|Hence)\b")
EMPTY_REASON = re.compile(
    r"\bbecause (?:it|they|this) (?:is|are) (?:very |so )?(important|good|bad|better|necessary|simple)\b", re.I
)
BROAD_OPENING = re.compile(
    r"\b(very long time|in almost every|for (?:our )?society|in the last years|nowadays|in today's|since the beginning|"
    r"have always been|in many countries|the worst thing)\b",
    re.I,
)


def thesis(draft: Draft) -> tuple[Sentence | None, bool]:
    """The sentence that states the position, and whether it stands in the introduction."""
    opening = [s for p in draft.opening() for s in p.sentences]
    for sentence in opening:
        if sentence.has(POSITION) and not sentence.has(ANNOUNCES):
            return sentence, True
    rest = [s for s in draft.body_sentences if s not in opening]
    for sentence in rest:
        if sentence.has(POSITION) and sentence.has(DEMAND):
            return sentence, False
    if draft.body:
        for sentence in draft.body[-1].sentences:
            if sentence.has(DEMAND):
                return sentence, False
    return None, False


def look(draft: Draft) -> Findings:
    """Observations and signals about the claim and the line of reasoning."""
    seen: list[Observation] = []
    position, early = thesis(draft)
    seen += _position(draft, position, early)
    seen += _steps(draft)
    seen += _absolutes(draft)
    stepping = [p for p in draft.body if any(s.has(STEP) for s in p.sentences)]
    absolute = [s for s in draft.body_sentences if s.has(ABSOLUTE)]
    limited = [s for s in draft.body_sentences if s.has(LIMIT)]
    place = (position,) if position else ()
    reasoned = bool(position and position.has(REASON))
    share = len(stepping) / max(1, len(draft.body))
    signals = [
        Signal(
            "claim",
            1.0 if position and early else 0.45 if position else 0.0,
            (1.4, 1.3, 1.2),
            "the position stands in the introduction"
            if early
            else "the position comes late"
            if position
            else "no position found",
            place,
        ),
        Signal(
            "claim",
            float(reasoned),
            (0.5, 0.8, 1.0),
            "its main reason is given" if reasoned else "it comes without its reason",
            place,
        ),
        Signal(
            "claim",
            min(1.0, share * 1.3),
            (0.8, 0.9, 0.9),
            f"paragraphs that show the step from reason to claim: {in_words(len(stepping))} of {in_words(len(draft.body))}",
            tuple(s for p in stepping for s in p.sentences if s.has(STEP))[:2],
        ),
        Signal(
            "claim",
            min(1.0, len(limited) / 2),
            (0.2, 0.6, 1.0),
            f"limits named: {in_words(len(limited))}",
            tuple(limited[:1]),
        ),
        Signal(
            "claim",
            max(0.0, 1 - len(absolute) / 5),
            (0.3, 0.6, 0.9),
            "few sweeping statements" if len(absolute) < 3 else "several sweeping statements",
            tuple(absolute[:1]) if len(absolute) >= 3 else (),
        ),
    ]
    return seen, signals


def _position(draft: Draft, position: Sentence | None, early: bool) -> list[Observation]:
    seen: list[Observation] = []
    opening = [s for p in draft.opening() for s in p.sentences]
    announced = next((s for s in opening if s.has(ANNOUNCES)), None)
    if position and early:
        reason = REASON.search(position.text)
        if reason:
            limit = LIMIT.search(position.text)
            tail = f" and even says where it stops (“{words_of(position.text[limit.start() :], 5)}”)" if limit else ""
            after = words_of(position.text[reason.start() :], 6)
            seen.append(
                Observation(
                    "thesis_with_reason",
                    "claim",
                    "strength",
                    "thesis",
                    (
                        f"A reader knows from the start what is defended and why (“{after}”){tail}. Everything after it can be measured against this sentence.",
                        f"The introduction takes a position that could be disputed and gives its reason (“{after}”){tail}. That gives the paragraphs a line to follow.",
                        f"The position is stated early and with its reason (“{after}”){tail}, so each later paragraph can be checked against it.",
                    ),
                    "It tells readers what to look for.",
                    "Check for each paragraph which part of this sentence it supports.",
                    position,
                    clip(position.text),
                    2,
                )
            )
            if not limit:
                seen.append(
                    Observation(
                        "where_it_stops",
                        "claim",
                        "question",
                        "thesis",
                        (
                            f"The claim is clear. Is there a case in which even its author would decide otherwise, in spite of “{after}”?",
                            f"Under which condition would this claim not hold? “{after}” may be true in many cases and still not in all.",
                            f"The claim is put without a limit. In which case would “{after}” be false, and what would then remain of the argument?",
                        ),
                        "A claim that names its own limit is harder to refute.",
                        "Think of one case against the claim; if it is fair, add half a sentence beginning with “unless”.",
                        position,
                        clip(position.text),
                        1,
                        1,
                        "self_regulation",
                    )
                )
        else:
            seen.append(
                Observation(
                    "thesis_without_reason",
                    "claim",
                    "issue",
                    "thesis",
                    (
                        "The position is easy to find here. What is still missing beside it is the main reason, so a reader has to wait for the paragraphs to learn what it rests on.",
                        "This sentence takes a position but stops before its reason. A reader learns what is wanted and not yet why, so the order of the paragraphs seems accidental.",
                        "The sentence states an opinion without the reason that would make it an argument; a reader could not say what would have to be true for it to hold.",
                    ),
                    "The reason is what a reader tests; without it the position is only a preference.",
                    "Add to the claim one clause with “because” that names the strongest reason of the paragraphs.",
                    position,
                    clip(position.text),
                    2,
                )
            )
    elif announced and not early:
        late = f" The answer seems to come at the end (“{words_of(position.text, 6)}”)." if position else ""
        seen.append(
            Observation(
                "topic_not_position",
                "claim",
                "issue",
                "thesis",
                (
                    f"This sentence tells what the text is about, not yet what it argues.{late} Knowing the answer first would help a reader.",
                    f"The introduction announces a subject here instead of answering the question.{late} Until then each paragraph could belong to either side.",
                    f"“{words_of(announced.text, 6)}” names a topic, and a topic cannot be argued for.{late} What the paragraphs should prove stays open.",
                ),
                "Readers judge each reason by the claim it serves.",
                "Answer the question in one sentence of the introduction, with a “because”.",
                announced,
                clip(announced.text),
                3,
            )
        )
    elif position:
        seen.append(
            Observation(
                "late_thesis",
                "claim",
                "issue",
                "thesis",
                (
                    "Here the text finally says what it stands for, and says it well. It would carry the earlier paragraphs too if it came before them.",
                    "The answer to the question arrives only here, near the end. Read from the beginning, the paragraphs seem to report on both sides without a direction.",
                    "The claim is held back until this sentence. The paragraphs before it therefore cannot be read as reasons, because nothing has been claimed yet.",
                ),
                "An early claim turns the facts of the paragraphs into reasons for something.",
                "Move the answer into the introduction, and let the end return to it in other words.",
                position,
                clip(position.text),
                3,
            )
        )
    elif draft.body:
        seen.append(
            Observation(
                "no_thesis",
                "claim",
                "issue",
                "thesis",
                (
                    "There are several thoughts here, but no sentence in the introduction answers the question yet. One clear answer would hold the paragraphs together.",
                    "Missing: a sentence in the introduction that answers the question. The paragraphs give information, but a reader cannot tell which answer the information should support.",
                    "Missing: a claim. Neither the introduction nor the end commits to an answer that somebody could dispute, so the paragraphs have nothing to prove.",
                ),
                "Without an answer to the question there is nothing the paragraphs can be reasons for.",
                "Write the answer in one sentence of at most two lines and put it at the end of the introduction.",
                severity=3,
            )
        )
    broad = opening[0] if opening and opening[0].has(BROAD_OPENING) else None
    if broad:
        seen.append(
            Observation(
                "broad_opening",
                "claim",
                "issue",
                "introduction",
                (
                    f"The beginning (“{words_of(broad.text, 5)}”) could open many essays. A concrete case from the paragraphs below would lead to the question faster.",
                    f"“{words_of(broad.text, 6)}” is so general that it would fit almost any essay on the subject, and the question itself has to wait.",
                    f"The first sentence spends its place on a general remark (“{words_of(broad.text, 6)}”) which nobody would dispute and nothing later uses.",
                ),
                "The first sentence decides with which question in mind the rest is read.",
                "Begin with the most telling fact or scene of the draft and let the question follow from it.",
                broad,
                clip(broad.text),
                1,
                1,
            )
        )
    return seen


def _steps(draft: Draft) -> list[Observation]:
    seen: list[Observation] = []
    for paragraph in draft.body[1:]:
        for sentence in paragraph.sentences[1:]:
            if _leaps(sentence):
                before = draft.preceding(sentence)
                from_words = words_of(before.text, 6) if before else ""
                seen.append(
                    Observation(
                        "leap",
                        "claim",
                        "issue",
                        "analysis",
                        (
                            f"The thought behind this step is worth more room. Between “{from_words}” and this conclusion one link is missing that a doubtful reader would ask for.",
                            f"The step from “{from_words}” to this conclusion is large: the sentence before would have to hold in general, and that is not shown.",
                            f"This conclusion does not follow from “{from_words}”. Somebody could accept the sentence before and still reject this one.",
                        ),
                        "Doubtful readers stop at the step that is not shown.",
                        f"Write the missing link before “{words_of(sentence.text, 5)}”, or limit the statement to the case shown.",
                        sentence,
                        clip(sentence.text),
                        2,
                    )
                )
        empty = next((s for s in paragraph.sentences if s.has(EMPTY_REASON)), None)
        if empty:
            match = EMPTY_REASON.search(empty.text)
            word = match[1] if match else "important"
            seen.append(
                Observation(
                    "empty_reason",
                    "claim",
                    "issue",
                    "analysis",
                    (
                        f"The reason given here is “{word}”, which is hard to test. Earlier paragraphs contain better reasons, such as who gains and how; this sentence could use them.",
                        f"“{word.capitalize()}” carries the whole reason in this sentence, but it says neither for whom nor in what way, so a reader cannot agree or disagree with it.",
                        f"The sentence gives its own judgement as the reason: to say that something should be so because it is “{word}” repeats the claim in other words.",
                    ),
                    "A reason has to say something that the claim itself does not say yet.",
                    f"Replace “{word}” by the concrete effect that makes it so, taken from one of the paragraphs above.",
                    empty,
                    clip(empty.text),
                    2,
                )
            )
    chain = max(
        (p for p in draft.body[1:] if sum(s.has(STEP) and not _leaps(s) for s in p.sentences) >= 2),
        key=lambda p: sum(s.has(STEP) for s in p.sentences),
        default=None,
    )
    if chain:
        step = next(s for s in reversed(chain.sentences) if s.has(STEP) and not _leaps(s))
        word = (STEP.search(step.text) or ["therefore"])[0].lower()
        seen.append(
            Observation(
                "shown_step",
                "claim",
                "strength",
                "analysis",
                (
                    f"This paragraph does not only state, it reasons: “{word}” shows the step from what is known to what follows from it, and the step can be checked.",
                    f"The reasoning is visible here. With “{word}” the sentence says how the facts of the paragraph lead to the claim instead of leaving that to the reader.",
                    f"Here the step from fact to claim is written out (“{word}”), so that a reader can test the step and not only the result.",
                ),
                "A visible step lets readers follow, and lets critics say exactly where they differ.",
                "Use the same pattern, fact and then consequence, in the paragraph with the fewest such links.",
                step,
                clip(step.text),
                1,
            )
        )
    return seen


def _leaps(sentence: Sentence) -> bool:
    """A conclusion drawn in few words or for all cases at once."""
    return sentence.has(LEAP) and (sentence.has(ABSOLUTE) or len(sentence.words) <= 8)


def _absolutes(draft: Draft) -> list[Observation]:
    position, _ = thesis(draft)
    hits = [
        (s, [m.lower() for m in ABSOLUTE.findall(s.text)])
        for s in draft.body_sentences
        if s.has(ABSOLUTE) and s != position and not s.has(OBJECTION)
    ]
    if not hits:
        return []
    # Of equals the later one: a sweeping word near the conclusion weighs more than one in the opening.
    sentence, words = max(reversed(hits), key=lambda hit: len(hit[1]))
    every = list(dict.fromkeys(word for _, found in hits for word in found))[:4]
    every = [word for word in every if word != words[0]]
    others = f" The draft has more of the kind: {listed(every)}." if every else ""
    return [
        Observation(
            "absolute_words",
            "claim",
            "issue",
            "accuracy",
            (
                f"“{words[0].capitalize()}” promises more than the draft needs: one exception would be enough to answer this sentence.{others}",
                f"The word “{words[0]}” turns a likely statement into one that a single counterexample refutes.{others}",
                f"“{words[0].capitalize()}” claims a certainty the draft does not support; a critical reader looks for the exception first.{others}",
            ),
            "A careful claim is harder to refute than a sweeping one.",
            f"Look for one exception to “{words[0]}”; then say for whom, or how often, the statement holds.",
            sentence,
            clip(sentence.text),
            2 if len(hits) >= 3 else 1,
            0 if len(hits) >= 3 else 1,
        )
    ]
