"""Wrong passwords are slowed down; the counters are bounded; proxies are believed where they are trusted."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from labelwright.errors import InvalidInput, TooManyAttempts
from labelwright.server.attempts import FREE, LONGEST_WAIT, MOST_KEPT, Attempts
from labelwright.server.origin import Origin, Origins
from labelwright.settings import Settings


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def guesses(attempts: Attempts, clock: Clock, seconds: float, trying: Callable[[int], tuple[str, str]]) -> int:
    """How many tries get through within some seconds, for somebody who waits as long as each answer says."""
    through = 0
    ends = clock.now + seconds
    while clock.now < ends:
        account, address = trying(through)
        try:
            attempts.begin(account, address, known=False)
            through += 1
        except TooManyAttempts as error:
            clock.now += error.retry_after or 0
    return through


def test_each_further_guess_waits_twice_as_long() -> None:
    """From one address a day of guessing at one account is a hundred guesses or so."""
    clock = Clock()
    assert (
        guesses(Attempts(clock=clock), clock, 24 * 3600, lambda n: ("ann", "192.0.2.1")) <= FREE["pair"] + 10 + 24 * 3600 / LONGEST_WAIT + 1
    )


def test_guessing_from_many_addresses_is_no_quicker() -> None:
    """From as many addresses as there are guesses, an account is tried little more often."""
    clock = Clock()
    through = guesses(Attempts(clock=clock), clock, 24 * 3600, lambda n: ("ann", f"2001:db8:{n}::/64"))
    assert through <= FREE["account"] + 10 + 24 * 3600 / LONGEST_WAIT + 1


def test_an_account_is_free_for_so_many_tries_and_no_fewer() -> None:
    """From as many addresses as there are tries, exactly `FREE["account"]` wrong ones cost no wait, in the order in which they arrive.

    What can make the first refusal come earlier by a sender's own count: tries that are sent together arrive in another order; a right
    sign-in from elsewhere that is still being checked counts until it is taken back; and wrong ones of the hour before count, too.
    """
    attempts = Attempts(clock=Clock())
    for number in range(FREE["account"]):
        attempts.begin("ann", f"address {number}", known=False)
    with pytest.raises(TooManyAttempts):
        attempts.begin("ann", "another address", known=False)
    slow = Attempts(clock=Clock())
    for number in range(3):
        slow.begin("ann", f"home {number}", known=False)
    for number in range(FREE["account"] - 3):
        slow.begin("ann", f"address {number}", known=False)
    with pytest.raises(TooManyAttempts):
        slow.begin("ann", "another address", known=False)
    for number in range(3):
        slow.succeeded("ann", f"home {number}", known=False)
    slow.begin("ann", "another address", known=False)


def test_guessing_at_many_accounts_is_no_quicker() -> None:
    """One address tries one password at a thousand accounts no quicker than a thousand at one."""
    clock = Clock()
    through = guesses(Attempts(clock=clock), clock, 24 * 3600, lambda n: (f"user {n}", "192.0.2.1"))
    assert through <= FREE["address"] + 10 + 24 * 3600 / LONGEST_WAIT + 1


def test_an_own_account_buys_no_guesses() -> None:
    """Signing in to one's own account between guesses at another leaves the waits as they are."""
    clock = Clock()
    attempts = Attempts(clock=clock)
    through = 0
    for _ in range(2000):
        try:
            attempts.begin(f"user {through}", "192.0.2.1", known=False)
            through += 1
        except TooManyAttempts:
            pass
        attempts.begin("mallory", "192.0.2.1", known=True)
        attempts.succeeded("mallory", "192.0.2.1", known=True)
    assert through <= 2 * FREE["address"]


def test_counters_are_bounded() -> None:
    """However many names and addresses are tried, the memory is bounded."""
    clock = Clock()
    attempts = Attempts(clock=clock)
    for number in range(MOST_KEPT):
        attempts.begin(f"name {number}", f"address {number}", known=False)
    assert len(attempts) <= MOST_KEPT


@pytest.mark.parametrize(
    ("trusted", "peer", "headers", "expected"),
    [
        ("", "10.0.0.1", {"x-forwarded-for": "192.0.2.1", "x-forwarded-proto": "https"}, Origin("10.0.0.1", False)),
        ("10.0.0.0/8", "10.0.0.1", {"x-forwarded-for": "192.0.2.1", "x-forwarded-proto": "https"}, Origin("192.0.2.1", True)),
        ("10.0.0.0/8", "10.0.0.1", {"x-forwarded-for": "198.51.100.1, 192.0.2.1"}, Origin("192.0.2.1", False)),
        ("10.0.0.0/8", "10.0.0.1", {"x-forwarded-for": "198.51.100.1, 10.0.0.2"}, Origin("198.51.100.1", False)),
        ("10.0.0.0/8", "192.0.2.9", {"x-forwarded-for": "198.51.100.1"}, Origin("192.0.2.9", False)),
        ("10.0.0.1", "10.0.0.1", {"x-forwarded-for": "nonsense"}, Origin("10.0.0.1", False)),
        ("10.0.0.1", "::ffff:10.0.0.1", {"x-forwarded-for": "2001:db8::1:2:3:4"}, Origin("2001:db8::/64", False)),
        ("::1", "::1", {}, Origin("::/64", False)),
    ],
)
def test_proxies_are_believed_where_they_are_trusted(trusted: str, peer: str, headers: dict[str, str], expected: Origin) -> None:
    """The sender is the last address that is no trusted proxy's; an IPv6 network counts as one address."""
    scope = {"client": (peer, 1), "scheme": "http", "headers": [(name.encode(), value.encode()) for name, value in headers.items()]}
    assert Origins(Settings(trusted_proxies=trusted)).of(scope) == expected  # type: ignore[arg-type]  # as much of a scope as is read


def test_a_proxy_is_an_address_or_a_network() -> None:
    """Anything else is refused when the server starts, by the name of the setting."""
    with pytest.raises(InvalidInput, match="TRUSTED_PROXIES"):
        Origins(Settings(trusted_proxies="proxy.example"))
