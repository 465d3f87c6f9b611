"""The order of the draft: introduction, paragraphs, transitions, conclusion."""

from __future__ import annotations

import re
from itertools import pairwise

from deploy.demo.rules.claim import thesis
from deploy.demo.rules.draft import Draft, Paragraph, Sentence
from deploy.demo.rules.observation import Findings, Observation, Signal, clip, in_words, listed, roughly, words_of

CONCLUDES = re.compile(
    r"\b(in conclusion|to conclude|to sum up|in summary|overall|all in all|it is therefore|should therefore|in short)\b",
    re.I,
)
TRANSITION = re.compile(
    r"^(?:The (?:first|second|third|next|last|main)|First|Second|Third|Finally|However|Moreover|Furthermore|In addition|Another|"
    r"For this reason|At the same time|On the other hand|Therefore|Nevertheless|Besides|A second|A further|One (?:may|might)|"
    r"Critics|Opponents|Supporters|Of course|In conclusion|As a result|It is therefore)\w*\b",
)
WEAK_TRANSITION = re.compile(r"^(Also|And|So|Then)\b")
DEVELOPS = re.compile(
    r"\b(for example|for instance|because|since|this means|therefore|according to|in other words)\b", re.I
)


def look(draft: Draft, *, experimental: bool = False) -> Findings:
    """Observations and signals about the order of the draft; a report has fixed parts and short ones."""
    body = draft.body
    if not body:
        return [], []
    last = body[-1]
    headed = "conclusion" in last.section
    concluded = headed or any(s.has(CONCLUDES) for s in last.sentences)
    returns = _returns_to_claim(draft, last)
    linked = [p for p in body[1:] if p.sentences[0].has(TRANSITION) or (p.section and p.section != body[0].section)]
    thin = [p for p in body[1:-1] if p.word_count < 28 and len(p.sentences) > 1]
    seen = [] if experimental else _ending(draft, last, concluded, returns) + _thin(thin)
    seen += _transitions(draft, linked)
    seen += _wandering(draft)
    signals = [
        Signal(
            "order",
            1.0 if concluded else 0.6 if returns else 0.0,
            (0.8, 1.0, 1.1),
            "a conclusion is there" if concluded else "the end returns to the claim" if returns else "no conclusion",
            (last.sentences[0],) if concluded or returns else (),
        ),
        Signal(
            "order",
            min(1.0, last.word_count / 40),
            (0.3, 0.6, 0.9),
            "the conclusion has room" if last.word_count >= 28 else "the conclusion is thin",
        ),
        Signal(
            "order",
            min(1.0, len(linked) / max(1, len(body) - 1) * 1.4),
            (0.7, 0.9, 1.0),
            f"paragraphs that begin with a link: {in_words(len(linked))} of {in_words(max(1, len(body) - 1))}",
            tuple(p.sentences[0] for p in linked[:2]),
        ),
        Signal("order", 1.0 if len(body) >= 4 else 0.4, (0.8, 0.7, 0.6), f"paragraphs: {in_words(len(body))}"),
        Signal(
            "order",
            max(0.0, 1 - len(thin) / 2),
            (0.3, 0.6, 0.9),
            "paragraphs are developed" if not thin else "a paragraph is not developed",
            tuple(p.sentences[0] for p in thin[:1]),
        ),
    ]
    return seen, signals


def _returns_to_claim(draft: Draft, last: Paragraph) -> bool:
    position, early = thesis(draft)
    if not position or not early:
        return False
    ending = frozenset().union(*(s.stems for s in last.sentences))
    return len(position.stems & ending) >= max(3, len(position.stems) // 4)


def _ending(draft: Draft, last: Paragraph, concluded: bool, returns: bool) -> list[Observation]:
    final = last.sentences[-1]
    piece = words_of(final.text, 6)
    if not concluded and not returns:
        return [
            Observation(
                "no_conclusion",
                "order",
                "issue",
                "conclusion",
                (
                    f"Missing: a conclusion. The text stops with “{piece}”, while the reasons are still fresh; a few closing sentences could gather what they show together.",
                    f"Missing: a conclusion. The last paragraph adds a further thought (“{piece}”) and stops, so what the parts amount to is left to the reader.",
                    f"Missing: a conclusion. The draft breaks off at “{piece}”; nothing draws the consequence from the paragraphs or says how far they reach.",
                ),
                "Readers take the end with them, whatever it is.",
                "Add a closing paragraph: the answer in new words, the strongest reason, and what follows from it.",
                severity=2,
            )
        ]
    if last.word_count < 24:
        return [
            Observation(
                "thin_conclusion",
                "order",
                "issue",
                "conclusion",
                (
                    "The ending is there and it fits. It could do a little more than list the reasons again, for instance say which of them matters most.",
                    "The conclusion gives its result in one breath. It does not say which of the reasons weighs most, or what should follow from them.",
                    "A line or two have to do the work of a conclusion here, and they only restate. Nothing is weighed, limited, or drawn from the paragraphs.",
                ),
                "A conclusion is the one place where the reasons can be weighed against each other.",
                "Extend the conclusion by two sentences: which reason decides the question, and when the answer holds.",
                last.sentences[0],
                clip(last.sentences[0].text),
                2,
            )
        ]
    if re.search(r"\bfurther (?:experiments|research|studies) (?:are|is) needed\b", last.text, re.I):
        return []
    marked = next((s for s in last.sentences if s.has(CONCLUDES)), last.sentences[0])
    return [
        Observation(
            "good_conclusion",
            "order",
            "strength",
            "conclusion",
            (
                f"The ending gathers the argument instead of stopping: it returns to the question and closes with a thought that stays (“{piece}”).",
                f"The conclusion answers the question of the title once more and goes one step further with “{piece}”, so the text ends on its own thought.",
                f"The last paragraph does more than repeat: from the reasons it draws a consequence (“{piece}”) that a reader can agree with or dispute.",
            ),
            "An ending that draws a consequence shows what the argument was for.",
            "Compare it with the introduction: both should promise and deliver the same claim in different words.",
            marked,
            clip(marked.text),
            1,
            1,
        )
    ]


def _transitions(draft: Draft, linked: list[Paragraph]) -> list[Observation]:
    body = draft.body
    if len(body) < 4:
        return []
    if len(linked) >= 3:
        starts = [m[0] for p in linked if (m := TRANSITION.match(p.sentences[0].text))][:3]
        if len(starts) >= 2:
            first = linked[0].sentences[0]
            return [
                Observation(
                    "signposts",
                    "order",
                    "strength",
                    "transitions",
                    (
                        f"It is easy to keep track here. Openings such as {listed(starts)} tell a reader at each paragraph where the argument has arrived.",
                        f"The paragraphs announce their place in the argument ({listed(starts)}), so that a reader can see the whole from the first words alone.",
                        f"The openings {listed(starts)} show the order. A reader could rebuild the outline of the draft from them.",
                    ),
                    "Readers who know where they are can attend to the reasons.",
                    "Let each opening name the logical link too, such as a consequence or a contrast.",
                    first,
                    clip(first.text),
                    1,
                )
            ]
    loose = [
        (before, p)
        for before, p in pairwise(body[1:])
        if p not in linked and not (p.sentences[0].stems & before.sentences[-1].stems)
    ]
    if loose and len(loose) >= 2:
        before, after = loose[0]
        first = after.sentences[0]
        weak = WEAK_TRANSITION.match(first.text)
        how = f"with “{weak[0]}” only" if weak else "without a link"
        return [
            Observation(
                "no_transition",
                "order",
                "issue",
                "transitions",
                (
                    f"A new thought begins here {how}. Half a sentence on how “{words_of(first.text, 5)}” follows from the paragraph before would guide a reader across.",
                    f"The paragraph before ends with “{words_of(before.sentences[-1].text, 5)}”, and this one begins {how}; whether it adds, contrasts or follows is left open.",
                    f"This paragraph could be exchanged with its neighbours without anyone noticing: it begins {how}, so the order carries no meaning.",
                ),
                "Its first words tell readers what to expect: more, but, or therefore.",
                "Begin the paragraph with its relation to the one before: a further reason, a contrast, a result.",
                first,
                clip(first.text),
                1,
            )
        ]
    return []


def _thin(thin: list[Paragraph]) -> list[Observation]:
    seen = []
    for paragraph in thin[:1]:
        first: Sentence = paragraph.sentences[0]
        count = in_words(len(paragraph.sentences))
        unit = "sentence" if len(paragraph.sentences) == 1 else "sentences"
        seen.append(
            Observation(
                "thin_paragraph",
                "order",
                "issue",
                "paragraph_focus",
                (
                    f"There is a good thought in this short paragraph (“{words_of(first.text, 6)}”). With {count} {unit} it has no room yet for a reason or an example.",
                    f"This paragraph states its thought in {count} {unit} and stops. Beside the longer ones “{words_of(first.text, 5)}” looks like a note for later.",
                    f"“{words_of(first.text, 6)}” is opened and closed within {count} {unit}; neither a reason nor an example shows that it is true or why it matters.",
                ),
                "A paragraph convinces by what follows its first sentence.",
                f"Give “{words_of(first.text, 5)}” a reason and an example, or move it to where it belongs.",
                first,
                clip(first.text),
                2,
                0,
            )
        )
    return seen


def _wandering(draft: Draft) -> list[Observation]:
    for paragraph in draft.body[1:]:
        if len(paragraph.sentences) < 4:
            continue
        for at in range(2, len(paragraph.sentences) - 1):
            here = frozenset().union(*(s.stems for s in paragraph.sentences[:at]))
            rest = frozenset().union(*(s.stems for s in paragraph.sentences[at:]))
            sentence = paragraph.sentences[at]
            if (
                not here & rest
                and len(rest) >= 8
                and not sentence.has(DEVELOPS)
                and not re.match(
                    r".*\b(this|these|those|it|its|they|them|their|he|she|there|thus|such|both|same|one)\b",
                    sentence.text,
                    re.I,
                )
            ):
                return [
                    Observation(
                        "two_topics",
                        "order",
                        "issue",
                        "paragraph_focus",
                        (
                            f"From “{words_of(sentence.text, 5)}” on, the paragraph turns to something new. Both thoughts are worth having; each would be easier to follow on its own.",
                            f"The paragraph begins with “{words_of(paragraph.sentences[0].text, 5)}”, but from this sentence on no word returns to it, so a reader looks for the link in vain.",
                            f"Two topics share this paragraph: what stands before “{words_of(sentence.text, 5)}” and what comes after do not have one content word in common.",
                        ),
                        "One topic for each paragraph lets readers see what every sentence is for.",
                        f"Start a new paragraph at “{words_of(sentence.text, 4)}”, or write the sentence that connects both thoughts.",
                        sentence,
                        clip(sentence.text),
                        2,
                        1,
                    )
                ]
    long = next((p for p in draft.body if p.word_count > 170), None)
    if long:
        middle = long.sentences[len(long.sentences) // 2]
        return [
            Observation(
                "long_paragraph",
                "order",
                "issue",
                "paragraph_focus",
                (
                    f"This paragraph of about {roughly(long.word_count)} words holds several thoughts. A break near “{words_of(middle.text, 5)}” would let a reader breathe.",
                    f"About {roughly(long.word_count)} words stand in one block here, and the topic of its first sentence is left behind around “{words_of(middle.text, 5)}”.",
                    f"The block of about {roughly(long.word_count)} words has no visible order; “{words_of(middle.text, 5)}” could open a paragraph of its own.",
                ),
                "A break tells readers that one thought is complete and the next begins.",
                "Note the topic of each sentence in the margin and break where it changes.",
                middle,
                clip(middle.text),
                1,
                1,
            )
        ]
    return []
