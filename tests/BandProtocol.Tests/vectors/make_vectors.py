#!/usr/bin/env python3
"""Second implementation of docs/protocol.md, from its text alone: writes frames.json and the device's table.

Usage, from the repository's root:  python3 tests/BandProtocol.Tests/vectors/make_vectors.py
Python's standard library only. The tests never run it; they check the C# against what it wrote.
"""
import hashlib
import hmac
import json
import pathlib
import random
import struct
import zlib

HERE = pathlib.Path(__file__).resolve().parent
DEVICE = HERE.parent.parent / "BandProtocol.DeviceTests" / "FrameVectors.cs"

SECRET = bytes(range(0xA0, 0xC0))
GROUP, EPOCH = 0x01020304, 0x0506


def mac(key, message):
    return hmac.new(key, message, hashlib.sha256).digest()


def key(label, size, group=0, epoch=0):
    return mac(SECRET, b"EB1" + bytes([label]) + struct.pack("<IH", group, epoch))[:size]


def next_secret(secret, epoch, nonce18):
    return mac(secret, b"EB1" + bytes([6]) + struct.pack("<IH", epoch, 0) + nonce18)


NONCE = bytes(range(0x30, 0x42))

KEYS = {
    "centreUp": key(1, 32),
    "centreDown": key(2, 32),
    "linkUp": key(3, 16, GROUP, EPOCH),
    "linkDown": key(4, 16, GROUP, EPOCH),
    "air": key(5, 16),
}

TYPES = {
    "Sos": 1, "FallSuspected": 2, "FallConfirmed": 3, "FallCancelled": 4, "NotNeeded": 5, "WearChange": 6,
    "Inactivity": 7, "Technical": 8, "Boot": 9, "StageShown": 10, "Vitals": 11, "Status": 12, "LinkChallenge": 13,
    "HubKey": 14, "HubTechnical": 15, "HubHeard": 16, "Receipt": 17, "Stage": 18, "Configuration": 19,
    "LinkHello": 20, "HubState": 21, "LinkGroup": 22, "Trace": 23, "Rekey": 24,
}


def u16(n):
    return struct.pack("<H", n)


def u24(n):
    return struct.pack("<I", n)[:3]


def event(uptime, flags, battery, detail):
    return u24(uptime) + bytes([flags, battery, detail])


def answer(uptime, refers, flags):
    return u24(uptime) + u16(refers) + bytes([flags])


def vitals(bpm, confidence, spo2, heart_refusal, spo2_refusal, wear, activity, ten, steps):
    return bytes([bpm, confidence, spo2, heart_refusal | spo2_refusal << 4, wear | activity << 2 | ten << 4, steps])


def status(uptime, mode, wear, pending, battery, config):
    return u24(uptime) + bytes([mode | wear << 3 | pending << 5, battery, config])


def shown(boot, sequence, stage):
    return u24(boot) + u16(sequence) + bytes([stage])


def stage(n, revision):
    return bytes([n]) + u16(revision) + bytes(3)


def receipt(refusal, highest_boot=0, opener_apart=-32, opener_sequence=0):
    return bytes([refusal | opener_apart + 32 << 2]) + u24(highest_boot) + u16(opener_sequence)


def hub_state(online, minute):
    return bytes([online]) + u16(minute) + bytes(3)


def configuration(guard, sensitivity, aid, bed_from, bed_to, inactivity):
    return bytes([guard | aid << 1, sensitivity, bed_from, bed_to, inactivity, 0])


def link_group(group, epoch):
    return struct.pack("<IH", group, epoch)


def trace_half(half, ask, a, b, c, d):
    return bytes([half, ask, a, b, c, d])


def nonce(a, b, c, d, e, f):
    return bytes([a, b, c, d, e, f])


PAYLOADS = {f.__name__: f for f in (event, answer, vitals, status, shown, stage, receipt, hub_state, configuration, link_group, trace_half, nonce)}


def frame(type_name, lane, boot, sequence, payload, tags):
    data = bytes([lane << 5 | TYPES[type_name]]) + u24(boot) + u16(sequence) + payload
    assert len(data) == 12
    if tags == "up":
        data += mac(KEYS["centreUp"], data)[:4]
        data += mac(KEYS["linkUp"], data)[:4]
    elif tags == "centre":
        data += mac(KEYS["centreDown"], data)[:8]
    elif tags == "link":
        data += mac(KEYS["linkDown"], data)[:4]
        data += mac(KEYS["linkDown"], data)[:4]
    else:
        data += bytes(8)
    assert len(data) == 20
    return data


def on_air(data, tags):
    if tags == "none":
        return data
    direction = 1 if tags == "up" else 2
    stream = mac(KEYS["air"], bytes([direction, data[0] & 0xE0]) + data[1:6] + data[12:20])
    payload = bytes(a ^ b for a, b in zip(data[6:12], stream[1:7]))
    return bytes([data[0] ^ (stream[0] & 0x1F)]) + data[1:6] + payload + data[12:20]


def frames():
    rng = random.Random(20)
    vectors = []

    def add(name, type_name, kind, args, lane=0, tags="up", boot=None, sequence=None):
        boot = rng.randrange(1 << 24) if boot is None else boot
        sequence = rng.randrange(1 << 16) if sequence is None else sequence
        data = frame(type_name, lane, boot, sequence, PAYLOADS[kind](*args), tags)
        vectors.append({
            "name": name, "type": type_name, "lane": lane, "boot": boot, "sequence": sequence,
            "payload": kind, "args": list(args), "tags": tags, "hex": data.hex(),
            "air": on_air(data, tags).hex(),
        })

    add("first press of a new band", "Sos", "event", (12, 2, 99, 0), boot=1, sequence=0)
    add("last number of the last boot", "Sos", "event", (0xFFFFFF, 0xFF, 255, 2), boot=0xFFFFFF, sequence=0xFFFF)
    add("all zero but the type", "Sos", "event", (0, 0, 0, 0), boot=0, sequence=0)
    for type_name in ("Sos", "FallSuspected", "WearChange", "Inactivity", "Technical", "Boot"):
        for i in range(5):
            args = (rng.randrange(1 << 24), rng.randrange(16), rng.randrange(101), rng.randrange(256))
            add(f"{type_name} {i}", type_name, "event", args)
    for type_name in ("FallConfirmed", "FallCancelled", "NotNeeded"):
        for i in range(5):
            add(f"{type_name} {i}", type_name, "answer", (rng.randrange(1 << 24), rng.randrange(1 << 16), rng.randrange(16)))
    for n in range(6):
        add(f"stage {n} shown", "StageShown", "shown", (rng.randrange(1 << 24), rng.randrange(1 << 16), n))
    add("vitals refused", "Vitals", "vitals", (0, 0, 0, 15, 15, 0, 0, 0, 0), lane=1)
    for i in range(12):
        args = (rng.randrange(30, 241), rng.randrange(101), rng.randrange(70, 101), rng.randrange(16), rng.randrange(16),
                rng.randrange(3), rng.randrange(3), i % 2, rng.randrange(256))
        add(f"vitals {i}", "Vitals", "vitals", args, lane=1)
    for mode in range(3):
        for wear in range(3):
            args = (rng.randrange(1 << 24), mode, wear, rng.randrange(8), rng.randrange(101), rng.randrange(256))
            add(f"status mode {mode} wear {wear}", "Status", "status", args, lane=1)
    for i in range(3):
        add(f"challenge {i}", "LinkChallenge", "nonce", tuple(rng.randrange(256) for _ in range(6)), lane=1)
    for i in range(3):
        add(f"hub key {i}", "HubKey", "event", (rng.randrange(1 << 24), 0, 255, 0), tags="none")
    for code in (16, 17, 18, 19, 20, 21, 22, 23, 7, 5, 6, 9):
        add(f"hub technical {code}", "HubTechnical", "event", (rng.randrange(1 << 24), 0, 255, code), tags="none")
    for online in (0, 1):
        for minute in (0, 1439, 0xFFFF):
            add(f"heard online {online} minute {minute}", "HubHeard", "hub_state", (online, minute), tags="link")
            add(f"state online {online} minute {minute}", "HubState", "hub_state", (online, minute), lane=1, tags="link")
    for i in range(3):
        add(f"hello {i}", "LinkHello", "nonce", tuple(rng.randrange(256) for _ in range(6)), lane=1, tags="link")
    for refusal in range(4):
        add(f"receipt {refusal}", "Receipt", "receipt", (refusal,), tags="centre")
    for n in range(6):
        for revision in (0, 1, 0xFFFF):
            add(f"stage {n} revision {revision}", "Stage", "stage", (n, revision), tags="centre")
    for i in range(6):
        args = (i % 2, i % 3, (i // 2) % 2, rng.randrange(96), rng.randrange(96), rng.randrange(256))
        add(f"configuration {i}", "Configuration", "configuration", args, tags="centre")
    for group, epoch in ((0, 0), (GROUP, EPOCH), (0xFFFFFFFF, 0xFFFF)):
        add(f"link group {group:08x}", "LinkGroup", "link_group", (group, epoch), tags="centre")
    for half in (0, 1, 30, 31):
        args = (half, rng.randrange(1, 256), *(rng.randrange(256) for _ in range(4)))
        add(f"trace half {half}", "Trace", "trace_half", args, lane=1)
    for apart, opener, highest in ((0, 7, 0), (31, 0xFFFF, 0x123456), (-31, 0, 1000)):
        add(f"receipt opener {apart} boots before", "Receipt", "receipt", (0, highest, apart, opener), tags="centre", boot=1000)
    for part in range(3):
        add(f"rekey part {part}", "Rekey", "nonce", tuple(NONCE[6 * part:6 * part + 6]), tags="centre", boot=2, sequence=part)
    return vectors


def messages(all_frames):
    rng = random.Random(21)
    picks = [bytes.fromhex(v["hex"]) for v in all_frames]
    addresses = [0, 0xC0FFEE000001, 0xFFFFFFFFFFFF]
    out = []
    for count in (0, 1, 3, 16):
        boot, uptime, wall = rng.randrange(1 << 24), rng.randrange(1 << 32), rng.choice([0, 1790000000123])
        data = bytes([1]) + u24(boot) + struct.pack("<Iq", uptime, wall) + bytes([count, 37])
        records = []
        for i in range(count):
            r = {
                "boot": rng.randrange(1 << 24), "sequence": rng.randrange(1 << 16), "address": addresses[i % 3],
                "rssiDbm": rng.choice([0, -1, -60, -127]), "flags": rng.randrange(4), "quality": i % 3,
                "ageMs": rng.choice([0, 1, 172800000, 0xFFFFFFFF]), "frame": picks[i].hex(),
            }
            data += u24(r["boot"]) + u16(r["sequence"]) + r["address"].to_bytes(6, "little")
            data += struct.pack("<bB", r["rssiDbm"], r["flags"] | r["quality"] << 2) + struct.pack("<I", r["ageMs"]) + picks[i]
            records.append(r)
        out.append({"kind": "envelope", "hubBoot": boot, "hubUptimeS": uptime, "hubWallMs": wall, "records": records, "hex": data.hex()})
    for flags in range(4):
        boot, uptime, wall = rng.randrange(1 << 24), rng.randrange(1 << 32), 1790000000123
        firmware, waiting = rng.randrange(1 << 16), rng.randrange(1 << 16)
        data = bytes([1]) + u24(boot) + struct.pack("<IqHHBB", uptime, wall, firmware, waiting, flags, 0)
        out.append({"kind": "hello", "hubBoot": boot, "uptimeS": uptime, "wallMs": wall, "firmware": firmware,
                    "waiting": waiting, "flags": flags, "hex": data.hex()})
    for count in (0, 1, 64):
        pairs = [[rng.randrange(1 << 24), rng.randrange(1 << 16)] for _ in range(count)]
        data = bytes([1]) + struct.pack("<q", 1790000000456) + bytes([count, 5])
        data += b"".join(u24(b) + u16(s) for b, s in pairs)
        out.append({"kind": "receipt", "centreMs": 1790000000456, "records": pairs, "hex": data.hex()})
    for count in (0, 1, 16):
        chosen = picks[:count]
        data = bytes([1, count, 26]) + b"".join(addresses[i % 3].to_bytes(6, "little") + f for i, f in enumerate(chosen))
        out.append({"kind": "band", "addresses": [addresses[i % 3] for i in range(count)],
                    "frames": [f.hex() for f in chosen], "hex": data.hex()})
    for count in (0, 1, 8):
        data = bytes([1]) + struct.pack("<q", 1790000000789) + bytes([count, 60])
        for i in range(count):
            data += (0xC0FFEE000001 + i).to_bytes(6, "little") + struct.pack("<IH", GROUP, EPOCH)
            data += KEYS["linkUp"] + KEYS["linkDown"] + KEYS["air"]
        out.append({"kind": "bands", "centreMs": 1790000000789, "firstAddress": 0xC0FFEE000001, "count": count, "hex": data.hex()})
    return out


def later(data, count_at=None, more=3):
    """The message as a later program of the same version may write it: longer entries, and bytes after the last one."""
    if count_at is not None:
        count, size, first = data[count_at], data[count_at + 1], count_at + 2
        entries = b"".join(data[first + i * size:first + (i + 1) * size] + b"\xee" * more for i in range(count))
        data = data[:count_at + 1] + bytes([size + more]) + entries
    return data + b"\xee" * 5


COUNT_AT = {"envelope": 16, "receipt": 9, "band": 1, "bands": 9, "hello": None}


def versions(all_messages):
    out = []
    for m in all_messages:
        data = bytes.fromhex(m["hex"])
        if m["kind"] in ("bands", "band", "receipt", "envelope") and data[COUNT_AT[m["kind"]]] > 3:
            continue
        out.append({
            "kind": m["kind"], "now": data.hex(), "later": later(data, COUNT_AT[m["kind"]]).hex(),
            "next": (bytes([2]) + data[1:]).hex(),
        })
    return out


# The centre's hello: what it says and the version that a program which knows version 1 only then uses, 0 for none.
CENTRE_HELLOS = [("010101", 1), ("020102", 1), ("020202", 0), ("0a030a", 0), ("010001", 1), ("0101", 0), ("0201ffeeeeee", 1)]


def device_table(all_frames):
    lines = [
        "namespace ElderBand.BandProtocol.DeviceTests",
        "{",
        "    /// <summary>The same vectors as tests/BandProtocol.Tests/vectors/frames.json; written by make_vectors.py.</summary>",
        "    public static class FrameVectors",
        "    {",
        "        /// <summary>The secret, in hex.</summary>",
        f'        public const string Secret = "{SECRET.hex()}";',
        "",
        "        /// <summary>The link group.</summary>",
        f"        public const uint Group = 0x{GROUP:08X};",
        "",
        "        /// <summary>The link epoch.</summary>",
        f"        public const int Epoch = 0x{EPOCH:04X};",
    ]
    for name, text in (("CentreUp", "centreUp"), ("CentreDown", "centreDown"), ("LinkUp", "linkUp"), ("LinkDown", "linkDown"), ("Air", "air")):
        lines += ["", f"        /// <summary>The key {text}, in hex.</summary>", f'        public const string {name} = "{KEYS[text].hex()}";']
    lines += [
        "",
        "        /// <summary>",
        "        /// Type, lane, boot, sequence, tags (u both, c centre, l hub, n none), the 20 bytes in hex, and bytes 0 and",
        "        /// 6-11 as sealed.",
        "        /// </summary>",
        "        public static readonly string[] Frames =",
        "        {",
    ]
    for v in all_frames:
        air = v["air"][:2] + v["air"][12:24]
        lines.append(f'            "{TYPES[v["type"]]},{v["lane"]},{v["boot"]},{v["sequence"]},{v["tags"][0]},{v["hex"]},{air}",')
    lines += ["        };", "    }", "}", ""]
    return "\n".join(lines)


def main():
    all_frames = frames()
    data = {
        "secret": SECRET.hex(), "group": GROUP, "epoch": EPOCH,
        "keys": {name: value.hex() for name, value in KEYS.items()},
        "rekey": [{"epoch": e, "nonce": NONCE.hex(), "secret": next_secret(SECRET, e, NONCE).hex()} for e in (1, 2, 0xFFFFFF)],
        "crc32": [{"text": t, "value": zlib.crc32(t.encode())} for t in ("", "123456789", "ElderBand", "\0\0\0\0")],
        "frames": all_frames,
        "messages": messages(all_frames),
    }
    matrix = {
        "messages": versions(data["messages"]),
        "centreHellos": [{"hex": h, "common": common} for h, common in CENTRE_HELLOS],
    }
    (HERE / "versions.json").write_text(json.dumps(matrix, indent=1) + "\n", encoding="utf-8", newline="\n")
    rows = ",\n".join("    " + json.dumps(v) for v in data.pop("frames"))
    notes = ",\n".join("    " + json.dumps(v) for v in data.pop("messages"))
    head = json.dumps(data, indent=2)[:-2]
    text = f'{head},\n  "frames": [\n{rows}\n  ],\n  "messages": [\n{notes}\n  ]\n}}\n'
    json.loads(text)
    (HERE / "frames.json").write_text(text, encoding="utf-8", newline="\n")
    DEVICE.write_text(device_table(all_frames), encoding="utf-8", newline="\n")
    print(len(all_frames), "frames")


if __name__ == "__main__":
    main()
