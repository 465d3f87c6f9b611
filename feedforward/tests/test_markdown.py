"""One sanitiser: what people write never becomes script."""

from __future__ import annotations

import pytest

from feedforward.markdown import to_html

ATTACKS = [
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt&#58;alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "<a href='vbscript:x'>x</a>",
    "![x](https://evil.example/pixel.png)",
    "<svg/onload=alert(1)>",
    "<iframe src=//evil.example></iframe>",
    '[x](https://a.example "onmouseover=alert(1)")',
    "`<script>`\n\n    <script>alert(1)</script>",
    "<style>*{display:none}</style>",
    "<math><mtext></p><img src onerror=alert(1)>",
    "| <b onclick=x>a</b> |\n|---|\n| <script>x</script> |",
]


@pytest.mark.parametrize("text", ATTACKS)
def test_nothing_live_comes_out(text):
    html = to_html(text).lower()
    for live in (
        "<script",
        "<img",
        "<svg",
        "<iframe",
        "<style",
        "<math",
        "<b ",
        'href="javascript',
        'href="data',
        "<a href='",
    ):
        assert live not in html, html


def test_ordinary_markdown_works():
    html = to_html("# Aim\n\nWrite **one** claim.\n\n1. first\n2. second\n\n| a | b |\n|---|---|\n| 1 | 2 |")
    assert "<h2>Aim</h2>" in html and "<strong>one</strong>" in html and "<table>" in html and "<h1" not in html
    assert 'rel="noopener noreferrer nofollow"' in to_html("[x](https://example.org/)")


def test_lists_are_lists_and_line_breaks_stay():
    html = to_html("Choose one:\n\n- free buses\n- four days\n\nFirst line\nsecond line")
    assert "<ul>" in html and html.count("<li>") == 2
    assert "First line<br>" in html
