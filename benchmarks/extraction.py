"""Reads documents whose words are known with our readers and with the bare libraries: words found, time, memory.

Run: ``python -m benchmarks.extraction [files]``. Prints the tables of docs/files.md as Markdown. Speed is told in ratios: both
readers take turns in one run, in processes alike, so that a busy machine slows both.
"""

from __future__ import annotations

import io
import os
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial

from submissions.extraction import isolation
from submissions.extraction.limits import Limits, MediaFormat
from submissions.tests.case_adapters.generated import (
    Sample,
    docx_sample,
    html_sample,
    odt_sample,
    pdf_sample,
    rtf_sample,
    word_recall,
)

LIMITS = Limits()


def bare_pypdf(data: bytes) -> str:
    """What ``page.extract_text()`` gives."""
    import pypdf

    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages)


def bare_python_docx(data: bytes) -> str:
    """What ``Document.paragraphs`` gives."""
    import docx

    return "\n".join(paragraph.text for paragraph in docx.Document(io.BytesIO(data)).paragraphs)


def bare_striprtf(data: bytes) -> str:
    """What ``rtf_to_text`` gives."""
    from striprtf.striprtf import rtf_to_text

    return rtf_to_text(data.decode("ascii"))


def ours(data: bytes, media_format: MediaFormat) -> str:
    """Our reader, in its own process."""
    return isolation.extract_bytes(data, media_format=media_format, limits=LIMITS)[0].text


KINDS: list[tuple[str, MediaFormat, Callable[[int], Sample], Callable[[bytes], str] | None]] = [
    (
        "docx: table, footnotes, insertions, text box, Hebrew, Arabic, Chinese",
        MediaFormat.DOCX,
        docx_sample,
        bare_python_docx,
    ),
    ("odt: table, notes, text box, Hebrew, Chinese", MediaFormat.ODT, odt_sample, None),
    ("rtf: table, footnotes, Hebrew, Chinese", MediaFormat.RTF, rtf_sample, bare_striprtf),
    ("pasted HTML: lists, table, Hebrew, Chinese", MediaFormat.HTML, html_sample, None),
    ("pdf, one column", MediaFormat.PDF, pdf_sample, bare_pypdf),
    ("pdf, two columns", MediaFormat.PDF, partial(pdf_sample, columns=2), bare_pypdf),
    ("pdf, three columns", MediaFormat.PDF, partial(pdf_sample, columns=3), bare_pypdf),
]


def recall_table(samples: int = 3) -> None:
    """Words recovered in order, of all words, and words that do not belong there."""
    print("| document | words in order, ours | bare library | words too many, ours | bare |")
    print("|---|---|---|---|---|")
    for label, media_format, make, bare in KINDS:
        made = [make(seed) for seed in range(samples)]
        rows = [_scores(made, partial(ours, media_format=media_format)), _scores(made, bare) if bare else None]
        shown = [f"{row[0]:.1%}" if row else "–" for row in rows] + [f"{row[1]:.1%}" if row else "–" for row in rows]
        print(f"| {label} | {' | '.join(shown)} |")


def _scores(samples: list[Sample], read: Callable[[bytes], str]) -> tuple[float, float]:
    found = extra = words = 0.0
    for sample in samples:
        text = read(sample.data)
        recovered = word_recall(sample.words, text) * len(sample.words)
        found, words = found + recovered, words + len(sample.words)
        extra += max(len(text.split()) - recovered, 0)
    return found / words, extra / words


def speed_table(files: int) -> None:
    """Files of ten pages, ours and the bare library in turn; CPU and memory of the process that reads, then two at a time."""
    print(
        "| files of 10 pages | CPU of ours : bare | peak MB, ours | bare | files/s, ours, 2 at a time | bare | ours : bare |"
    )
    print("|---|---|---|---|---|---|---|")
    kinds: list[tuple[str, MediaFormat, list[bytes], str]] = [
        ("pdf (pypdf)", MediaFormat.PDF, [_ten_page_pdf(seed) for seed in range(min(files, 10))], "bare_pypdf"),
        (
            "docx (python-docx)",
            MediaFormat.DOCX,
            [docx_sample(seed, paragraphs=80).data for seed in range(min(files, 10))],
            "bare_python_docx",
        ),
    ]
    with ProcessPoolExecutor(2) as pool:
        for label, media_format, made, bare in kinds:
            queue = [made[index % len(made)] for index in range(files)]
            list(pool.map(_bare_cost, [bare] * 4, made[:1] * 4))  # both processes have their library now
            ours(queue[0], media_format)
            our_cpu = bare_cpu = our_peak = 0.0
            for data in queue:
                cost = isolation.extract_bytes(data, media_format=media_format, limits=LIMITS)[1]
                bare_cpu += pool.submit(_bare_cost, bare, data).result()[0]
                our_cpu, our_peak = our_cpu + cost.cpu_s, max(our_peak, cost.peak_mb)
            started = time.perf_counter()
            with ThreadPoolExecutor(2) as threads:
                list(threads.map(partial(ours, media_format=media_format), queue))
            our_rate = files / (time.perf_counter() - started)
            started = time.perf_counter()
            bare_peak = max(peak for _, peak in pool.map(_bare_cost, [bare] * files, queue))
            bare_rate = files / (time.perf_counter() - started)
            print(
                f"| {files} x {label} | {our_cpu / bare_cpu:.1f} : 1 | {our_peak:.0f} | {bare_peak:.0f} | {our_rate:.1f} | "
                f"{bare_rate:.1f} | {our_rate / bare_rate:.2f} |"
            )


def _bare_cost(name: str, data: bytes) -> tuple[float, float]:
    """CPU seconds of one file and the peak MB of the process, with a bare library."""
    before = time.process_time()
    globals()[name](data)
    return time.process_time() - before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _ten_page_pdf(seed: int) -> bytes:
    return pdf_sample(seed, paragraphs=68, scripts=False).data


def overhead() -> None:
    """What the isolation adds to a small file."""
    text = b"An essay of a few words that takes no time to read at all."
    ours(text, MediaFormat.TXT)
    started = time.perf_counter()
    for _ in range(50):
        ours(text, MediaFormat.TXT)
    print(f"\nA process per file adds {(time.perf_counter() - started) / 50 * 1000:.0f} ms; ", end="")
    isolation.close()
    started = time.perf_counter()
    ours(text, MediaFormat.TXT)
    print(f"the first file of a worker {(time.perf_counter() - started) * 1000:.0f} ms.")
    own_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"Measured on {os.cpu_count()} cores; this process itself took {own_mb:.0f} MB.")


if __name__ == "__main__":
    recall_table()
    print()
    speed_table(int(sys.argv[1]) if len(sys.argv) > 1 else 50)
    overhead()
