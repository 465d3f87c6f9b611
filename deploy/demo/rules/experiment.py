"""Reports on one's own measurements: aim, method, results with their uncertainty, discussion."""

from __future__ import annotations

import re

from deploy.demo.rules.draft import Draft, Sentence
from deploy.demo.rules.observation import Findings, Observation, Signal, clip, words_of

AIM = re.compile(r"\b(aim|examines|investigates|hypothesis|research question|we expect|I expect|expected)\b", re.I)
REASON = re.compile(r"\b(because|since|so that|according to)\b", re.I)
ONCE = re.compile(r"\b(done once|only once|a single (?:run|measurement)|was not repeated|one measurement)\b", re.I)
REPEATED = re.compile(r"\b(repeated|three times|five times|each (?:was )?measured (?:twice|three)|mean of)\b", re.I)
CONSTANT = re.compile(r"\b(equal|the same|constant|kept at|room was at)\b", re.I)
UNIT = re.compile(r"\d\s?(?:°C|ml|cm|mm|kg|g|s|min|minutes|seconds|degrees|V|A|K|percent|%)(?!\w)", re.I)
UNCERTAINTY = re.compile(r"(±|\b(?:uncertaint\w+|standard deviation|error of|accura\w+|accurate to)\b)", re.I)
WHOLE_UNITS = re.compile(r"\bwhole (?:degrees|units|numbers)|\bnearest (?:degree|unit)", re.I)
PROVES = re.compile(r"\b(proves?|proven|always|certainly)\b", re.I)
ERROR = re.compile(r"\b(closer|may have|might have|error|limitation|disturbed|not exactly|whole degrees)\b", re.I)
DIRECTION = re.compile(
    r"\b(too (?:high|low|fast|slow|large|small)|overestimat\w+|underestimat\w+|would make|therefore the)\b", re.I
)
CONFOUND = re.compile(r"\b(cannot be separated|two (?:causes|effects)|also removed|at the same time)\b", re.I)
NEEDED = re.compile(r"\bfurther (?:experiments|research|studies) (?:are|is) needed\b", re.I)


def look(draft: Draft) -> Findings:
    """Observations and signals about an experiment and its report."""

    def find(pattern: re.Pattern[str]) -> list[Sentence]:
        return [s for s in draft.body_sentences if s.has(pattern)]

    aims, once, constant = find(AIM), find(ONCE), find(CONSTANT)
    units, uncertainty, whole = find(UNIT), find(UNCERTAINTY), find(WHOLE_UNITS)
    errors = [s for s in find(ERROR) if "discussion" in _section(draft, s) or not _section(draft, s)]
    directed = [s for s in errors if s.has(DIRECTION)]
    tables = [p for p in draft.paragraphs if p.role == "table"]
    hypothesis = next((s for s in aims if "hypothes" in s.text.lower()), None)
    seen: list[Observation] = []
    if hypothesis and hypothesis.has(REASON):
        seen.append(
            Observation(
                "reasoned_hypothesis",
                "aim",
                "strength",
                "method",
                (
                    f"The report says before measuring what it expects and why (“{words_of(hypothesis.text, 7)}”). That turns the measurements into an answer.",
                    "The hypothesis comes with its reason, so the results can support or contradict an idea and not only a guess.",
                    "An expectation with a reason is stated before the measurements, and it could turn out false; that is what makes the results worth reporting.",
                ),
                "A hypothesis with a reason lets the result say something about the theory behind it.",
                "Add the direction or size of the difference that is expected, so that the results can be compared with it.",
                hypothesis,
                clip(hypothesis.text),
                2,
            )
        )
    if once:
        seen.append(
            Observation(
                "measured_once",
                "method",
                "issue",
                "method",
                (
                    "It is honest to say so. With a second and third round the report could show how much the values differ by chance.",
                    "Since nothing was repeated, a reader cannot tell whether the differences between the set-ups are larger than those between two rounds of the same one.",
                    "Without repetition no difference in the results can be told from chance, and the discussion treats all of them as real.",
                ),
                "Repetition is the only way to see how large differences are that have no cause.",
                "Repeat each condition at least twice, or say in the discussion which differences are too small to rely on.",
                once[0],
                clip(once[0].text),
                3,
            )
        )
    if not uncertainty and units:
        ground = whole[0] if whole else None
        seen.append(
            Observation(
                "no_uncertainty",
                "results",
                "issue",
                "accuracy",
                (
                    "The values are complete and easy to read. How exact they are is said only in passing; a reader would like to see it beside the results.",
                    "Nothing says how uncertain the values are, although the results are compared with each other. The resolution of the instrument alone sets a limit.",
                    "The results are compared without any statement of their uncertainty, so it stays open whether the differences exceed what the instrument can show.",
                ),
                "Two values differ only if their difference is larger than their uncertainty.",
                "State the uncertainty of one reading and carry it into the differences that are compared.",
                ground,
                clip(ground.text) if ground else "",
                2,
            )
        )
    bold = find(PROVES)
    if bold:
        match = PROVES.search(bold[0].text)
        word = match[0].lower() if match else "proves"
        seen.append(
            Observation(
                "proves_too_much",
                "discussion",
                "issue",
                "analysis",
                (
                    f"The observation is a good one. “{word.capitalize()}” says more than one series of measurements can show, though; “suggests” would be safer here.",
                    f"With “{word}” this sentence goes beyond the data: one curve under one set of conditions supports the statement but does not settle it.",
                    f"“{word.capitalize()}” turns a single observation into a general law, which the measurements of this report cannot carry.",
                ),
                "Conclusions are convincing when they go exactly as far as the measurements.",
                f"Replace “{word}” by what was seen, name the cup and the period, and say what would be needed for the general statement.",
                bold[0],
                clip(bold[0].text),
                2,
            )
        )
    if errors and not directed:
        error = next((s for s in errors if re.search(r"may have|closer", s.text)), errors[0])
        seen.append(
            Observation(
                "error_without_effect",
                "discussion",
                "question",
                "analysis",
                (
                    f"A careful observation (“{words_of(error.text, 6)}”). In which direction would it have changed the results, and does the answer survive it?",
                    f"The source of error is named (“{words_of(error.text, 6)}”), but not its effect: did it make a difference look larger or smaller than it is?",
                    f"Listing an error (“{words_of(error.text, 5)}”) is half of the work. Which of the reported differences would become doubtful because of it?",
                ),
                "An error matters by its direction and size, not by being mentioned.",
                "Add one sentence on whether the error makes the main difference too large or too small.",
                error,
                clip(error.text),
                2,
                0,
                "self_regulation",
            )
        )
    confound = find(CONFOUND)
    if confound:
        seen.append(
            Observation(
                "names_confound",
                "discussion",
                "strength",
                "analysis",
                (
                    "Here the report looks behind its own result and sees that two causes act at once. That is the most valuable thought of the discussion.",
                    "The discussion notices that two influences cannot be told apart with this set-up, and says so, instead of choosing the more convenient one.",
                    "Naming what the set-up cannot separate limits the result exactly where it has to be limited.",
                ),
                "Knowing what a set-up cannot show is the beginning of a better one.",
                "Suggest one change of the set-up that would separate the two causes.",
                confound[0],
                clip(confound[0].text),
                2,
            )
        )
    needed = find(NEEDED)
    if needed:
        seen.append(
            Observation(
                "which_experiment",
                "discussion",
                "issue",
                "conclusion",
                (
                    "The door to further work is open here; naming the very next experiment would show what was learned from this one.",
                    "“Further experiments” could end any report. The discussion already contains the reason for a particular one, and the conclusion does not use it.",
                    "This sentence says nothing about the experiment that was done: it would fit any report, whatever the results had been.",
                ),
                "The next experiment shows what the last one left open.",
                "Name the one experiment that would decide the open question of the discussion, and what it would keep constant.",
                needed[0],
                clip(needed[0].text),
                2,
            )
        )
    signals = [
        Signal(
            "aim",
            1.0 if hypothesis and hypothesis.has(REASON) else 0.5 if aims else 0.0,
            (1, 1, 1),
            "the hypothesis has a reason" if hypothesis else "no hypothesis",
            tuple(aims[:2]),
        ),
        Signal("aim", 0.4, (0.2, 0.5, 0.8), "the size of the effect is not predicted"),
        Signal(
            "method", 1.0 if len(units) >= 2 else 0.3, (1.2, 1.0, 0.8), "amounts are given with units", tuple(units[:2])
        ),
        Signal(
            "method",
            1.0 if constant else 0.2,
            (0.8, 0.9, 0.9),
            "constant conditions are named" if constant else "constant conditions are not named",
            tuple(constant[:1]),
        ),
        Signal(
            "method",
            1.0 if find(REPEATED) else 0.0,
            (0.4, 0.8, 1.3),
            "measurements are repeated" if find(REPEATED) else "nothing is repeated",
            tuple(once[:1]),
        ),
        Signal(
            "results",
            1.0 if tables or len(units) >= 4 else 0.4,
            (1.2, 1.0, 0.8),
            "measurements are complete" if tables else "few measurements are shown",
            tuple(units[-2:]),
        ),
        Signal(
            "results",
            1.0 if uncertainty else 0.35 if whole else 0.0,
            (0.5, 0.9, 1.3),
            "uncertainty is stated" if uncertainty else "uncertainty is not stated",
        ),
        Signal(
            "discussion",
            1.0 if confound else 0.4,
            (0.9, 0.9, 0.8),
            "causes are examined" if confound else "results are repeated more than explained",
            tuple(confound[:1]),
        ),
        Signal(
            "discussion",
            1.0 if directed else 0.4 if errors else 0.0,
            (0.5, 0.9, 1.2),
            "errors have a direction"
            if directed
            else "errors are listed without effect"
            if errors
            else "no errors are discussed",
            tuple(errors[:1]),
        ),
        Signal(
            "discussion",
            0.2 if bold else 1.0,
            (0.2, 0.6, 1.0),
            "a statement goes beyond the data" if bold else "statements stay within the data",
            tuple(bold[:1]),
        ),
    ]
    return seen, signals


def _section(draft: Draft, sentence: Sentence) -> str:
    return next((p.section for p in draft.body if p.number == sentence.paragraph), "")
