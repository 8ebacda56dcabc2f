#!/usr/bin/env python3
"""Checks a receipt of `weir audit prove` with nothing but Python:  verify_receipt.py RECEIPT KEY.PUB

Written from the standards alone: RFC 8032 (Ed25519), RFC 9162 section 2.1.3.2, C2SP signed-note and tlog-proof."""
import base64, hashlib, json, sys

P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P

def add(a, b):
    (x1, y1), (x2, y2) = a, b
    k = D * x1 * x2 * y1 * y2 % P
    return (x1 * y2 + x2 * y1) * pow(1 + k, -1, P) % P, (y1 * y2 + x1 * x2) * pow(1 - k, -1, P) % P

def times(n, point):
    result = (0, 1)
    while n:
        result, point, n = add(result, point) if n & 1 else result, add(point, point), n >> 1
    return result

def point(data):
    y, sign = int.from_bytes(data, "little") & (2**255 - 1), data[31] >> 7
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * pow(2, (P - 1) // 4, P) % P
    assert x * x % P == square, "a point is not on the curve"
    return (x if x & 1 == sign else P - x), y

def signed(key, text, signature):
    r, s = point(signature[:32]), int.from_bytes(signature[32:], "little")
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + text).digest(), "little") % L
    return s < L and times(s, point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))) == add(r, times(h, point(key)))

sha = lambda *parts: hashlib.sha256(b"".join(parts)).digest()
name, key_id, key = open(sys.argv[2]).read().strip().split("+", 2)
key = base64.b64decode(key)[1:]
head, checkpoint, signatures = open(sys.argv[1], encoding="utf-8").read().split("\n\n", 2)
kind, extra, index, *proof = head.split("\n")
origin, size, root = checkpoint.split("\n")
event, node, last = base64.b64decode(extra[6:]), int(index[6:]), int(size) - 1
lines = [line.split(" ") for line in signatures.strip().split("\n")]
own = [base64.b64decode(l[2]) for l in lines if l[:2] == ["—", name] and base64.b64decode(l[2])[:4].hex() == key_id]
assert kind == "c2sp.org/tlog-proof@v1" and origin == name and node <= last, "not a receipt of this log"
assert own and signed(key, (checkpoint + "\n").encode(), own[0][4:]), "the checkpoint is not signed by this key"
hash = sha(b"\0", event)
for sibling in map(base64.b64decode, proof):
    assert last, "the proof is too long"
    if node & 1 or node == last:
        hash = sha(b"\1", sibling, hash)
        while not node & 1 and node:
            node, last = node >> 1, last >> 1
    else:
        hash = sha(b"\1", hash, sibling)
    node, last = node >> 1, last >> 1
assert not last and hash == base64.b64decode(root), "the event is not in the signed tree"
print(json.dumps(json.loads(event), indent=1))
print(f"ok: event {index[6:]} of {origin}, signed with {size} events", file=sys.stderr)
