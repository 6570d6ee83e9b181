#!/usr/bin/python3
"""Golden values for tests/base: dates by pandas, shortest numbers by repr(), array files by numpy.

Run from the repository root: /usr/bin/python3 tests/golden/make_base.py
The random numbers are a second implementation, in plain integers, of what include/gatewalk/rng.h promises.
"""
import math
import random
import struct

import numpy as np
import pandas as pd

random.seed(7)
OUT = "tests/golden/base_"
MASK = (1 << 64) - 1


def times():
    """time_ns, what time_format writes, civil parts, weekday with Sunday 0."""
    stamps = [pd.Timestamp(text) for text in (
        "1970-01-01", "1969-12-31 23:59:59", "1969-12-31 23:59:59.999999999", "1969-01-01", "1969-07-20 20:17:40",
        "1900-02-28 23:59:59", "1900-03-01", "2000-02-29", "2000-03-01", "2100-02-28 23:59:59", "2100-03-01",
        "1972-02-29 12:00", "2024-02-29 00:00:01", "2023-12-31 23:59:59.5", "1678-01-01", "2261-12-31 23:59:59",
        "2038-01-19 03:14:08", "2020-01-01 00:00:00.001", "2020-01-01 00:00:00.000001", "1700-01-01", "2200-12-31")]
    low, high = pd.Timestamp("1700-01-01").value, pd.Timestamp("2200-12-31").value
    for i in range(300):
        unit = (10**9, 10**6, 10**3, 1, 86400 * 10**9)[i % 5]
        stamps.append(pd.Timestamp(random.randrange(low, high) // unit * unit))
    with open(OUT + "time.csv", "w") as out:
        print("time_ns,iso,year,month,day,second_of_day,weekday", file=out)
        for t in stamps:
            iso = t.strftime("%Y-%m-%dT%H:%M:%S")
            fraction = t.value % 10**9
            if fraction:
                digits = f"{fraction:09d}"
                while digits.endswith("000"):
                    digits = digits[:-3]
                iso += "." + digits
            second = t.hour * 3600 + t.minute * 60 + t.second
            print(t.value, iso + "Z", t.year, t.month, t.day, second, t.isoweekday() % 7, sep=",", file=out)


def time_texts():
    """Spellings that time_parse accepts and what pandas reads in them."""
    with open(OUT + "time_text.csv", "w") as out:
        print("text,time_ns", file=out)
        for date in ("20200101", "2020-01-01", "2000-02-29", "1969-12-31", "20240229", "1700-03-01", "2199-12-31"):
            for clock in ("", "T10:00", " 10:00", " 23:59:59", "T00:00:01.5", " 07:08:09.123", "T07:08:09.123456789"):
                for zone in ("", "Z", "+00:00", "+05:30", "-11:15", "+14:00") if clock else ("",):
                    stamp = pd.Timestamp(date + clock + zone)
                    print(date + clock + zone, stamp.value, sep=",", file=out)


def numbers():
    """The bits of a double and repr() of it; whole numbers below 2^53 without exponent or '.0'."""
    values = [0.0, -0.0, 1.0, -1.0, 0.1, 0.2, 0.1 + 0.2, 1 / 3, 2 / 3, 100.0, 1e15, 1e16, 123456789012345680.0, 1e21,
              1e22, 1e23, 2.0**53, 2.0**53 - 1, 2.0**63, 5e-324, 1e-310, 2.2250738585072014e-308, 1.5e-7, 1e-5, 1e-4,
              0.00012345, 1.7976931348623157e308, math.pi, 1e100, 4.35, 0.3, 29415.71, 1e-3, 123456.789, 9.5e-7,
              2.5e-320, 4503599627370496.5, 9007199254740993.0]
    for _ in range(400):
        values.append(struct.unpack("<d", struct.pack("<Q", random.getrandbits(64)))[0])
        values.append(round(random.uniform(-1e5, 1e5), random.randrange(9)))
        values.append(random.gauss(0, 1))
        values.append(float(np.float32(random.gauss(0, 1))))
    with open(OUT + "number.csv", "w") as out:
        print("bits,text", file=out)
        for value in values:
            if not math.isfinite(value):
                continue
            text = repr(value)
            if value == int(value) and abs(value) < 2**53:
                text = ("-" if math.copysign(1, value) < 0 else "") + str(abs(int(value)))
            elif value == int(value) and "e" not in text:
                text = text[:-2]
            elif 1e-5 <= abs(value) < 1e-4:
                assert "e" in text
            print(f"{struct.unpack('<Q', struct.pack('<d', value))[0]:016x}", text, sep=",", file=out)


def mix(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


class Xoshiro:
    def __init__(self, seed, purpose, a, b, c):
        data = purpose.encode()
        padded = data + bytes(-len(data) % 8)
        words = [seed] + [int.from_bytes(padded[i:i + 8], "little") for i in range(0, len(padded), 8)]
        key = 0
        for word in words + [len(data), a, b, c]:
            key = mix(((key ^ word) + 0x9E3779B97F4A7C15) & MASK)
        self.s = [mix((key + i * 0x9E3779B97F4A7C15) & MASK) for i in range(1, 5)]

    def next(self):
        s = self.s
        rotl = lambda x, k: ((x << k) | (x >> (64 - k))) & MASK
        result = rotl(s[1] * 5 & MASK, 7) * 9 & MASK
        t = s[1] << 17 & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = rotl(s[3], 45)
        return result

    def uniform(self):
        return (self.next() >> 11) / 2**53

    def normal(self):
        while True:
            u = 2 * self.uniform() - 1
            v = 2 * self.uniform() - 1
            r = u * u + v * v
            if 0 < r < 1:
                return u * math.sqrt(-2 * math.log(r) / r)


def streams():
    with open(OUT + "rng.csv", "w") as out:
        print("seed,purpose,a,b,c,first,second,hundredth,normal,shuffled", file=out)
        for seed, purpose, a, b, c in ((0, "", 0, 0, 0), (1, "init", 0, 0, 0), (1, "init", 1, 0, 0), (1, "init", 0, 1, 0),
                                       (1, "init", 0, 0, 1), (42, "dropout", 3, 17, 4), (42, "bootstrap", 1, 2, 3),
                                       (MASK, "a purpose of more than sixteen bytes", MASK, 1 << 40, 7)):
            stream = Xoshiro(seed, purpose, a, b, c)
            drawn = [stream.next() for _ in range(100)]
            normal = Xoshiro(seed, purpose, a, b, c).normal()
            items, stream = list(range(9)), Xoshiro(seed, purpose, a, b, c)
            for i in range(len(items), 1, -1):
                j = stream.next() * i >> 64  # a rejection has chance below 1e-18 here
                items[i - 1], items[j] = items[j], items[i - 1]
            print(seed, purpose, a, b, c, drawn[0], drawn[1], drawn[99], repr(normal), "".join(map(str, items)), sep=",",
                  file=out)


def arrays():
    np.save(OUT + "f4_3x4.npy", np.arange(12, dtype="<f4").reshape(3, 4) / 8)
    np.save(OUT + "f8_5.npy", np.arange(5, dtype="<f8") * -1.5)
    np.save(OUT + "i8_scalar.npy", np.array(-7, dtype="<i8"))
    np.save(OUT + "u1_2x0x3.npy", np.zeros((2, 0, 3), dtype="|u1"))


times()
time_texts()
numbers()
streams()
arrays()
