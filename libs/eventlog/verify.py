#!/usr/bin/env python3
"""Verifies exported logs (`trilby log export`) with nothing but Python's standard library.

    verify.py [--kept LOG@SEQ.HASH]... FILE...

FILE is JSON Lines (manifest, then one event a line) or a JSON document with "logs". A position
that was answered as `Trilby-Seq` and kept proves that the log was not rewritten since.
Written from the text at the head of `src/chain.rs`, not from its code. Exit: 0 holds, 2 broken, 3 incomplete
(nothing is broken, and a kept position is of a log that is in none of the files), 1 not tried.
"""
import argparse
import hashlib
import json
import struct
import sys


def check(holds, what):  # `assert` is not run by `python -O`
    if not holds:
        raise ValueError(what)


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
    check(log["format"] == "trilby.log.export.v1", "the format is another")
    check(log["state"] in ("open", "sealed", "erased"), "the state is unknown")
    previous, seq, first, last, at, ends = genesis(log), 0, 1, 0, -2**63, {}
    check(previous.hex() == log["genesis"], "the genesis hash is wrong")
    for event in events:
        where = f"seq {event['seq']}: "
        check(event["seq"] == seq + 1, where + "the seq is out of order")
        check(event["at"] >= at, where + "time runs backwards")
        if event["seq"] > last:
            first, last, at = event["seq"], event["commit_last"], event["at"]
        check((event["commit_first"], event["commit_last"], event["at"]) == (first, last, at) and last >= event["seq"], where + "the commit's bounds are wrong")
        if event["body"] is not None:
            body = bytes.fromhex(event["body"])
            check(hashlib.sha256(body).hexdigest() == event["body_hash"], where + "the body does not have its hash")
            check(set(json.loads(body)) == {"salt", "meta", "data"}, where + "the body is no event body")
        else:  # it was erased with all of its log, and its hash stands for it
            check(log["state"] == "erased", where + "the body is missing")
        previous, seq = event_hash(previous, log, event), event["seq"]
        check(previous.hex() == event["hash"], where + "the hash does not follow from the one before")
        if seq == last and seq in kept:
            ends[seq] = previous.hex()
    check(seq == last, f"seq {first}: the commit is cut short")
    check((seq, previous.hex()) == (log["seq"], log["hash"]), "the log does not end where the manifest says")
    for number, prefixes in kept.items():
        check(number in ends and all(map(ends[number].startswith, prefixes)), f"seq {number}: the log was rewritten: this position was kept")
    return seq


def logs(file):
    try:
        manifest = json.loads(file.readline())
    except ValueError:  # a document of many lines
        file.seek(0)
        return [(log, log["events"]) for log in json.load(file)["logs"]]
    return [(manifest, map(json.loads, file))]


class Parser(argparse.ArgumentParser):
    def error(self, message):  # 2 says that a log is broken
        self.exit(1, f"{self.format_usage()}{message}\n")


def position(text):
    name, _, point = text.partition("@")
    number, _, prefix = point.partition(".")
    return name, int(number), prefix


def main():
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kept", type=position, action="append", default=[], metavar="LOG@SEQ.HASH")
    parser.add_argument("files", nargs="+", metavar="FILE")
    arguments = parser.parse_args()
    kept, met, broken = {}, set(), False
    for name, number, prefix in arguments.kept:
        kept.setdefault(name, {}).setdefault(number, []).append(prefix)
    for path in arguments.files:
        with open(path, encoding="utf-8") as file:
            try:
                for log, events in logs(file):
                    met.add(log["log"])
                    print(f"{log['log']}: {verify(log, events, kept.get(log['log'], {}))} events, the chain holds")
            except (KeyError, TypeError, ValueError, struct.error) as fault:
                print(f"{path}: BROKEN: {fault}")
                broken = True
    for name in kept.keys() - met:
        print(f"incomplete: a position of {name} was kept, which is in none of the files")
    return 2 if broken else 3 if kept.keys() - met else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except OSError as fault:
        sys.exit(str(fault))
