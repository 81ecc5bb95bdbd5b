"""What the database itself refuses of site heads: the steps of their way, and who may be in use."""

from collections.abc import Iterable, Mapping

from appliance.records.guard_rules import Rule

_STEPS: Mapping[str, tuple[str, ...]] = {
    "wanted": ("fitted", "refused"),
    "fitted": ("shadow",),
    "shadow": ("active", "retired"),
    "active": ("retired",),
    "retired": ("shadow", "active"),
}
_OTHER = (
    "NEW.state IN ('active', 'shadow') AND EXISTS (SELECT 1 FROM site_verification s"
    " WHERE s.state = NEW.state AND s.id <> NEW.id)"
)
_UNANSWERED = "NEW.state = 'active' AND (NEW.switch_reason = '' OR NEW.switched_by_id IS NULL)"
_BEGINS = "NEW.state <> 'wanted' AND NOT (NEW.state = 'active' AND NEW.head_sha256 = '')"
_UNTRIED = (
    "NEW.state = 'active' AND NEW.head_sha256 <> '' AND OLD.switched_at IS NULL"
    " AND NOT EXISTS (SELECT 1 FROM cell_shadow c WHERE c.verification_id = NEW.id)"
)
_NOT_ON_TRIAL = (
    "NOT EXISTS (SELECT 1 FROM site_verification s"
    " WHERE s.id = NEW.verification_id AND s.state = 'shadow')"
)


def every() -> Iterable[Rule]:
    """Return all rules."""
    table, alone = "site_verification", "one head is in use and one on trial"
    answer = "a switch has a reason and somebody who answers for it"
    for event, name in (("INSERT", "first"), ("UPDATE", "now")):
        yield Rule(table, f"alone_{name}", event, _OTHER, alone)
        yield Rule(table, f"answered_{name}", event, _UNANSWERED, answer)
    yield Rule(table, "begins", "INSERT", _BEGINS, "a head begins as a wish")
    steps = f"NEW.state <> OLD.state AND NOT ({_allowed()})"
    yield Rule(table, "steps", "UPDATE", steps, "a head takes no such step")
    yield Rule(table, "tried", "UPDATE", _UNTRIED, "a head that was never tried is not in use")
    bound = "OLD.head_sha256 <> '' AND NEW.head_sha256 <> OLD.head_sha256"
    yield Rule(table, "bound", "UPDATE", bound, "the head of a fit is never exchanged")
    ended = "only a head on trial is computed in the shadow"
    yield Rule("cell_shadow", "trial", "INSERT", _NOT_ON_TRIAL, ended)


def _allowed() -> str:
    return " OR ".join(
        f"(OLD.state = '{before}' AND NEW.state IN ({', '.join(map(repr, after))}))"
        for before, after in _STEPS.items()
    )
