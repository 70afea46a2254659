"""Tests of the message in a real browser, where there is one."""

import re
import shutil
import subprocess
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from pillarfour.delivery.email import compose
from pillarfour.delivery.night import Night

BROWSER = shutil.which("chromium")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync", "--dump-dom"]
MEASURE = "<script>document.title = document.getElementById('phone').scrollWidth + 'px'</script>"

pytestmark = pytest.mark.skipif(BROWSER is None, reason="chromium is not installed: the layout is not looked at")


@pytest.mark.parametrize("language", ["en", "es"])
def test_nothing_is_wider_than_a_phone(haitian_night: Night, pinned, tmp_path: Path, language: str):
    """At 360 pixels no table, name or hash makes a case or a digest scroll sideways."""
    letters = compose(haitian_night, sender="pillarfour@example.org", now=pinned, languages=[language])
    bodies = [message_from_bytes(letter.content, policy=default).get_body(("html",)).get_content() for letter in letters]

    assert len(bodies) == 2
    for number, body in enumerate(bodies):
        inner = re.search(r"<body[^>]*>(.*)</body>", body, re.DOTALL)
        page = tmp_path / f"{number}.html"
        page.write_text(
            f'<meta charset="utf-8"><div id="phone" style="width:360px;overflow:auto">{inner[1]}</div>{MEASURE}', encoding="utf-8"
        )
        command = [BROWSER, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", str(page)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)  # noqa: S603 - the installed browser
        assert "<title>360px</title>" in done.stdout
