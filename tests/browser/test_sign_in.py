"""Signing in by OpenID Connect at a real server: who gets in, in which role, for how long, and what is read where it fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from crm_core.store.home import Home
from crm_core.store.workspaces import Workspaces
from tests.browser.conftest import PATIENCE, Server, settled
from tests.browser.oidc_provider import SECRET, Provider
from tests.pages.conftest import put

expect.set_options(timeout=PATIENCE)

ROLES = '[users]\n"*@example.com" = "viewer"\n"ana@example.com" = "analyst"\n'


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    started = Provider()
    started.start()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Iterator[Server]:
    """A server that asks for sign-in, with the six customers as its only data."""
    folder = tmp_path_factory.mktemp("guarded")
    home = folder / "home"
    put(Workspaces(Home(home).prepare()), "nsix", "Six shop")
    (folder / "secrets.toml").write_text(provider.secrets_file())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CRM_SAMPLE", "off")
        patch.setenv("STREAMLIT_SECRETS_FILES", str(folder / "secrets.toml"))
        started = Server(home)
    started.wait()
    yield started
    started.stop()


@pytest.fixture
def roles(guarded: Server) -> Path:
    path = Path(guarded.log.name).with_suffix("") / "roles.toml"
    path.write_text(ROLES)
    return path


@pytest.fixture
def comes(provider: Provider, roles: Path) -> Provider:
    """The provider, where Ana comes with a checked address."""
    provider.person, provider.seconds = {"email": "Ana@example.com", "email_verified": True, "name": "Ana Bell"}, 3600
    return provider


def sign_in(page: Page, server: Server, path: str = "/segments") -> None:
    """From a deep link to what stands behind the sign-in, or to what is said instead."""
    page.goto(server.address + path)
    settled(page)
    expect(page.get_by_test_id("stMain")).to_contain_text("Please sign in")
    expect(page.get_by_test_id("stMain")).not_to_contain_text("Six shop")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: urlsplit(url).netloc in server.address and urlsplit(url).path == "/")
    settled(page)


def test_an_analyst_signs_in_sees_customers_and_signs_out(guarded: Server, page: Page, comes: Provider) -> None:
    sign_in(page, guarded)
    side, main = page.get_by_test_id("stSidebar"), page.get_by_test_id("stMain")
    expect(side).to_contain_text("Ana Bell")
    expect(side).to_contain_text("Role: analyst")
    page.goto(guarded.address + "/segments")
    settled(page)
    expect(main).to_contain_text("5 customers")
    side.get_by_role("button", name="Sign out").click()
    expect(main).to_contain_text("Please sign in")
    assert "/logout" in comes.asked
    page.goto(guarded.address + "/segments")
    expect(main).to_contain_text("Please sign in")


def test_a_viewer_gets_no_list_and_a_removed_role_ends_at_once(guarded: Server, page: Page, comes: Provider, roles: Path) -> None:
    comes.person = {"email": "vi@example.com", "email_verified": True}
    sign_in(page, guarded)
    page.goto(guarded.address + "/segments")
    main = page.get_by_test_id("stMain")
    expect(main).to_contain_text("Customer lists are for analysts.")
    roles.write_text('ask = "Dana Ray"\n')
    page.get_by_role("tab", name="Movement").click()
    expect(main).to_contain_text("You have no access here yet")
    expect(main).to_contain_text("Ask Dana Ray for one")
    expect(page.get_by_role("tab", name="Movement")).to_have_count(0)


def test_an_address_that_the_provider_did_not_check_is_refused(guarded: Server, page: Page, comes: Provider) -> None:
    comes.person = {"email": "ana@example.com", "email_verified": False}
    sign_in(page, guarded)
    expect(page.get_by_test_id("stMain")).to_contain_text("Your e-mail address is not confirmed")


def test_a_sign_in_ends_with_the_token_though_the_cookie_stays(guarded: Server, page: Page, comes: Provider) -> None:
    comes.seconds = 8
    sign_in(page, guarded)
    main = page.get_by_test_id("stMain")
    expect(page.get_by_test_id("stSidebar")).to_contain_text("Role: analyst")
    page.wait_for_function("since => Date.now() > since + 8000", arg=page.evaluate("Date.now()"))
    page.goto(guarded.address + "/segments")
    expect(main).to_contain_text("Your sign-in has ended")
    comes.seconds = 3600
    page.get_by_role("button", name="Sign in again").click()
    expect(page.get_by_test_id("stSidebar")).to_contain_text("Role: analyst")


def test_who_declines_at_the_provider_reads_that_it_did_not_work(guarded: Server, page: Page, comes: Provider) -> None:
    comes.person = None
    sign_in(page, guarded)
    expect(page.get_by_test_id("stMain")).to_contain_text("The sign-in did not work")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_a_provider_that_is_down_is_told_in_words_and_no_secret_is_logged(guarded: Server, page: Page, comes: Provider) -> None:
    """Last: the provider does not come back."""
    comes.stop()
    page.goto(guarded.address)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("the provider of sign-in does not answer")).to_be_visible()
    page.get_by_role("link", name="Back to the dashboard").click()
    expect(page.get_by_test_id("stMain")).to_contain_text("Please sign in")
    log = Path(guarded.log.name).read_text()
    assert SECRET not in log
    assert "eyJ" not in log
