"""What a person sees: the Control UI in a browser, through the emulator's edge."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import browser as chromium
from support.browser import Browser, Page
from support.gateway import GatewaySite
from support.needs import CHROMIUM

pytestmark = [pytest.mark.gateway, pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def browser(deployed: GatewaySite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """It trusts the edge by its certificate, as one does who took the emulator's CA in."""
    program = chromium.program()
    if program is None:
        pytest.skip(CHROMIUM.missing)
    trusted = chromium.pin(deployed.host, deployed.port, deployed.emulator.ca_file)
    with Browser(program, tmp_path_factory.mktemp("browser"), [trusted]) as started:
        yield started


def test_exactly_the_approved_browser_gets_in(deployed: GatewaySite, browser: Browser, tmp_path: Path) -> None:
    page, other = browser.page(deployed.url), browser.page(deployed.url)
    log_in(page, "0" * 64)
    page.wait_for_text("rejected the supplied Gateway secret")
    page.screenshot(tmp_path / "wrong-token.png")
    for each in (page, other):
        log_in(each, deployed.token)
        each.wait_for_text("Approve this browser")
    page.screenshot(tmp_path / "pairing.png")

    listed = deployed.play("pair").of("List pending requests")["pending"]
    request_id = asked(page)  # the page goes on by itself as soon as it is approved
    assert {request_id, asked(other)} <= {request["request_id"] for request in listed}
    approval = deployed.play("pair", request_id=request_id)
    assert approval.of("Approve exactly this request")["changes"] == [f"approve {request_id}"]

    see_devices(page, deployed)
    page.screenshot(tmp_path / "connected.png")
    other.click("button", "Check now")
    still = deployed.play("pair").of("List pending requests")["pending"]
    assert asked(other) in {request["request_id"] for request in still}
    assert "Approve this browser" in other.text


def test_the_owners_link_lets_one_browser_in_once(deployed: GatewaySite, browser: Browser, tmp_path: Path) -> None:
    run = deployed.play("open")
    made = run.of("Make a link that approves one browser, once")
    file = Path(made["dest"])
    assert file.stat().st_mode & 0o777 == 0o600
    link = re.search('href="(.+?)"', file.read_text())
    assert link and link[1].startswith(f"{deployed.url}/#bootstrapToken=")
    assert re.split("[=&]", link[1])[1] not in run.output
    assert made["file_url"] in run.output

    page = browser.page(made["file_url"])
    page.wait("the Control UI", lambda: page.evaluate("location.origin") == deployed.url)
    page.wait_for_text("Skip to main content", 60)
    see_devices(page, deployed)
    page.screenshot(tmp_path / "owner.png")
    late = browser.page(made["file_url"])
    late.wait_for_text("setup code invalid, expired, revoked, or already used")
    late.screenshot(tmp_path / "late.png")


def log_in(page: Page, secret: str) -> None:
    page.type("#login-gate-credential", secret)
    page.click("button.login-gate__connect")


def asked(page: Page) -> str:
    """The request id that the page tells the person to approve."""
    shown = re.search(r"openclaw devices approve (\S+)", page.text)
    assert shown, page.text
    return shown[1]


def see_devices(page: Page, gateway: GatewaySite) -> None:
    """The page connects by itself once it is let in; then the list of devices has it."""
    page.wait("the connection", lambda: "Approve this browser" not in page.text, 60)
    page.call("Page.navigate", url=f"{gateway.url}/settings/devices")
    page.wait_for_text("Paired devices")
    page.wait("this device, connected", lambda: re.search(r"openclaw-control-ui\nconnected\n", page.text))
