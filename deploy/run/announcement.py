"""What the person who typed ``make run`` is told when the site answers."""

from __future__ import annotations

from deploy.run.prepare import Outcome
from deploy.run.programs import Site


def announce(site: Site, outcome: Outcome, *, took_s: float) -> None:
    """Print the address, and the logins or how to make the first one."""
    lines = ["", f"FeedForward is ready at {site.address} ({took_s:.0f} s).", ""]
    if site.demo:
        lines += demo_lines()
    elif outcome.administrators == 0:
        lines += [
            "The site is empty. Make its first administrator in another terminal:",
            "",
            "    make administrator EMAIL=you@example.edu" + _same_site(site),
            "",
        ]
    lines += [f"Data: {site.data_dir}", "Stop with Ctrl-C.", ""]
    print("\n".join(lines), flush=True)


def demo_lines() -> list[str]:
    """Return the lines that tell the demo's logins."""
    from deploy.demo.logins import LOGINS, PASSWORD

    width = max(len(email) for email, _who in LOGINS)
    return [
        f"Demo people, all with the password {PASSWORD}",
        "",
        *(f"    {email:<{width}}  {who}" for email, who in LOGINS),
        "",
        "The reviewers are rules, not AI; they run on this machine only. An empty site: make run DEMO=0",
        "",
    ]


def _same_site(site: Site) -> str:
    """Return the variables another command needs to mean this site, with a space before each."""
    folder = "" if site.data_dir == site.base_dir / "data" else f" FEEDFORWARD_DATA_DIR={site.data_dir}"
    return (f" PORT={site.port}" if site.port != 8000 else "") + folder
