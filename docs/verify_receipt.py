#!/usr/bin/env python3
"""usage: verify_receipt.py RECEIPT KEY.PUB: checks a receipt by nothing but RFC 8032, RFC 9162 and C2SP tlog-proof."""
import base64, hashlib, json, sys
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493  # the field of Ed25519, the order of its base
D = -121665 * pow(121666, -1, P) % P

def add(a, b):
    k = D * a[0] * b[0] * a[1] * b[1] % P
    return (a[0] * b[1] + b[0] * a[1]) * pow(1 + k, -1, P) % P, (a[1] * b[1] + a[0] * b[0]) * pow(1 - k, -1, P) % P
times = lambda n, point: add(times(n // 2, add(point, point)), point if n & 1 else (0, 1)) if n else (0, 1)

def point(data):
    y = int.from_bytes(data, "little") % 2**255
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    root = pow(square, (P + 3) // 8, P)
    x = next(x for x in (root, root * pow(2, (P - 1) // 4, P) % P) if x * x % P == square)  # else it is not on the curve
    return (x if x & 1 == data[31] >> 7 else P - x), y

def is_signed(text, key, signature):
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + text).digest(), "little") % L
    s, base = int.from_bytes(signature[32:], "little"), point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
    return s < L and times(s, base) == add(point(signature[:32]), times(h, point(key)))

len(sys.argv) == 3 or sys.exit(print(__doc__, file=sys.stderr) or 2)
sys.excepthook = lambda _kind, error, _trace: print(f"fault: no receipt, or no key: {error!r}", file=sys.stderr)
sha, decode = lambda *parts: hashlib.sha256(b"".join(parts)).digest(), base64.b64decode
name, key_id, key = open(sys.argv[2]).read().strip().split("+", 2)
head, checkpoint, signatures = open(sys.argv[1], encoding="utf-8").read().split("\n\n", 2)
(kind, extra, index, *proof), (origin, size, root) = head.split("\n"), checkpoint.split("\n")
event, node, last = decode(extra[6:]), int(index[6:]), int(size) - 1
notes = [decode(line.split(" ")[2]) for line in signatures.split("\n") if line.startswith(f"— {name} ")]
notes = [note[4:] for note in notes if note[:4].hex() == key_id]
any(is_signed(f"{checkpoint}\n".encode(), decode(key)[1:], note) for note in notes) or sys.exit("fault: not by this key")
(kind, origin) == ("c2sp.org/tlog-proof@v1", name) and 0 <= node <= last or sys.exit("fault: not a receipt of this log")
hash, inner = sha(b"\0", event), (node ^ last).bit_length()  # up to this row its subtree is not at the tree's right edge
len(proof) == inner + bin(node >> inner).count("1") or sys.exit("fault: the proof has the wrong length")
for row, sibling in enumerate(map(decode, proof)):
    hash = sha(b"\1", hash, sibling) if row < inner and not node >> row & 1 else sha(b"\1", sibling, hash)
hash == decode(root) or sys.exit("fault: the event is not in the signed tree")
print(json.dumps(json.loads(event), indent=1), f"ok: event {node} of {origin}, signed with {size} events", sep="\n")
