"""The built documentation in a browser: every page and link, wide and as narrow as a telephone, and the search.

The site is what `make docs` has built, the browser Chromium with its driver. Where one of them is missing these tests
are skipped, in words; with PAIRFOLD_REQUIRE_BROWSER=1, as in continuous integration, they fail.
"""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin

import pytest

pytest.importorskip("selenium")
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

ROOT = Path(__file__).parents[2]
SITE = ROOT / "docs" / "_build" / "html"
WIDE, TELEPHONE = 1280, 390
OPTIONS = [
    "headless",
    "no-sandbox",
    "disable-gpu",
    "disable-quic",
    "no-first-run",
    "disable-background-networking",
    "disable-component-update",
    "disable-sync",
    "disable-dev-shm-usage",
]
PAGE_FACTS = """
const links = [...document.querySelectorAll('a[href]')].map(a => a.href);
const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
const pictures = [...document.images].filter(i => i.complete && !i.naturalWidth).map(i => i.src);
const formulas = [...document.querySelectorAll('mjx-merror, [data-mjx-error]')].map(e => e.textContent);
const drawn = document.querySelectorAll('mjx-container').length - document.querySelectorAll('.math').length;
return {links, ids, pictures, formulas, drawn, width: document.documentElement.scrollWidth};
"""
FORMULAS_ARE_DRAWN = """
const done = arguments[0];
if (window.MathJax) MathJax.startup.promise.then(done); else done();
"""


COPY_FIRST = """
let copied = null;
document.execCommand = () => { copied = document.activeElement.value; return true; };
document.querySelector('.doctest .copybtn').click();
return copied;
"""
SEARCH_IS_DONE = "return /matching|did not match/.test(document.querySelector('.search-summary')?.textContent)"


def _missing(what: str) -> None:
    if os.environ.get("PAIRFOLD_REQUIRE_BROWSER") == "1":
        pytest.fail(f"{what}, and must be there with PAIRFOLD_REQUIRE_BROWSER=1")
    pytest.skip(what)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: Any) -> None:
        """Print nothing."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """Serve the site, and return its address."""
    if not (SITE / "index.html").is_file():
        _missing(f"{SITE.relative_to(ROOT)} is not built: run `make docs` first")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=SITE)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    program, driver = shutil.which("chromium") or shutil.which("chromium-browser"), shutil.which("chromedriver")
    if program is None or driver is None:
        _missing("Chromium and its driver are not here: `make bindings-packages` installs them on Debian")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for option in (*OPTIONS, f"user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(f"--{option}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    chromium = webdriver.Chrome(options, Service(driver))
    yield chromium
    chromium.quit()


def resize(browser: webdriver.Chrome, width: int) -> None:
    size = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def errors(browser: webdriver.Chrome) -> list[str]:
    return [entry["message"] for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]


@dataclass(frozen=True)
class Page:
    """What a page has: links, without those that lead out of the site, places to link to, and faults."""

    links: list[str]
    ids: set[str]
    faults: list[str]


def look_at(browser: webdriver.Chrome, site: str, address: str) -> Page:
    browser.get(address)
    browser.execute_async_script(FORMULAS_ARE_DRAWN)
    facts = browser.execute_script(PAGE_FACTS)
    faults = [*errors(browser), *facts["pictures"], *facts["formulas"]]
    if facts["drawn"]:
        faults.append("not every formula is drawn")
    if facts["width"] > TELEPHONE:
        faults.append(f"{facts['width']} pixels wide on a telephone of {TELEPHONE}")
    return Page([link for link in facts["links"] if link.startswith(site)], set(facts["ids"]), faults)


def lost_links(site: str, pages: dict[str, Page]) -> Iterator[str]:
    for address, page in pages.items():
        for link in page.links:
            target, fragment = urldefrag(link)
            is_there = (SITE / unquote(target.removeprefix(site))).exists()
            if not is_there or (target in pages and fragment and unquote(fragment) not in pages[target].ids):
                yield f"{address} links to {link}, which is missing"


def test_every_page_and_every_link(site: str, browser: webdriver.Chrome) -> None:
    """Start from the first page and go wherever a link goes: no error, nothing too wide, nothing missing."""
    resize(browser, TELEPHONE)
    waiting = [f"{site}index.html"]
    pages: dict[str, Page] = {}
    while waiting:
        address = waiting.pop()
        if address not in pages and address.endswith(".html"):
            pages[address] = look_at(browser, site, address)
            waiting += [urldefrag(link)[0] for link in pages[address].links]
    faults = [f"{address}: {fault}" for address, page in pages.items() for fault in page.faults]
    faults += lost_links(site, pages)
    assert not faults, "\n".join(faults)
    assert len(pages) > 30


@contextmanager
def colours(browser: webdriver.Chrome, scheme: str) -> Iterator[None]:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    yield
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


@pytest.mark.parametrize(("scheme", "is_dark"), [("light", False), ("dark", True)])
def test_colours_follow_the_system(site: str, browser: webdriver.Chrome, scheme: str, is_dark: bool) -> None:
    """Text is far from its background, in the words and in the picture of the shapes."""
    resize(browser, WIDE)
    with colours(browser, scheme):
        browser.get(f"{site}shapes.html")
        of = "return getComputedStyle(document.querySelector(arguments[0]))[arguments[1]]"
        ground = browser.execute_script(of, "body", "backgroundColor")
        texts = [browser.execute_script(of, "article p", "color"), browser.execute_script(of, ".shapes text", "fill")]
    light = [sum(map(int, re.findall(r"\d+", colour)[:3])) for colour in (ground, *texts)]
    assert (light[0] < 200) == is_dark
    assert all(abs(text - light[0]) > 400 for text in light[1:])


@pytest.mark.parametrize(
    ("words", "page"),
    [
        ("causal attention", "masks.html"),
        ("cite", "citing.html"),
        ("block sparse", "masks.html"),
        ("where", "operations.html"),
        ("axis", "shapes.html"),
        ("FlexAttention", "comparison.html"),
        ("PAIRFOLD_NUM_THREADS", "threads.html"),
    ],
)
def test_search_finds(site: str, browser: webdriver.Chrome, words: str, page: str) -> None:
    resize(browser, WIDE)
    browser.get(f"{site}index.html")
    field = browser.find_element(By.CSS_SELECTOR, ".sidebar-search")
    field.send_keys(words)
    field.submit()
    WebDriverWait(browser, 60).until(lambda b: "search.html" in b.current_url and b.execute_script(SEARCH_IS_DONE))
    found = browser.execute_script("return [...document.querySelectorAll('#search-results li > a')].map(a => a.href)")
    assert any(urldefrag(link)[0].split("?")[0] == urljoin(site, page) for link in found), found


def test_copied_code_can_be_run(site: str, browser: webdriver.Chrome) -> None:
    """A copy has neither prompts nor results."""
    browser.get(f"{site}quickstart.html")
    WebDriverWait(browser, 60).until(lambda b: b.find_elements(By.CSS_SELECTOR, ".doctest .copybtn"))
    copied = browser.execute_script(COPY_FIRST)
    assert copied.startswith("import numpy as np\nfrom pairfold.numpy import LazyTensor\n")
    assert "(1000, 2000, 1)" not in copied
    compile(copied, "copied", "exec")


def test_pages_say_nothing_of_the_machine_that_built_them(site: str) -> None:
    """Neither in signatures nor in defaults: no paths, no addresses of objects."""
    told = re.compile(
        rf"{re.escape(str(ROOT))}|{re.escape(str(Path.home()))}/|site-packages|at 0x[0-9a-f]+|&lt;module "
    )
    pages = [page for page in SITE.rglob("*.html") if "_modules" not in page.parts]
    found = [(page.name, match[0]) for page in pages for match in told.finditer(page.read_text(encoding="utf-8"))]
    assert not found


def test_names_lead_to_their_sources(site: str) -> None:
    """Those of a front end too, whose classes are made by a function from bases that stand elsewhere."""
    source = SITE / "_modules" / "pairfold" / "lazy" / "entries.html"
    assert 'id="LazyTensor.dense"' in source.read_text(encoding="utf-8")
