"""Any tool subscribes: pyzmq, two frames, gaps found by `prev` and filled by replay, every message as its
schema says. Nothing of the platform is used but its endpoints and its documents."""
import json
import pathlib
import tempfile
import time
import unittest

import stack

try:
    import jsonschema
    import referencing
    import zmq
except ImportError as error:
    raise unittest.SkipTest(f"SKIP python: {error}") from error

SCHEMAS = stack.ROOT / "Shared" / "Contracts" / "Schemas"


def validators() -> dict[str, jsonschema.Draft202012Validator]:
    """A validator of each event type."""
    documents = [json.loads(path.read_text()) for path in sorted(SCHEMAS.glob("*.schema.json"))]
    resources = [(document["$id"], referencing.Resource.from_contents(document)) for document in documents]
    registry = referencing.Registry().with_resources(resources)
    return {
        document["properties"]["type"]["const"]: jsonschema.Draft202012Validator(document, registry=registry)
        for document in documents if "const" in document.get("properties", {}).get("type", {})}


class Subscriber:
    """Follows some topics of one publisher and misses nothing, by what the messages say."""

    def __init__(self, context: "zmq.Context", endpoint: str, replay_endpoint: "str | None", *prefixes: str):
        self.socket = context.socket(zmq.SUB)
        self.socket.setsockopt(zmq.RCVHWM, 0)
        for prefix in (*prefixes, "heartbeat/"):
            self.socket.subscribe(prefix)
        self.socket.connect(endpoint)
        self.prefixes = list(prefixes)
        self.messages: dict[int, tuple[str, bytes]] = {}  # by seq
        self.last: dict[str, int] = {}  # by topic
        self.heartbeats: list[dict] = []
        self.gaps: list[str] = []
        self.replay = context.socket(zmq.DEALER)
        if replay_endpoint is not None:
            self.replay.connect(replay_endpoint)

    def receive(self, milliseconds: int = 50) -> None:
        """Takes what has come, for so long at most."""
        end = time.monotonic() + milliseconds / 1000
        while self.socket.poll(max(0, int((end - time.monotonic()) * 1000))):
            topic, message = self.socket.recv_multipart()
            self.take(topic.decode(), message)

    def take(self, topic: str, message: bytes) -> None:
        event = json.loads(message)
        if topic == "heartbeat/":
            self.heartbeats.append(event)
            return
        if event["prev"] > self.last.get(topic, 0):
            self.gaps.append(topic)
        self.last[topic] = max(event["seq"], self.last.get(topic, 0))
        self.messages[event["seq"]] = topic, message

    def fetch(self, first: int = 1, last: "int | None" = None) -> dict:
        """Asks for a range again; the frame that ended the answer."""
        request = {"type": "replay", "from": first, "topics": self.prefixes}
        self.replay.send(json.dumps(request if last is None else {**request, "to": last}).encode())
        while True:
            assert self.replay.poll(10_000), "the replay does not answer"
            frames = self.replay.recv_multipart()
            if len(frames) == 1:
                end = json.loads(frames[0])
                assert end["type"] == "replay_end", end
                if end["last"] >= (last or end["kept_last"]) or end["last"] < end["first"]:
                    return end
                return self.fetch(end["last"] + 1, last)
            event = json.loads(frames[1])
            self.messages[event["seq"]] = frames[0].decode(), frames[1]

    def close(self) -> None:
        self.socket.close(0)
        self.replay.close(0)


@unittest.skipUnless(stack.are_built(), stack.NO_EXECUTABLES)
class SubscriberTest(unittest.TestCase):
    STRATEGIES = (
        "--strategy", "sma=sma-crossover:ACME:fast=3,slow=9", "--strategy", "q=quoter:ACME:half_spread=0.02")

    @classmethod
    def setUpClass(cls):
        cls.validators = validators()
        cls.context = zmq.Context()
        cls.addClassCleanup(cls.context.destroy, 0)

    def run_made_data(self, speed: str, rows: int) -> stack.Stack:
        """A run of made data that goes on after its end."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        data = pathlib.Path(folder.name) / "made.csv"
        data.write_text(stack.made_rows(rows, seed=5))
        running = stack.Stack("--provider", "replay", "--data", str(data), "--speed", speed, *self.STRATEGIES)
        self.addCleanup(running.__exit__)
        running.start()
        return running

    def subscribe(self, running: stack.Stack, name: str, *prefixes: str) -> Subscriber:
        replays = {"trades": "trade-replay", "market-data": "market-data-replay"}
        endpoints = running.endpoints
        replay = endpoints[f"{replays[name]}-endpoint"] if name in replays else None
        subscriber = Subscriber(self.context, endpoints[f"{name}-endpoint"], replay, *prefixes)
        self.addCleanup(subscriber.close)
        return subscriber

    def validate(self, topic: str, message: bytes) -> str:
        """Holds a message against its schema; its type."""
        event = json.loads(message)
        errors = [error.message for error in self.validators[event["type"]].iter_errors(event)]
        self.assertEqual(errors, [], f"{topic} {message.decode()}")
        self.assertTrue(topic.startswith(event["type"] + "/") and topic.endswith("/"), topic)
        return event["type"]

    def test_every_trade_of_a_run_reaches_an_outside_subscriber(self):
        running = self.run_made_data("300", rows=2_500)
        # It comes late, so that something is missing.
        running.wait("the first trades", lambda: running.metrics("simulator").get("trades_total", 0) > 100)
        trades = self.subscribe(running, "trades", "trade/")
        deadline = time.monotonic() + 60
        while not running.is_done(strategies=2) and time.monotonic() < deadline:
            trades.receive(100)
        # The heartbeat after the last trade says up to where there is something to have.
        last = int(running.metrics("simulator")["last_seq"])
        while not trades.heartbeats or trades.heartbeats[-1]["last"] < last:
            self.assertLess(time.monotonic(), deadline, "no heartbeat tells of the end")
            trades.receive(100)
        before = dict(trades.messages)
        self.assertGreater(len(before), 0, "the subscriber has heard nothing live")
        self.assertTrue(trades.gaps, "prev does not tell that something is missing")
        trades.fetch(1, last)
        self.assertGreater(len(trades.messages), len(before))
        for seq, message in before.items():
            self.assertEqual(trades.messages[seq], message, "replayed as it was published")
        events = [json.loads(message) for _, message in trades.messages.values()]
        order = sorted(zip(events, trades.messages.values()), key=lambda pair: (
            pair[0]["strategy_id"].encode(), pair[0]["strategy_seq"]))
        received = [stack.canonical(message) for _, (_, message) in order]
        ledger = running.ledger()
        self.assertTrue(received == ledger, f"{len(received)} trades, and {len(ledger)} in the ledger")
        self.assertGreater(len(received), 100)
        # prev makes one chain of each topic.
        chain: dict[str, int] = {}
        for seq, (topic, message) in sorted(trades.messages.items()):
            self.assertEqual(json.loads(message)["prev"], chain.get(topic, 0), topic)
            chain[topic] = seq

    def test_every_message_is_as_its_schema_says(self):
        running = self.run_made_data("300", rows=1_200)
        readers = [
            self.subscribe(running, "market-data", ""), self.subscribe(running, "trades", ""),
            self.subscribe(running, "performance", "")]
        deadline = time.monotonic() + 60
        while not running.is_done(strategies=2) and time.monotonic() < deadline:
            for reader in readers:
                reader.receive(30)
        for reader in readers[:2]:
            reader.fetch()
        end = time.monotonic() + 1
        while time.monotonic() < end:
            for reader in readers:
                reader.receive(50)
        seen = set()
        for reader in readers:
            seen |= {self.validate(topic, message) for topic, message in reader.messages.values()}
            self.assertTrue(reader.heartbeats)
            for heartbeat in reader.heartbeats:
                self.validate("heartbeat/", json.dumps(heartbeat).encode())
        self.assertLessEqual({"instrument", "tick", "order", "trade", "performance", "end"}, seen)
        market = readers[0]
        every = list(range(1, max(market.messages) + 1))
        self.assertEqual(sorted(market.messages), every, "market data have a hole")
        # A schema that accepts everything would prove nothing.
        for _, message in (next(iter(reader.messages.values())) for reader in readers):
            event = json.loads(message)
            for key in ("seq", "source", "timestamp"):
                broken = {name: value for name, value in event.items() if name != key}
                errors = list(self.validators[event["type"]].iter_errors(broken))
                self.assertTrue(errors, f"{key} may be absent from {event['type']}")

    def test_the_schemas_are_schemas(self):
        for validator in self.validators.values():
            jsonschema.Draft202012Validator.check_schema(validator.schema)


if __name__ == "__main__":
    unittest.main()
