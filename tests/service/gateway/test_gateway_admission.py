"""The queue, without sockets: who goes on, who waits, who is refused, and what is wished for."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway_parts import KNOWN, alpha, beta
from hypothesis import given
from hypothesis import strategies as st

from docstation.service.gateway.admission import LINGER, PATIENCE, Admission, Place
from docstation.service.gateway.refusals import Refusal
from docstation.service.gateway.words import Failed, Limits, Orders, Upstream

A, B = alpha(1, concurrency=2), beta(2, concurrency=2)


@dataclass(eq=False)
class Request:
    """A request that only notes what becomes of it."""

    model: str | None = None
    at: Upstream | None = None
    refusal: Refusal | None = None
    log: list[object] = field(default_factory=list)
    whole: bool = True

    def go(self, upstream: Upstream) -> None:
        assert self.at is self.refusal is None
        self.at = upstream
        self.log.append(self)

    def refuse(self, refusal: Refusal) -> None:
        assert self.at is self.refusal is None
        self.refusal = refusal


def orders(way: str = "open", *upstreams: Upstream, **more: object) -> Orders:
    return Orders(**{"way": way, "upstreams": upstreams, "known": KNOWN, "reason": "Because.", **more})


def admission(*upstreams: Upstream, way: str = "open", **more: object) -> Admission:
    made = Admission()
    made.ordered(orders(way, *upstreams, **more), 0.0)
    return made


def enter(queue: Admission, request: Request, now: float = 0.0) -> Request:
    outcome = queue.enter(request, now)
    if isinstance(outcome, Refusal):
        request.refuse(outcome)
    assert (request.at is None and request.refusal is None) == isinstance(outcome, Place)
    return request


def test_requests_go_on_while_there_are_places_and_then_wait_in_order():
    queue = admission(A)
    log: list[object] = []
    requests = [enter(queue, Request("alpha", log=log)) for _ in range(5)]
    assert log == requests[:2]
    assert (queue.running["alpha"], queue.waiting) == (2, 3)
    for _ in range(3):
        queue.ended(A, 1.0)
        queue.pump(1.0)
    assert log == requests
    assert queue.waiting == 0


def test_during_a_switch_all_wait_and_go_on_in_order():
    queue = admission(A, way="hold")
    log: list[object] = []
    requests = [enter(queue, Request(name, log=log)) for name in ("org/beta", None, "b", "alpha")]
    assert log == []
    queue.ordered(orders("open", beta(2)), 1.0)
    assert log == requests[:3]
    assert requests[3].refusal.cause.code == "model_not_active"
    assert "docstation models switch alpha" in requests[3].refusal.message


def test_with_nothing_serving_all_are_refused():
    queue = admission(A, way="hold")
    waiting = enter(queue, Request())
    queue.ordered(orders("closed"), 1.0)
    assert waiting.refusal.cause.code == enter(queue, Request()).refusal.cause.code == "no_active_model"
    assert waiting.refusal.message == "No model serves now. Because."


def test_a_model_that_nobody_knows_is_left_to_the_server():
    queue = admission(A)
    assert enter(queue, Request("nobody")).at == A


def test_the_queue_is_bounded_in_number_and_age():
    queue = admission(A, way="hold", limits=Limits(waiting=2, waiting_seconds=10))
    first = enter(queue, Request(), 0.0)
    second = enter(queue, Request(), 5.0)
    third = enter(queue, Request(), 5.0)
    assert third.refusal.cause.code == "queue_full"
    queue.tick(10.5)
    assert first.refusal.cause.code == "queue_timeout"
    assert "number 1" in first.refusal.message
    assert second.refusal is None
    assert queue.age(11.0) == 6.0


def test_another_model_is_wished_for_when_nobody_asks_for_the_active_one():
    queue = admission(A, on_other="switch")
    other = enter(queue, Request("org/beta"))
    assert queue.wish(0.0) == "beta"
    queue.leave(other)
    assert queue.wish(0.1) == ""


def test_a_model_at_work_or_asked_for_a_moment_ago_is_left_until_it_rests():
    queue = admission(A, on_other="switch", limits=Limits(waiting_seconds=100))
    enter(queue, Request("alpha"))
    enter(queue, Request("beta"), 0.5)
    assert queue.wish(3.0) == "", "it is at work"
    queue.ended(A, 3.0)
    assert queue.wish(3.0 + LINGER - 0.1) == "", "the next page may come"
    assert queue.wish(3.0 + LINGER) == "beta"
    enter(queue, Request("alpha"), 4.1)
    assert queue.wish(4.2) == "beta", "what is begun is not taken back"


def test_a_b_a_b_makes_one_wish_only_after_the_active_models_requests():
    queue = admission(A, on_other="switch", limits=Limits(waiting_seconds=100))
    log: list[object] = []
    first = [enter(queue, Request(name, log=log)) for name in ("alpha", "beta") * 4]
    assert queue.wish(0.0) == ""
    for _ in range(2):
        queue.ended(A, 0.1)
    queue.pump(0.1)
    assert [one.model for one in log] == ["alpha"] * 4
    assert queue.wish(0.1) == ""
    for _ in range(2):
        queue.ended(A, 0.2)
    assert queue.wish(0.2 + LINGER) == "beta"
    queue.ordered(orders("hold", A, on_other="switch"), 2.0)
    enter(queue, Request("alpha", log=log), 2.0)
    assert queue.wish(2.1) == "", "a switch is under way"
    queue.ordered(orders("open", B, on_other="switch"), 3.0)
    assert queue.wish(3.0) == ""
    for _ in range(4):
        queue.ended(B, 3.1)
        queue.pump(3.1)
    assert [one.model for one in log] == ["alpha"] * 4 + ["beta"] * 4
    assert [one for one in log if one not in first] == []
    assert queue.wish(3.2 + LINGER) == "alpha"


def test_who_waited_through_a_switch_lets_the_new_model_work_before_it_wants_another():
    queue = admission(A, on_other="switch", way="hold", limits=Limits(waiting_seconds=100))
    enter(queue, Request("alpha"), 0.0)
    queue.ordered(orders("open", B, on_other="switch", limits=Limits(waiting_seconds=100)), 50.0)
    enter(queue, Request("beta"), 50.0)
    assert queue.wish(50.0 + 100 * PATIENCE - 0.1) == ""
    assert queue.wish(50.0 + 100 * PATIENCE + 0.1) == "alpha"


def test_patience_has_an_end_even_while_the_active_model_is_asked_for():
    queue = admission(A, on_other="switch", limits=Limits(waiting_seconds=100))
    for _ in range(4):
        enter(queue, Request("alpha"))
    enter(queue, Request("beta"), 1.0)
    assert queue.wish(1.0 + 100 * PATIENCE - 0.1) == ""
    assert queue.wish(1.0 + 100 * PATIENCE + 0.1) == "beta"


def test_a_wish_that_did_not_come_true_is_answered_and_not_made_again_at_once():
    queue = admission(A, on_other="switch")
    asked = enter(queue, Request("b"))
    assert queue.wish(0.0) == "beta"
    queue.ordered(orders("hold", A, on_other="switch"), 1.0)
    late = enter(queue, Request("beta"), 2.0)
    queue.ordered(orders("open", A, on_other="switch"), 3.0)
    assert asked.refusal is late.refusal is None, "the reason is still on its way"
    assert queue.wish(3.0) == "beta"
    failed = orders("open", A, on_other="switch", failed={"beta": Failed("It crashed.", 1e9, 60.0, begun=True)})
    queue.ordered(failed, 3.1)
    assert {one.refusal.cause.code for one in (asked, late)} == {"switch_failed"}
    assert asked.refusal.message == "The switch to b did not come about. It crashed."
    assert queue.wish(3.2) == ""
    queue.ordered(failed, 30.0)
    soon = enter(queue, Request("beta"), 40.0)
    assert (soon.refusal.cause.code, soon.refusal.retry_after) == ("switch_failed", 24)
    assert enter(queue, Request("beta"), 64.0).refusal is None
    assert queue.wish(64.0) == "beta"


def test_what_the_plan_refuses_is_another_error_than_what_failed():
    failed = {"beta": Failed("It does not fit.", 1e9, 60.0)}
    queue = admission(A, on_other="switch", failed=failed)
    refusal = enter(queue, Request("beta")).refusal
    assert (refusal.cause.code, refusal.cause.status, refusal.retry_after) == ("switch_refused", 409, 60)
    again = {"beta": Failed("It still does not fit.", 2e9, 120.0)}
    queue.ordered(orders("open", A, on_other="switch", failed=again), 10.0)
    assert enter(queue, Request("beta"), 10.0).refusal.retry_after == 120


def test_with_nothing_serving_a_request_starts_the_model_that_it_names():
    queue = admission(way="closed", on_other="switch")
    naming = enter(queue, Request(None, whole=False))
    assert queue.wish(0.0) == ""
    naming.model = "b"
    assert queue.wish(0.1) == "beta"
    nameless = enter(queue, Request(None, whole=False), 0.2)
    nameless.whole = True
    queue.pump(0.3)
    assert nameless.refusal.cause.code == "no_active_model"
    assert enter(queue, Request("nobody"), 0.3).refusal.cause.code == "no_active_model"
    queue.ordered(orders("open", B, on_other="switch"), 1.0)
    assert naming.at == B


def test_the_embedded_engine_is_never_switched_to_for_a_chat():
    known = {**KNOWN, "embedded": "embedded"}
    queue = admission(A, on_other="switch", known=known)
    assert enter(queue, Request("embedded")).refusal.cause.code == "model_cannot_chat"
    queue.ordered(orders("closed", on_other="switch", known=known), 1.0)
    assert enter(queue, Request("embedded"), 1.0).refusal.cause.code == "no_active_model"


def test_several_models_each_get_their_own_requests():
    queue = admission(A, B)
    assert enter(queue, Request("b")).at == B
    assert enter(queue, Request("alpha")).at == A
    assert enter(queue, Request()).at == A


names = st.sampled_from([None, "alpha", "org/alpha", "beta", "b", "nobody"])
acts = st.one_of(
    st.tuples(st.just("enter"), names),
    st.tuples(st.just("end"), st.integers(0, 9)),
    st.tuples(st.just("leave"), st.integers(0, 9)),
    st.tuples(st.just("order"), st.sampled_from([("open", A), ("open", B), ("open", A, B), ("hold", A), ("closed",)])),
    st.tuples(st.just("tick"), st.just(0)),
)


@given(st.lists(acts, max_size=40), st.sampled_from(["refuse", "switch"]))
def test_whatever_happens_each_request_ends_once_and_never_at_the_wrong_model(steps, on_other):
    limits = Limits(waiting=4, waiting_seconds=20)
    queue = admission(A, on_other=on_other, limits=limits)
    requests: list[Request] = []
    done: set[Request] = set()
    serving: tuple[Upstream, ...] = (A,)
    for now, (act, what) in enumerate(steps):
        running = [one for one in requests if one.at is not None and one not in done]
        waiting = [one for one in requests if one.at is None and one.refusal is None and one not in done]
        before = {one: one.at for one in requests}
        if act == "enter":
            requests.append(enter(queue, Request(what), float(now)))
        elif act == "end" and running:
            one = running[what % len(running)]
            done.add(one)
            queue.ended(one.at, float(now))
            queue.pump(float(now))
        elif act == "leave" and waiting:
            one = waiting[what % len(waiting)]
            done.add(one)
            queue.leave(one)
        elif act == "order":
            serving = what[1:]
            queue.ordered(orders(*what, on_other=on_other, limits=limits), float(now))
        elif act == "tick":
            queue.tick(float(now))
        queue.wish(float(now))
        for one in requests:
            if one.at is not before.get(one):
                assert one.at in serving
                assert queue.orders.way == "open"
                assert one.model in {None, "nobody", one.at.id} or KNOWN[one.model] == one.at.model
        assert queue.waiting <= limits.waiting
        assert queue.waiting == sum(one.at is None and one.refusal is None and one not in done for one in requests)
        assert sum(queue.running.values()) == sum(one.at is not None and one not in done for one in requests)
