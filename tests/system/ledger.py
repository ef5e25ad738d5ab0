"""The history of ingest.ledger as an outside reader sees it: which calls were recorded, by whom, and how each ended."""

import collections

import bus

# A call: what the ledger said of it when it was recorded, and the record of its lane in which it was gone (None: never).
Call = collections.namedtuple("Call", "id lane instance at_us endpoint attempt repeats slots assets")


class Ledger:
    """All records of the topic, oldest first in each lane."""

    def __init__(self, pipeline):
        parsed = bus.schema("ledger_entry")
        self.lanes = collections.defaultdict(list)
        for record in pipeline.read("ingest.ledger"):
            entry = bus.decode(record, parsed)
            assert entry["lane"] == record.key.decode(), "the key is not the lane"
            self.lanes[entry["lane"]].append(entry)
        self.calls, self.interrupted, self.ended = {}, set(), {}
        for entries in self.lanes.values():
            self._follow(entries)

    def _follow(self, entries):
        """Begins, ends and interruptions of one lane's calls."""
        under_way, instance = {}, None
        for entry in entries:
            own = {call["request_id"]: call for call in entry["calls"] if not call["interrupted"]}
            repeated = [self._begin(entry, call) for request_id, call in own.items() if request_id not in self.calls and call["repeats"]]
            for request_id, call in own.items():
                if request_id not in self.calls:
                    self._begin(entry, call)
            for gone in set(under_way) - set(own):
                call = self.calls[gone]
                again = any(set(call.slots) & set(other.slots) and set(call.assets) & set(other.assets) for other in repeated)
                if again or entry["instance"] != instance or gone in {call["request_id"] for call in entry["calls"]}:
                    self.interrupted.add(gone)
                else:
                    self.ended[gone] = entry
            under_way, instance = own, entry["instance"]

    def _begin(self, entry, call):
        """Takes a new call in."""
        slots = tuple((slot["job"], micros(slot["slot"])) for slot in call["slots"])
        made = Call(call["request_id"], entry["lane"], entry["instance"], micros(call["at"]), call["endpoint"], call["attempt"], call["repeats"],
                    slots, tuple(call["assets"]))
        self.calls[made.id] = made
        return made

    def of(self, provider):
        """Calls of a provider, of all its shards."""
        return [call for call in self.calls.values() if call.lane.split("#")[0] == provider]

    def by_slot(self):
        """{(job, slot, asset): calls}."""
        found = collections.defaultdict(list)
        for call in self.calls.values():
            for job, slot_us in call.slots:
                for asset in call.assets or ("",):
                    found[job, slot_us, asset].append(call)
        return found


def micros(moment):
    """fastavro gives datetimes for timestamp-micros."""
    if isinstance(moment, int):
        return moment
    return round(moment.timestamp() * 1_000_000)


def check_window(times_us, calls, window_s, what):
    """No window of that length holds more calls, wherever it begins. Returns how full the fullest was."""
    fullest = 0
    begin = 0
    for end, time_us in enumerate(times_us):
        while time_us - times_us[begin] >= window_s * 1_000_000:
            begin += 1
        fullest = max(fullest, end - begin + 1)
    assert fullest <= calls, f"{what}: {fullest} calls within {window_s} s, {calls} are allowed"
    return fullest
