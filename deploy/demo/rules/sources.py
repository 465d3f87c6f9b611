"""Facts, numbers and quotations, and where they come from."""

from __future__ import annotations

import re

from deploy.demo.rules import depth
from deploy.demo.rules.draft import Draft, Sentence
from deploy.demo.rules.observation import Findings, Observation, Signal, clip, in_words, words_of

AUTHOR_YEAR = re.compile(r"\(([A-Z][^()]{1,80}?),?\s+\d{4}[a-z]?(?:,[^()]*)?\)")
NAME_THEN_YEAR = re.compile(
    r"\b([A-Z][\w'’-]+(?: [A-Z][\w'’-]+)*(?:,? (?:&|and) [A-Z][\w'’-]+| et al\.)?) \(\d{4}[a-z]?\)"
)
BRACKET_NUMBER = re.compile(r"\[\d+(?:[,–-]\s*\d+)*\]")
LINK = re.compile(r"https?://\S+|\bdoi:")
ATTRIBUTED = re.compile(
    r"\b(according to|the same (?:survey|study|figures|report)|(?:this|the) (?:survey|study|report) "
    r"(?:shows?|found|finds|also|did)|table \d|figure \d)\b",
    re.I,
)
INTERPRETS = re.compile(
    r"\b(this (?:suggests|indicates|shows|means|matters|implies)|these (?:results|figures|findings)|they show|"
    r"therefore|which means|the gain|this explains|in other words|this is a reason|not by)\b",
    re.I,
)
VAGUE_AUTHORITY = re.compile(
    r"\b((?:studies|research|statistics|scientists|experts|surveys) (?:show|shows|say|says|have shown|has shown|prove|"
    r"proves|agree|found)|it is (?:known|proven|well known)|everyone knows)\b",
    re.I,
)
NUMBER = re.compile(
    r"(?<![\w.])(?!(?:1[89]|20)\d\d\b)\d[\d.,]*\s?(?:percent|per cent|%|euros?|dollars?|times|million|billion|minutes|hours|"
    r"cards|kilomet\w+|residents|of the|[a-z]+)?",
    re.I,
)
STRONG_FACT = re.compile(
    r"\b(?:the (?:biggest|main|most important|largest|only) (?:cause|reason|problem|source|part)|(?:causes?|leads? to) (?:more|less|most)|"
    r"went up|rose by|fell by|almost as much|reported that|also said)\b",
    re.I,
)
QUOTATION = re.compile(r"[“\"]([^”\"]{15,240})[”\"]")
STORY = re.compile(r"\b(I|my|he|she|his|her|would|nobody could)\b", re.I)  # or only supposed
ANECDOTE = re.compile(
    r"\b(my (?:sister|brother|mother|father|cousin|friend|class|city|school|neighbour|own experience)|in my (?:class|city|school))\b",
    re.I,
)


def cites(sentence: Sentence) -> bool:
    return any(sentence.has(p) for p in (AUTHOR_YEAR, NAME_THEN_YEAR, BRACKET_NUMBER, LINK))


def names_cited(draft: Draft) -> list[str]:
    """First words of the sources cited in the text, in order, with repetitions."""
    names = []
    for sentence in draft.body_sentences:
        for pattern in (AUTHOR_YEAR, NAME_THEN_YEAR):
            names += [re.split(r"\s+(?:&|and|et al)|,", m[1])[0].strip() for m in pattern.finditer(sentence.text)]
    return names


class Sourcing:
    """Which sentences of the draft are covered by a source."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.names = names_cited(draft)
        self.known = {name.split()[-1] for name in self.names}

    def covered(self, sentence: Sentence) -> bool:
        """Cited itself, or tied to a cited neighbour by a name or a word such as “the same study”."""
        if cites(sentence) or sentence.has(ATTRIBUTED) or self._speaks_of_known(sentence):
            return True
        before, after = self.draft.preceding(sentence), self.draft.following(sentence)
        linked = re.match(
            r"^(This|These|They|It|The same|However, the same|Most of them|Moreover|In the same)\b", sentence.text
        )
        if before and linked and (cites(before) or self._speaks_of_known(before)):
            return True
        if before and not sentence.has(NUMBER):
            earlier = self.draft.preceding(before)
            if cites(before) or (earlier and cites(earlier)):
                return True
        return bool(
            after and re.match(r"^(This|These|The) (study|survey|figures?|numbers?)\b", after.text) and cites(after)
        )

    def _speaks_of_known(self, sentence: Sentence) -> bool:
        return any(re.search(rf"\b{re.escape(name)}\b", sentence.text) for name in self.known)


def look(draft: Draft, *, own_measurements: bool) -> Findings:
    """Observations and signals about evidence. In a report on one's own measurements numbers need no source."""
    sourcing = Sourcing(draft)
    facts = [s for s in draft.body_sentences if not own_measurements and _factual(s)]
    bare = [s for s in facts if not sourcing.covered(s)]
    cited = [s for s in draft.body_sentences if cites(s)]
    explained = [s for s in cited if _explained(draft, s)]
    vague = [s for s in draft.body_sentences if s.has(VAGUE_AUTHORITY) and not cites(s)]
    quotations = [(s, m[1]) for s in draft.body_sentences for m in QUOTATION.finditer(s.text) if len(m[1].split()) >= 4]
    loose = [(s, q) for s, q in quotations if not _quotation_sourced(sourcing, s)]
    seen = (
        _numbers(bare, alone=not cited)
        + _authorities(vague)
        + _quotations(loose)
        + _explanations(draft, cited, explained)
    )
    seen += _range(draft, sourcing, cited, own_measurements) + _anecdotes(draft)
    if not own_measurements:
        seen += depth.look(draft)
    share = 1 - len(bare) / len(facts) if facts else (0.6 if cited else 0.2)
    distinct = len(set(sourcing.names))
    signals = [
        Signal(
            "evidence",
            share,
            (0.8, 1.0, 1.2),
            f"factual statements tied to a source: {in_words(len(facts) - len(bare))} of {in_words(len(facts))}",
            tuple(bare[:1]),
        ),
        Signal(
            "evidence",
            min(1.0, len(cited) / 3),
            (1.4, 1.0, 0.6),
            f"sentences citing a source: {in_words(len(cited))}",
            tuple(cited[:2]),
        ),
        Signal("evidence", min(1.0, distinct / 2), (0.4, 0.8, 1.1), f"different sources: {in_words(distinct)}"),
        Signal(
            "evidence",
            len(explained) / len(cited) if cited else 0.0,
            (0.4, 0.9, 1.1),
            f"sources whose meaning is explained: {in_words(len(explained))} of {in_words(len(cited))}",
            tuple(explained[:1]),
        ),
        Signal(
            "evidence",
            1.0 if not (loose or vague) else 0.3 if len(loose) + len(vague) == 1 else 0.0,
            (0.3, 0.7, 0.9),
            "quotations and authorities can be traced"
            if not (loose or vague)
            else "a quotation or an authority cannot be traced",
            tuple(s for s, _ in loose[:1]),
        ),
    ]
    return seen, signals


def _factual(sentence: Sentence) -> bool:
    """A statement about the world that could be looked up; a story about one person is not."""
    return (sentence.has(NUMBER) or sentence.has(STRONG_FACT)) and not sentence.has(STORY)


def _around_number(sentence: Sentence) -> str:
    """A few words beside the number of the sentence, without the number itself."""
    match = NUMBER.search(sentence.text)
    if not match:
        return words_of(sentence.text, 7)
    digits = re.match(r"[\d.,]+", match[0])
    before = sentence.text[: match.start()]
    after = sentence.text[match.start() + (digits.end() if digits else 0) :].split()
    if before.rstrip().endswith(",") or len(before.split()) < 3:
        return "… " + " ".join(after[:8]).rstrip(" ,;:.") + (" …" if len(after) > 8 else "")
    words = before.split()
    return ("… " if len(words) > 7 else "") + " ".join(words[-7:]) + " …"


def _explained(draft: Draft, sentence: Sentence) -> bool:
    after = draft.following(sentence)
    return sentence.has(re.compile(r"\b(because|since|therefore|which)\b")) or bool(
        after and (after.has(INTERPRETS) or after.has(re.compile(r"\b(because|since|therefore|however)\b", re.I)))
    )


def _quotation_sourced(sourcing: Sourcing, sentence: Sentence) -> bool:
    return cites(sentence) or sentence.has(ATTRIBUTED) or sourcing._speaks_of_known(sentence)


def _numbers(bare: list[Sentence], *, alone: bool) -> list[Observation]:
    seen = []
    ranked = sorted(bare, key=lambda s: (not s.has(re.compile(r"percent|per cent|%")), not s.has(NUMBER)))
    more = f" The same holds for {in_words(len(bare) - 1)} more." if len(bare) > 2 and not alone else ""
    for at, sentence in enumerate(ranked[:2]):
        number = sentence.has(NUMBER)
        what = "figure" if number else "statement"
        piece = _around_number(sentence)
        tail = more if at == 0 else ""
        seen.append(
            Observation(
                "bare_number" if number else "bare_fact",
                "evidence",
                "issue",
                "evidence",
                (
                    f"The {what} “{piece}” is worth having. A reader will ask where it comes from.{tail}",
                    f"“{piece}” is given as a fact, but neither this sentence nor its neighbours name a source.{tail}",
                    f"Much rests on “{piece}”, and nothing shows where it was found: an assertion so far.{tail}",
                ),
                f"A {what} convinces when it can be checked.",
                f"Give author and year for “{piece}”, or say less where there is no source.",
                sentence,
                clip(sentence.text),
                3 if at == 0 and len(bare) >= 2 and not alone else 2,
                0 if at == 0 else 1,
            )
        )
    return seen


def _authorities(vague: list[Sentence]) -> list[Observation]:
    seen = []
    for sentence in vague[:1]:
        match = VAGUE_AUTHORITY.search(sentence.text)
        words = match[0] if match else "studies show"
        seen.append(
            Observation(
                "vague_authority",
                "evidence",
                "issue",
                "source_use",
                (
                    f"“{words[0].upper() + words[1:]}” makes a reader curious: which ones, and who was asked? One named source would make this sentence much stronger.",
                    f"“{words[0].upper() + words[1:]}” borrows the weight of research without naming any, so a reader can neither find it nor judge how far it reaches.",
                    f"With “{words.lower()}” the sentence appeals to an authority that cannot be looked up; as it stands, it supports nothing.",
                ),
                "Readers trust research they can find; an unnamed crowd of experts convinces nobody who doubts.",
                "Name one study with author and year and say in half a sentence what was counted; otherwise drop the appeal.",
                sentence,
                clip(sentence.text),
                2,
            )
        )
    return seen


def _quotations(loose: list[tuple[Sentence, str]]) -> list[Observation]:
    seen = []
    for sentence, quotation in loose[:1]:
        piece = words_of(quotation, 5)
        seen.append(
            Observation(
                "loose_quotation",
                "evidence",
                "issue",
                "citation_format",
                (
                    f"The quotation “{piece}” sounds good, but it stands alone: who said it, where, and what does it add to the paragraph?",
                    f"“{piece}” is in quotation marks without a name, a year or a page, and the paragraph does not say what it is meant to show.",
                    f"Nobody is named as the author of “{piece}”. It cannot be checked, and here it replaces a reason instead of supporting one.",
                ),
                "Quotation marks promise that somebody said exactly this.",
                f"Add author, year and page to “{piece}”, and say what it shows; or use plain words.",
                sentence,
                clip(sentence.text),
                2,
            )
        )
    return seen


def _explanations(draft: Draft, cited: list[Sentence], explained: list[Sentence]) -> list[Observation]:
    seen = []
    if explained:
        sentence = max(explained, key=lambda s: (s.has(NUMBER), len(s.words)))
        after = draft.following(sentence)
        how = (
            f" and what to make of it (“{words_of(after.text, 5)}”)"
            if after and after.has(INTERPRETS)
            else " and what it means for the argument"
        )
        seen.append(
            Observation(
                "explained_source",
                "evidence",
                "strength",
                "source_use",
                (
                    f"Here a source does real work: the finding comes with its origin{how}. This part of the draft convinces most.",
                    f"The evidence is not just dropped in: a reader learns where it comes from{how}, and can check both.",
                    f"Source and interpretation stand side by side: the origin is given{how}. A reader can accept the one and question the other.",
                ),
                "Readers see where it comes from and what it shows.",
                "Treat the other facts alike: origin first, then what follows.",
                sentence,
                clip(sentence.text),
                2,
            )
        )
    silent = [s for s in cited if s not in explained and draft.following(s) is None]
    if silent:
        sentence = silent[0]
        seen.append(
            Observation(
                "silent_source",
                "evidence",
                "issue",
                "analysis",
                (
                    f"The paragraph ends with a finding (“{words_of(sentence.text, 6)}”). One more sentence on what it shows for the question would make it count.",
                    f"The source is named, but the paragraph stops there; what “{words_of(sentence.text, 6)}” shows for the claim is left to the reader.",
                    f"This finding is left to speak for itself. Somebody with another opinion could use the same sentence (“{words_of(sentence.text, 5)}”) for the opposite claim.",
                ),
                "A fact becomes evidence only when the text says what it is evidence for.",
                "After the finding, add a sentence that begins with “This shows” or “This matters because”.",
                sentence,
                clip(sentence.text),
                2,
                1,
            )
        )
    return seen


def _range(draft: Draft, sourcing: Sourcing, cited: list[Sentence], own: bool) -> list[Observation]:
    if own:
        return []
    if not cited and not any(s.has(LINK) for s in draft.body_sentences):
        return [
            Observation(
                "no_sources",
                "evidence",
                "issue",
                "evidence",
                (
                    "Missing: sources. The reasons come from experience and common sense, which is a fair start; two sources would let them carry more weight.",
                    "Missing: sources. Not one statement of the draft says where it comes from, so a reader who doubts has nothing to look up.",
                    "Missing: sources of any kind. Every factual statement in the draft rests on the reader's good will, including the ones on which the argument depends.",
                ),
                "Sources let a sceptical reader check the facts instead of having to believe them.",
                "Choose the two facts the argument needs most, find a source for each, and cite it with author and year.",
                severity=3,
            )
        ]
    if len(set(sourcing.names)) == 1 and len(cited) >= 2:
        name = sourcing.names[0]
        return [
            Observation(
                "single_source",
                "evidence",
                "question",
                "source_use",
                (
                    f"All evidence comes from {name}. Would another source say the same, or would it shift the picture a little?",
                    f"Every citation in the draft leads to {name}. What would remain of the argument for a reader who does not trust this one source?",
                    f"The draft rests on {name} alone. Which other source could confirm the finding, or contradict it?",
                ),
                "A second, independent source shows that a finding does not depend on one observer.",
                "Look for one source that was written independently and note where it agrees and where it differs.",
                cited[0],
                clip(cited[0].text),
                1,
                1,
                "self_regulation",
            )
        ]
    return []


def _anecdotes(draft: Draft) -> list[Observation]:
    for sentence in draft.body_sentences:
        match = ANECDOTE.search(sentence.text)
        if match and sentence not in draft.opening()[0].sentences:
            return [
                Observation(
                    "anecdote",
                    "evidence",
                    "question",
                    "evidence",
                    (
                        f"The example of “{match[0].lower()}” makes the paragraph lively. Is it typical, or could a reader know a case that shows the opposite?",
                        f"“{match[0].lower()}” is a single case. What would show that it stands for many and not only for itself?",
                        f"One case (“{match[0].lower()}”) carries this paragraph. Why should a reader take it as the rule and not as the exception?",
                    ),
                    "One case shows that something can happen, not that it usually does.",
                    "Keep the example as an illustration and add one source that says how common such cases are.",
                    sentence,
                    clip(sentence.text),
                    1,
                    0,
                    "self_regulation",
                )
            ]
    return []
