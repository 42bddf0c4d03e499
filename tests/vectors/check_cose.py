#!/usr/bin/env python3
"""Checks the golden vectors with other people's code: pycose, cbor2 and blake3.

    pip install pycose cbor2 blake3
    python3 tests/vectors/check_cose.py [folder with the vectors]

Prints one line, "N passed, 0 failed", and the failed checks before it on stderr. Exits with 1 when
a check fails and with 2 when it can't check at all.
"""

import json
import pathlib
import sys

try:
    import blake3
    import cbor2
    from pycose.keys import OKPKey
    from pycose.keys.curves import Ed25519
    from pycose.messages import Sign1Message
except ImportError as missing:
    print(f"{missing}; pip install pycose cbor2 blake3", file=sys.stderr)
    sys.exit(2)

FEDERATION_CONTEXT = "wangge federation id v1"
COMMITMENT_CONTEXT = "wangge field commitment v1"


class Tally:
    """Counts checks; names those that fail."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def check(self, holds, what):
        if holds:
            self.passed += 1
        else:
            self.failed += 1
            print(f"failed: {what}", file=sys.stderr)


def read(envelope):
    """The message as pycose sees it.

    Not by CoseMessage.decode: pycose 1.1 wants the list and dict that cbor2 made of a tagged array
    before version 6, which makes a tuple and a frozendict. The tag is checked here instead.
    """
    tagged = cbor2.loads(envelope)
    if tagged.tag != Sign1Message.cbor_tag:
        raise ValueError("not a COSE_Sign1")
    protected, unprotected, payload, signature = tagged.value
    return Sign1Message.from_cose_obj([protected, dict(unprotected), payload, signature], True)


def verdict(envelope, public_key, external_aad):
    """What pycose says of the signature: True or False, or None if the envelope can't be read.

    Whatever is raised on damaged bytes counts as unreadable: pycose and cbor2 raise many unrelated
    types. The untouched envelopes have to give True, so a broken installation can't hide here.
    """
    try:
        message = read(envelope)
        message.key = OKPKey(crv=Ed25519, x=public_key)
        message.external_aad = external_aad
        return message.verify_signature()
    except Exception:  # noqa: BLE001
        return None


def is_canonical(encoded):
    """Whether cbor2, decoding and encoding anew canonically, gives the same bytes.

    cbor2 sorts keys by length first (RFC 7049 section 3.9). For the unsigned integer keys used here
    that is the bytewise order of RFC 8949 section 4.2.1.
    """
    return cbor2.dumps(cbor2.loads(encoded), canonical=True) == encoded


def hashed(data, **key):
    return blake3.blake3(data, **key).digest()


def check_envelope(tally, name, signed):
    def raw(field):
        return bytes.fromhex(signed[field])

    envelope, public_key, aad = raw("envelope"), raw("public_key"), raw("external_aad")

    # The parts are what the format says.
    federation = hashed(raw("root_public_key"), derive_key_context=FEDERATION_CONTEXT)
    tally.check(federation == raw("federation"), f"{name}: federation is derived from the root key")
    tally.check(aad == signed["label"].encode() + b"\0" + federation, f"{name}: external_aad")
    protected = cbor2.dumps({1: -8, 3: signed["content_type"], 4: public_key}, canonical=True)
    tally.check(protected == raw("protected"), f"{name}: protected header")
    parts = [protected, {}, raw("payload"), raw("signature")]
    rebuilt = cbor2.dumps(cbor2.CBORTag(18, parts), canonical=True)
    tally.check(rebuilt == envelope, f"{name}: envelope is the tagged array of its parts")
    signed_bytes = cbor2.dumps(["Signature1", protected, aad, raw("payload")], canonical=True)
    tally.check(signed_bytes == raw("sig_structure"), f"{name}: Sig_structure of RFC 9052")
    tally.check(hashed(signed_bytes) == raw("id"), f"{name}: id is blake3 of the Sig_structure")
    for part in ("envelope", "payload", "protected", "sig_structure"):
        tally.check(is_canonical(raw(part)), f"{name}: {part} is canonical")

    # pycose accepts it, and nothing else.
    tally.check(verdict(envelope, public_key, aad) is True, f"{name}: pycose accepts the envelope")
    other = aad[:-1] + bytes([aad[-1] ^ 1])
    tally.check(verdict(envelope, public_key, other) is False, f"{name}: another federation's aad")
    tally.check(verdict(envelope, public_key, b"") is False, f"{name}: no aad")
    contents = content_offsets(envelope, [public_key, raw("payload"), raw("signature")])
    for at in range(len(envelope)):
        flipped = bytearray(envelope)
        flipped[at] ^= 1
        found = verdict(bytes(flipped), public_key, aad)
        # Inside a byte string the signature alone has to tell; elsewhere it may be unreadable.
        refused = found is False if at in contents else found is not True
        tally.check(refused, f"{name}: byte {at} flipped")


def content_offsets(envelope, contents):
    """Where the contents of these byte strings are, which follow one another in the envelope."""
    offsets, start = set(), 0
    for content in contents:
        start = envelope.index(content, start)
        offsets.update(range(start, start + len(content)))
        start += len(content)
    return offsets


def check_header(tally, name, header, payload):
    expected = {
        0: 1,
        1: bytes.fromhex(header["author"]),
        2: header["epoch"],
        3: header["seq"],
        4: bytes.fromhex(header["prev"]),
        5: header["time_ms"],
        6: bytes.fromhex(header["subject"]),
        7: header["kind"],
        8: [bytes.fromhex(cause) for cause in header["causes"]],
        10: {field: bytes.fromhex(commitment) for field, commitment in header["commitments"]},
    }
    if header["actor"] is not None:
        actor, role = header["actor"]
        expected[9] = [bytes.fromhex(actor), role]
    tally.check(cbor2.dumps(expected, canonical=True) == payload, f"{name}: header's map")


def check_disclosures(tally, name, vector):
    key = hashed(b"", derive_key_context=COMMITMENT_CONTEXT)
    committed = dict(map(tuple, vector["header"]["commitments"]))
    for shown in vector["disclosures"]:
        field, value = shown["field"], bytes.fromhex(shown["value"])
        commitment = hashed(bytes.fromhex(shown["salt"]) + field.to_bytes(2, "big") + value, key=key)
        tally.check(commitment.hex() == shown["commitment"], f"{name}: commitment of field {field}")
        tally.check(committed.get(field) == shown["commitment"], f"{name}: header has field {field}")
        tally.check(is_canonical(value), f"{name}: value of field {field} is canonical")


def check_records(tally, folder):
    for vector in load(folder, "records.json")["records"]:
        name, signed = vector["name"], vector["signed"]
        check_envelope(tally, name, signed)
        check_header(tally, name, vector["header"], bytes.fromhex(signed["payload"]))
        check_disclosures(tally, name, vector)


def check_checkpoints(tally, folder):
    vectors = load(folder, "checkpoints.json")
    orders = {
        "checkpoint": ["author", "epoch", "size", "root", "head", "time_ms"],
        "countersignature": ["witness", "checkpoint", "author", "size", "root", "time_ms"],
    }
    for kind, order in orders.items():
        for vector in vectors[kind + "s"]:
            name = f"{kind} {vector['name']}"
            check_envelope(tally, name, vector["signed"])
            fields = [vector[kind][field] for field in order]
            fields = [bytes.fromhex(field) if isinstance(field, str) else field for field in fields]
            expected = cbor2.dumps(dict(enumerate([1, *fields])), canonical=True)
            payload = bytes.fromhex(vector["signed"]["payload"])
            tally.check(expected == payload, f"{name}: payload's map")


def split(count):
    """The largest power of two below count (RFC 9162 section 2.1.1)."""
    return 1 << (count - 1).bit_length() - 1


def tree_hash(leaves):
    """MTH of RFC 9162 section 2.1.1, over blake3."""
    if not leaves:
        return hashed(b"")
    if len(leaves) == 1:
        return hashed(b"\0" + leaves[0])
    middle = split(len(leaves))
    return hashed(b"\1" + tree_hash(leaves[:middle]) + tree_hash(leaves[middle:]))


def path(index, leaves):
    """PATH of RFC 9162 section 2.1.3.1."""
    if len(leaves) == 1:
        return []
    middle = split(len(leaves))
    if index < middle:
        return path(index, leaves[:middle]) + [tree_hash(leaves[middle:])]
    return path(index - middle, leaves[middle:]) + [tree_hash(leaves[:middle])]


def subproof(old, leaves, whole):
    """SUBPROOF of RFC 9162 section 2.1.4.1."""
    if old == len(leaves):
        return [] if whole else [tree_hash(leaves)]
    middle = split(len(leaves))
    if old <= middle:
        return subproof(old, leaves[:middle], whole) + [tree_hash(leaves[middle:])]
    return subproof(old - middle, leaves[middle:], False) + [tree_hash(leaves[:middle])]


def post_order(leaves):
    """The complete subtrees in the order in which their last leaf completes them."""
    for size in range(1, len(leaves) + 1):
        width = 1
        while size % width == 0:
            yield tree_hash(leaves[size - width : size])
            width *= 2


def check_tree(tally, folder):
    tree = load(folder, "tree.json")
    leaves = [bytes.fromhex(leaf) for leaf in tree["leaves"]]
    nodes = [node.hex() for node in post_order(leaves)]
    tally.check(nodes == tree["nodes"], "tree: nodes in post-order")
    for vector in tree["roots"]:
        size = vector["size"]
        tally.check(tree_hash(leaves[:size]).hex() == vector["root"], f"tree: root of {size}")
        count = len(list(post_order(leaves[:size])))
        tally.check(count == vector["node_count"], f"tree: nodes of {size}")
    for vector in tree["inclusion"]:
        index, size = vector["index"], vector["size"]
        proof = [node.hex() for node in path(index, leaves[:size])]
        tally.check(proof == vector["proof"], f"tree: inclusion of {index} in {size}")
    for vector in tree["consistency"]:
        old, new = vector["old"], vector["new"]
        proof = [node.hex() for node in subproof(old, leaves[:new], True)] if old else []
        tally.check(proof == vector["proof"], f"tree: consistency of {old} and {new}")


def load(folder, name):
    with open(folder / name, encoding="utf-8") as file:
        return json.load(file)


def main():
    here = pathlib.Path(__file__).resolve().parent
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here
    tally = Tally()
    try:
        check_records(tally, folder)
        check_checkpoints(tally, folder)
        check_tree(tally, folder)
    except OSError as unreadable:
        print(unreadable, file=sys.stderr)
        return 2
    print(f"{tally.passed} passed, {tally.failed} failed")
    return 0 if tally.failed == 0 and tally.passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
