#!/usr/bin/env python3
"""Verifies an exported log (`trilby log export`) with nothing but Python's standard library.

    verify.py [--kept LOG@SEQ.HASH]... FILE...

FILE is JSON Lines (manifest, then one event a line) or a JSON document with "logs". A position
that was answered as `Trilby-Seq` and kept proves that the log was not rewritten since.
Written from the specification, not from the Rust code. Exit: 0 holds, 2 broken.
"""
import hashlib
import json
import struct
import sys


def lp(text):
    data = text.encode()
    return struct.pack(">I", len(data)) + data


def genesis(log):
    return hashlib.sha256(b"trilby.genesis.v1\0" + bytes.fromhex(log["store_id"])
                          + lp(log["log"]) + struct.pack(">B", log["kind"])).digest()


def event_hash(previous, log, event):
    return hashlib.sha256(
        b"trilby.event.v1\0" + previous + lp(log["log"])
        + struct.pack(">IQQQq", event["incarnation"], event["seq"], event["commit_first"],
                      event["commit_last"], event["at"])
        + lp(event["etype"]) + struct.pack(">H", event["ever"])
        + bytes.fromhex(event["body_hash"])).digest()


def verify(log, events, kept):
    previous, seq, first, last, at, ends = genesis(log), 0, 1, 0, -2**63, {}
    assert previous.hex() == log["genesis"], "the genesis hash is wrong"
    for event in events:
        where = f"seq {event['seq']}: "
        assert event["seq"] == seq + 1, where + "the seq is out of order"
        if event["seq"] > last:
            first, last = event["seq"], event["commit_last"]
        assert (event["commit_first"], event["commit_last"]) == (first, last) and last >= event["seq"], where + "the commit's bounds are wrong"
        assert event["at"] >= at, where + "time runs backwards"
        if event["body"] is not None:  # else it was erased, and its hash stands for it
            body = bytes.fromhex(event["body"])
            assert hashlib.sha256(body).hexdigest() == event["body_hash"], where + "the body does not have its hash"
            assert set(json.loads(body)) == {"salt", "meta", "data"}, where + "the body is no event body"
        previous, seq, at = event_hash(previous, log, event), event["seq"], event["at"]
        assert previous.hex() == event["hash"], where + "the hash does not follow from the one before"
        if seq == last:
            ends[seq] = previous.hex()
    assert seq == last, f"seq {first}: the commit is cut short"
    assert (seq, previous.hex()) == (log["seq"], log["hash"]), "the log does not end where the manifest says"
    for position in kept:
        name, _, point = position.partition("@")
        number, _, prefix = point.partition(".")
        if name == log["log"]:
            assert ends.get(int(number), "?").startswith(prefix), f"seq {number}: the log was rewritten: {position} was kept"
    return seq


def main(arguments):
    kept, broken = [], False
    while arguments and arguments[0] == "--kept":
        kept, arguments = kept + [arguments[1]], arguments[2:]
    for path in arguments:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        try:
            logs = [(log, log["events"]) for log in json.loads(text)["logs"]]
        except (json.JSONDecodeError, KeyError):
            manifest, *events = map(json.loads, text.splitlines())
            logs = [(manifest, events)]
        for log, events in logs:
            try:
                print(f"{log['log']}: {verify(log, events, kept)} events, the chain holds")
            except (AssertionError, KeyError, ValueError, struct.error) as fault:
                print(f"{log['log']}: BROKEN: {fault}")
                broken = True
    return 2 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
