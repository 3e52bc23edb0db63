"""Takes a picture of a page for the README: `scripts/screenshot.py URL OUT.png`; `--help` lists what can be asked for.

Needs a Chromium of the system; CHROMIUM names it where it has an unusual path.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium() -> str:
    """Where the browser is. Raises SystemExit where there is none."""
    found = os.environ.get("CHROMIUM") or next((path for name in NAMES if (path := shutil.which(name))), None)
    if not found:
        raise SystemExit(f"No Chromium found; looked for {', '.join(NAMES)} and at $CHROMIUM.")
    return found


def take(url: str, out: Path, *, dark: bool, phone: bool, typed: str, shown: str, wait: float, height: int) -> None:
    """Raises SystemExit where there is no Chromium."""
    browser_path = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=list(ARGUMENTS))
        page = browser.new_page(
            viewport={"width": 390, "height": 844} if phone else {"width": 1280, "height": height},
            device_scale_factor=2,
            is_mobile=phone,
            has_touch=phone,
            color_scheme="dark" if dark else "light",
        )
        # The event stream never ends, so "the network is idle" never comes.
        page.goto(url, wait_until="load")
        page.wait_for_timeout(wait * 1000)
        if typed:
            page.locator("#line").press_sequentially(typed)
            page.wait_for_timeout(700)
        if shown:
            page.locator("#lines > li", has_text=shown).first.evaluate("line => line.scrollIntoView({block: 'start'})")
            page.wait_for_timeout(700)
        page.screenshot(path=out)
        browser.close()


def main() -> None:
    parser = argparse.ArgumentParser(description="A picture of a page for the README.")
    parser.add_argument("url")
    parser.add_argument("out", type=Path)
    parser.add_argument("--dark", action="store_true", help="the dark colours")
    parser.add_argument("--phone", action="store_true", help="a phone's window")
    parser.add_argument(
        "--type", default="", dest="typed", metavar="TEXT", help="type this into the command line first"
    )
    parser.add_argument(
        "--show", default="", dest="shown", metavar="TEXT", help="begin with the message that says this"
    )
    parser.add_argument("--height", type=int, default=800, metavar="PIXELS", help="of a desk's window")
    parser.add_argument("--wait", type=float, default=1.5, metavar="SECONDS", help="let the page settle this long")
    found = parser.parse_args()
    take(
        found.url,
        found.out,
        dark=found.dark,
        phone=found.phone,
        typed=found.typed,
        shown=found.shown,
        wait=found.wait,
        height=found.height,
    )
    print(found.out, file=sys.stderr)


if __name__ == "__main__":
    main()
